"""A sent rujukan, its SLA and its escalations."""

from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.demo.partner_simulator import PartnerSimulator
from tests.factories.referral.catalogue import a_world
from tests.factories.referral.events import TODAY, determined, family_facts
from tests.factories.referral.world import World
from tests.factories.services import Running

KUR = "KUR_SUPERMIKRO"  # an SLA of 14 days


async def a_sending(referral: Running, bank: PartnerSimulator) -> tuple[World, str]:
    world = await a_world(referral, {"BANK_KUR": bank})
    await world.apply_events(*family_facts(world.family), determined(world.family))
    subject = await world.sent(KUR)
    if bank.pulls:
        await bank.pull()
    return world, subject


async def days_pass(world: World, days: int) -> None:
    """Advance the business clock by days from today, and run the scheduled tasks."""
    await world.referral.set_clock(datetime.now(UTC) + timedelta(days=days, minutes=1))
    await world.referral.work()


async def escalations(world: World, path: str = "/v1/escalation") -> list[dict[str, Any]]:
    answer = await world.referral.get(path, as_=world.dinsos)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def send_answer(world: World, subject: str, number: int, status: str, **fields: Any) -> None:
    body = {"answer_id": f"S-{number}", "status": status, "answered_on": str(TODAY), **fields}
    path = f"/v1/rujukan-program/{subject}/answer"
    answer = await world.referral.post(path, body, as_=world.partner("BANK_KUR"))
    assert answer.status_code == 201, answer.text
