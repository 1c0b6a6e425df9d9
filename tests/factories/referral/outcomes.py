"""A delivered aid and its outcomes."""

from typing import Any

from deploy.demo.partner_simulator import PartnerSimulator
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import TODAY, build_family_facts, build_graduasi_determined
from tests.factories.referral.world import World
from tests.factories.services import Running

KUR = "KUR_SUPERMIKRO"


async def deliver_kur(
    referral: Running,
    bank: PartnerSimulator,
    *,
    approved_rp: int | None = None,
    amount_rp: int | None = 5_000_000,
    deliver: bool = True,
) -> tuple[World, str]:
    """Return a family whose KUR was approved and delivered today, and its offer.

    Without `deliver` the KUR was only sent.
    """
    world = await create_world(referral, {"BANK_KUR": bank})
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    subject = await world.send_rujukan(KUR)
    if deliver:
        day = str(TODAY)
        await bank.answer(
            subject, answer_id="A-1", status="DISETUJUI", amount_rp=approved_rp, answered_on=day
        )
        await bank.deliver(subject, delivery_id="D-1", amount_rp=amount_rp, delivered_on=day)
    return world, subject


async def record_outcome(world: World, subject: str, month: int, **changes: Any) -> Any:
    """Record an outcome as the family's pendamping."""
    body = {"month": month, "still_in_business": True, "omzet_rp": 11_000_000} | changes
    return await world.referral.post(f"/v1/rujukan-program/{subject}/outcome", body, as_=world.pendamping)


async def read_due_outcomes(world: World, token: str, query: str = "") -> list[tuple[int, str]]:
    """Return months and due days of the outcome tasks that a caller sees."""
    answer = await world.referral.get(f"/v1/outcome-task{query}", as_=token)
    assert answer.status_code == 200, answer.text
    return [(item["month"], item["due_on"]) for item in answer.json()["items"]]
