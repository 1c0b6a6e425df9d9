"""What left for a partner, and what it answered and corrected, in all databases."""

import asyncio
from typing import Any

from deploy.demo.partner_simulator import PartnerSimulator
from deploy.invariants import violations
from tests.factories.journeys.consents import KUR, create_case
from tests.factories.journeys.four_services import FourServices
from tests.factories.referral.catalogue import PROGRAMS
from tests.factories.referral.corrections import correct_answer, post_answer, post_fact
from tests.factories.referral.events import TODAY
from tests.factories.referral.world import World


async def send(four: FourServices, bank: PartnerSimulator) -> tuple[World, Any, str]:
    """Return a KUR that both parents consented to, with its family in caseload."""
    world, whole, members = await create_case(four, bank)
    signers = [members["ISTRI"], members["KEPALA_KELUARGA"]]
    given = await world.record_consent(KUR, signed_by=signers)
    assert given.status_code == 201, given.text
    return world, whole, given.json()["rujukan_program_id"]


async def read_faults(four: FourServices) -> list[str]:
    """Return the violations about offers. The tests themselves publish the events of the other owners."""
    words = ("offer", "amount", "delivery", "withdrawal")
    faults = await violations(four.services, four.bootstrap)
    return [fault for fault in faults if any(word in fault for word in words)]


async def read_aid(whole: Any) -> list[tuple[Any, ...]]:
    return [(one["status"], one["amount_rp"], one["delivered_on"]) for one in (await whole.read())["aid"]]


async def test_withdrawal_while_the_webhook_hangs(four: FourServices) -> None:
    """The record lists what was shared, and the partner gets a withdrawal."""
    async with PartnerSimulator(hold=(release := asyncio.Event())) as bank:
        world, _, subject = await send(four, bank)
        while not bank.tries:  # noqa: ASYNC110 (no event to wait for)
            await asyncio.sleep(0.01)
        why = {"withdrawn_on": str(TODAY), "reason": "Keluarga berubah pikiran"}
        path = f"/v1/rujukan-program/{subject}/consent-withdrawal"
        withdrawn = (await world.referral.post(path, why, as_=world.pendamping)).json()
        fields = sorted(PROGRAMS[KUR]["minimum_data"])
        assert (withdrawn["sent_on"], withdrawn["shared_on"]) == (None, str(TODAY))
        assert withdrawn["shared_fields"] == fields
        release.set()
        await four.wait_until_idle()
        assert subject in bank.withdrawn
        assert await read_faults(four) == []


async def test_corrected_amounts(four: FourServices) -> None:
    """A delivery without an amount has the approved one, and a correction reaches caseload."""
    async with PartnerSimulator() as bank:
        world, whole, subject = await send(four, bank)
        await four.wait_until_idle()
        await post_answer(world, subject, "A-1", "DISETUJUI", amount_rp=8_000_000)
        refused = await correct_answer(world, subject, "A-2", "DITOLAK", reason_code="SLIK_BURUK")
        assert refused.status_code == 201, refused.text
        await four.wait_until_idle()
        assert await read_aid(whole) == [("DITOLAK", None, None)]
        await correct_answer(world, subject, "A-3", "DISETUJUI")
        day = str(TODAY)
        delivered = await post_fact(world, subject, "delivery", delivery_id="D-1", delivered_on=day)
        assert delivered.status_code == 201, delivered.text
        await four.wait_until_idle()
        assert await read_aid(whole) == [("DISALURKAN", 8_000_000, day)]
        fixed = await post_fact(
            world, subject, "delivery-correction", amount_rp=800_000, reason="Salah ketik"
        )
        assert fixed.status_code == 201, fixed.text
        await four.wait_until_idle()
        assert await read_aid(whole) == [("DISALURKAN", 800_000, day)]
        assert await read_faults(four) == []
