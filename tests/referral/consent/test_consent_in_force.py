"""Sending, inbox and database check by themselves that the consent is in force."""

import pytest

from deploy.demo.partner_simulator import PartnerSimulator
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import TODAY, build_family_facts, build_graduasi_determined
from tests.factories.referral.inbox import is_identity_visible
from tests.factories.referral.world import World
from tests.factories.services import Running

KUR = "KUR_SUPERMIKRO"
# Only the consent ends: offer and identity stay, as if what ends them had been forgotten.
ENDS = {
    "withdrawn": "withdrawn_on = $1, withdrawn_reason_sealed = 'x', withdrawn_by = 'pd-s'",
    "lapsed": "lapsed_on = $1, lapse_reason = 'PERSON_LEFT', lapse_event_id = uuidv7()",
}


async def create_case(referral: Running, bank: PartnerSimulator) -> World:
    world = await create_world(referral, {"BANK_KUR": bank})
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    return world


async def end_consent(referral: Running, end: str) -> None:
    """End the consent in the database alone."""
    await referral.sql(f"UPDATE consent SET {ENDS[end]}", TODAY)
    assert len(await referral.sql("SELECT FROM identity")) == 1


@pytest.mark.parametrize("end", ENDS)
async def test_sending_checks_that_the_consent_is_in_force(referral: Running, end: str) -> None:
    async with PartnerSimulator() as bank:
        world = await create_case(referral, bank)
        assert (await world.record_consent(KUR)).status_code == 201
        await world.apply_identity(KUR)
        await end_consent(referral, end)
        await referral.work()
        await world.retry_now()
        assert (bank.tries, bank.received) == (0, [])
        assert await world.read_state(KUR) == "DISETUJUI_KPM"


@pytest.mark.parametrize("end", ENDS)
async def test_inbox_checks_that_the_consent_is_in_force(referral: Running, end: str) -> None:
    async with PartnerSimulator(pulls=True) as bank:
        world = await create_case(referral, bank)
        await world.send_rujukan(KUR)
        assert [item["notice"] for item in await bank.pull(receipts=False)] == ["RUJUKAN"]
        await end_consent(referral, end)
        assert await bank.pull(receipts=False) == []


@pytest.mark.parametrize("end", ENDS)
async def test_database_opens_an_identity_only_while_the_consent_is_in_force(
    referral: Running, end: str
) -> None:
    async with PartnerSimulator(pulls=True) as bank:
        world = await create_case(referral, bank)
        subject, partner = await world.send_rujukan(KUR), world.partners["BANK_KUR"]["partner_id"]
        assert await is_identity_visible(referral, subject, partner)
        await end_consent(referral, end)
        assert not await is_identity_visible(referral, subject, partner)
