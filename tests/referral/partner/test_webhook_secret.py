"""The secret of a webhook is only in the first answer.

The answer that is stored for a repeated request does not have it.
"""

from typing import Any

import httpx

from shared.http.idempotency import _seal_binding
from tests.factories.referral.catalogue import create_world
from tests.factories.services import Running

BODY = {
    "code": "MITRA",
    "name": "Mitra",
    "kind": "BANK",
    "channel": "HOST_TO_HOST",
    "webhook_url": "https://mitra.example.go.id/pilar",
}
URL = {"webhook_url": BODY["webhook_url"]}


async def read_stored_answers(referral: Running, sub: str, path: str) -> list[str]:
    """Open every answer that is stored for a path."""
    rows = await referral.sql("SELECT * FROM platform.idempotency WHERE path = $1 AND client = $2", path, sub)
    vault: Any = referral.app.state.vault
    return [
        vault.open(row["sealed"], **_seal_binding((row["client"], row["method"], row["path"], row["key"])))
        for row in rows
    ]


def is_same_without_secret(first: httpx.Response, again: httpx.Response) -> bool:
    replayed = again.headers.get("Idempotency-Replayed") == "true"
    return replayed and again.json() == first.json() | {"webhook_secret": None}


async def test_repeated_registration_answers_without_the_secret(
    referral: Running,
) -> None:
    token = referral.token("KEMENSOS", "kemensos-1")
    first, again = [await referral.post("/v1/partner", BODY, as_=token, key="k-1") for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 201)
    assert is_same_without_secret(first, again)
    (stored_text,) = await read_stored_answers(referral, "kemensos-1", "/v1/partner")
    assert first.json()["webhook_secret"] not in stored_text
    assert first.json()["partner_id"] in stored_text


async def test_new_secret_for_the_same_address_is_shown_once(referral: Running) -> None:
    token = referral.token("KEMENSOS", "kemensos-1")
    made = (await referral.post("/v1/partner", BODY, as_=token)).json()
    path, versioned = f"/v1/partner/{made['partner_id']}/webhook", {"headers": {"If-Match": '"1"'}}
    first, again = [await referral.post(path, URL, as_=token, key="k-2", **versioned) for _ in range(2)]
    assert first.json()["webhook_secret"] not in {None, made["webhook_secret"]}
    assert is_same_without_secret(first, again)
    (stored_text,) = await read_stored_answers(referral, "kemensos-1", path)
    assert first.json()["webhook_secret"] not in stored_text


async def test_secret_is_shown_once_and_stored_sealed(referral: Running) -> None:
    world = await create_world(referral, {})
    made = world.partners["BANK_KUR"]
    secret = made["webhook_secret"]
    assert len(secret) >= 43
    read = await referral.get(f"/v1/partner/{made['partner_id']}", as_=world.kemensos)
    assert (read.status_code, read.headers["etag"]) == (200, '"1"')
    listed = await referral.get("/v1/partner", as_=world.kemensos)
    stored = await referral.sql("SELECT partner::text AS text FROM partner")
    keys = await referral.sql("SELECT sealed FROM platform.idempotency WHERE sealed IS NOT NULL")
    assert all(secret not in text for text in (read.text, listed.text, *(row["text"] for row in stored)))
    assert all(secret.encode() not in row["sealed"] for row in keys)
