"""A partner reads the attempts to call its webhook, and the state of its breaker."""

from datetime import UTC, datetime
from typing import Any

from deploy.demo.partner_simulator import PartnerSimulator
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import build_family_facts, build_graduasi_determined
from tests.factories.referral.world import World
from tests.factories.services import Running

KUR, PLUT = "KUR_SUPERMIKRO", "UMKM_PENDAMPINGAN"


async def read_attempts(world: World, code: str, query: str = "") -> list[dict[str, Any]]:
    answer = await world.referral.get(f"/v1/webhook/attempt{query}", as_=world.partner(code))
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_partner_reads_its_own_attempts_and_breaker(referral: Running) -> None:
    async with PartnerSimulator(down=True) as bank:
        world = await create_world(referral, {"BANK_KUR": bank})
        await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
        limit = {"failures_to_open": 1, "wait_seconds": 600}
        path = f"/v1/partner/{world.partners['BANK_KUR']['partner_id']}/breaker"
        await referral.post(path, limit, as_=world.kemensos)
        subject = await world.send_rujukan(KUR)
        webhook = (await referral.get("/v1/webhook", as_=world.partner("BANK_KUR"))).json()
        breaker = {name: webhook["breaker"][name] for name in ("state", "failures", "wait_seconds")}
        assert "kemensos-1" not in str(webhook), "who set the limit is for officials"
        assert breaker == {"state": "OPEN", "failures": 1, "wait_seconds": 600}
        assert (webhook["webhook_url"], webhook["breaker"]["retry_at"] is None) == (bank.url, False)
        bank.down, restored_at = False, datetime.now(UTC).isoformat().replace("+", "%2B")
        await world.retry_now()
        refused, accepted = await read_attempts(world, "BANK_KUR")
        assert [(one["result"], one["http_status"], one["fault"]) for one in (refused, accepted)] == [
            ("NOT_ACCEPTED", 503, None),
            ("ACCEPTED", 202, None),
        ]
        assert {one["notice_id"] for one in (refused, accepted)} == {bank.received[0].headers["pilar-id"]}
        assert (accepted["rujukan_program_id"], accepted["notice"]) == (subject, "RUJUKAN")
        assert await read_attempts(world, "BANK_KUR", f"?since={restored_at}") == [accepted]
        closed = (await referral.get("/v1/webhook", as_=world.partner("BANK_KUR"))).json()["breaker"]
        assert (closed["state"], closed["failures"], closed["retry_at"]) == ("CLOSED", 0, None)


async def test_other_partners_attempts_are_not_shown(referral: Running) -> None:
    world = await create_world(referral, {})
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    await world.send_rujukan(PLUT)
    (attempt,) = await read_attempts(world, "PLUT")
    assert (attempt["result"], attempt["fault"]) == ("FAILED", "NOT_CONNECTED")
    assert await read_attempts(world, "BANK_KUR") == []
    for token in (world.kemensos, world.dinsos, world.pendamping):
        for path in ("/v1/webhook", "/v1/webhook/attempt"):
            assert (await referral.get(path, as_=token)).status_code == 403
