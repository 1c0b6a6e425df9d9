import time
from uuid import uuid4

import httpx

from deploy.demo.partner_simulator import PartnerSimulator
from services.referral.partner.commands.webhook import Call, post, sign

BODY = b'{"notice":"RUJUKAN","rujukan_program_id":"0199"}'


def build_call(bank: PartnerSimulator, secret: str) -> Call:
    return Call(bank.url, BODY, (secret.encode(),), "notice-1", "key-1", uuid4())


def test_signature_is_hmac_sha256_over_timestamp_and_body() -> None:
    # Computed with `printf '1700000000.{}' | openssl dgst -sha256 -hmac rahasia`.
    known = "be2443a5e1a92cad67cb72eee5089a722f140561b03fe2427bfc46ee387d1213"
    assert sign([b"rahasia"], "1700000000", b"{}") == f"v1={known}"


async def test_signature_needs_the_shared_secret(loopback_allowed: None) -> None:
    async with PartnerSimulator(secret="rahasia") as bank:
        assert (await post(build_call(bank, "rahasia"))).accepted
        assert bank.received[0].signed
        assert bank.received[0].headers["pilar-id"] == "notice-1"
        other = await post(build_call(bank, "bukan"))
        assert (other.status, other.accepted) == (401, False)


async def test_signature_does_not_cover_another_body_or_time() -> None:
    async with PartnerSimulator(secret="rahasia") as bank:
        stamp = str(int(time.time()))
        good = {"pilar-timestamp": stamp, "pilar-signature": sign([b"rahasia"], stamp, BODY)}
        assert bank.is_signed(good, BODY)
        assert not bank.is_signed(good, BODY.replace(b"RUJUKAN", b"DICABUT"))
        assert not bank.is_signed(good | {"pilar-timestamp": str(int(stamp) + 1)}, BODY)
        old = str(int(stamp) - 301)
        assert not bank.is_signed(
            {"pilar-timestamp": old, "pilar-signature": sign([b"rahasia"], old, BODY)}, BODY
        )
        async with httpx.AsyncClient(trust_env=False) as client:
            tampered = await client.post(bank.url, content=BODY.replace(b"0199", b"0200"), headers=good)
        assert tampered.status_code == 401
        assert bank.rujukan == {}
