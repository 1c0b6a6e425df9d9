"""A sent rujukan, its SLA and its escalations."""

from datetime import timedelta
from typing import Any

from deploy.demo.partner_simulator import PartnerSimulator
from tests.factories.cluster import START
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.corrections import words_of
from tests.factories.referral.events import TODAY, build_family_facts, build_graduasi_determined
from tests.factories.referral.world import World
from tests.factories.services import Running

KUR = "KUR_SUPERMIKRO"  # an SLA of 14 days


async def send_rujukan(referral: Running, bank: PartnerSimulator) -> tuple[World, str]:
    world = await create_world(referral, {"BANK_KUR": bank})
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    subject = await world.send_rujukan(KUR)
    if bank.pulls:
        await bank.pull()
    return world, subject


async def advance_days(world: World, days: int) -> None:
    """Advance the business clock by days from today, and run the scheduled tasks."""
    await world.referral.set_clock(START + timedelta(days=days, minutes=1))
    await world.referral.work()


async def read_escalations(world: World, path: str = "/v1/escalation") -> list[dict[str, Any]]:
    answer = await world.referral.get(path, as_=world.dinsos)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def send_answer(world: World, subject: str, number: int, status: str, **fields: Any) -> None:
    body = {
        "answer_id": f"S-{number}",
        "status": status,
        "answered_on": str(TODAY),
        **words_of(status),
        **fields,
    }
    path = f"/v1/rujukan-program/{subject}/answer"
    answer = await world.referral.post(path, body, as_=world.partner("BANK_KUR"))
    assert answer.status_code == 201, answer.text
