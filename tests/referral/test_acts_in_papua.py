"""Acts of today in Papua are taken while it is yesterday in Jakarta."""

from datetime import date, datetime, time, timedelta

from deploy.demo.partner_simulator import PartnerSimulator
from shared.dates import JAKARTA
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import TODAY, build_family_facts, build_graduasi_determined
from tests.factories.services import Running

KUR = "KUR_SUPERMIKRO"


async def set_late_evening(referral: Running) -> date:
    """Set the clock to 23:30 of tomorrow in Jakarta and return the date in Papua."""
    evening = datetime.combine(TODAY + timedelta(days=1), time(23, 30), JAKARTA)
    await referral.set_clock(evening)
    return TODAY + timedelta(days=2)


async def test_consent_answer_delivery_and_report_of_today_in_papua(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await create_world(referral, {"BANK_KUR": bank})
        await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
        today = await set_late_evening(referral)
        late = await world.record_consent(KUR, given_on=str(today + timedelta(days=1)))
        assert (late.status_code, late.json()["title"]) == (422, "DateInTheFuture")
        assert (await world.record_consent(KUR, given_on=str(today))).status_code == 201
        await world.apply_identity(KUR)
        await referral.work()
        programs = (await world.read_programs())[KUR]
        subject = programs["rujukan_program_id"]
        await bank.answer(subject, answer_id="A-1", status="DISETUJUI", answered_on=str(today))
        assert await world.read_state(KUR) == "DISETUJUI"
        await bank.deliver(subject, delivery_id="D-1", delivered_on=str(today))
        assert await world.read_state(KUR) == "DISALURKAN"
        body = {"month": 4, "cause": "SAKIT", "reported_on": str(today)}
        path = f"/v1/rujukan/{programs['rujukan_id']}/relapse-report"
        assert (await referral.post(path, body, as_=world.pendamping)).status_code == 201


async def test_withdrawal_of_today_in_papua(referral: Running) -> None:
    world = await create_world(referral, {})
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    today = await set_late_evening(referral)
    subject = (await world.read_programs())[KUR]["rujukan_program_id"]
    assert (await world.record_consent(KUR, given_on=str(today))).status_code == 201
    path, body = f"/v1/rujukan-program/{subject}/consent-withdrawal", {"reason": "BERUBAH_PIKIRAN"}
    made = await referral.post(path, body | {"withdrawn_on": str(today)}, as_=world.pendamping)
    assert made.is_success, made.text
