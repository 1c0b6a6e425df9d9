"""Outcomes of a delivered aid."""

from datetime import timedelta

from deploy.demo.partner_simulator import PartnerSimulator
from tests.factories.cluster import START
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import (
    TODAY,
    build_family_facts,
    build_graduasi_annulled,
    build_graduasi_determined,
)
from tests.factories.referral.outcomes import KUR, deliver_kur, read_due_outcomes, record_outcome
from tests.factories.services import Running


async def test_outcome_is_recorded_once_from_its_month_on(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await deliver_kur(referral, bank)
        early = await record_outcome(world, subject, 3)
        assert (early.status_code, early.json()["title"]) == (409, "OutcomeTooEarly")
        await referral.set_clock(START + timedelta(days=93))
        assert (await record_outcome(world, subject, 3)).status_code == 201
        again = await record_outcome(world, subject, 3, still_in_business=False)
        assert (again.status_code, again.json()["title"]) == (409, "OutcomeAlreadyRecorded")
        assert (await record_outcome(world, subject, 6)).json()["title"] == "OutcomeTooEarly"
        assert (await record_outcome(world, subject, 4)).status_code == 422
        events = await world.read_emitted_data("referral.outcome_recorded.v1")
        assert [(fact["month"], fact["still_in_business"]) for fact in events] == [(3, True)]
        read = await referral.get(f"/v1/rujukan-program/{subject}", as_=world.dinsos)
        assert [outcome["omzet_rp"] for outcome in read.json()["outcomes"]] == [11_000_000]


async def test_last_outcome_closes_the_offer_and_the_rujukan(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await deliver_kur(referral, bank)
        await referral.set_clock(START + timedelta(days=735))
        assert (await record_outcome(world, subject, 24)).status_code == 201
        await referral.work()
        assert await world.read_state(KUR) == "TUTUP"
        cases = (await referral.get("/v1/rujukan", as_=world.dinsos)).json()["items"]
        assert [case["state"] for case in cases] == ["TERBUKA"]  # two of its offers are open
        await referral.sql("UPDATE rujukan_program SET state = 'DICABUT' WHERE state = 'DRAF'")
        await referral.sql(
            "UPDATE platform.scheduled_task SET done_at = NULL, lease_until = NULL WHERE kind = 'rujukan.close'"
        )
        await referral.work()
        cases = (await referral.get("/v1/rujukan?state=TUTUP", as_=world.dinsos)).json()["items"]
        assert len(cases) == 1
        assert (await record_outcome(world, subject, 12)).status_code == 201  # typed in late


async def test_outcome_of_withdrawn_aid_is_refused(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await deliver_kur(referral, bank)
        case = (await world.read_programs())[KUR]["rujukan_id"]
        await world.apply_events(build_graduasi_annulled(world.family))
        await referral.set_clock(START + timedelta(days=93))
        refused = await record_outcome(world, subject, 3)
        assert (refused.status_code, refused.json()["title"]) == (409, "AidWithdrawn")
        path, body = f"/v1/rujukan-program/{subject}/outcome-void", {"month": 3, "reason": "TIDAK_TERJADI"}
        voided = await referral.post(path, body, as_=world.pendamping)
        assert (voided.status_code, voided.json()["title"]) == (409, "AidWithdrawn")
        assert str(TODAY) in refused.json()["detail"]
        body = {"month": 4, "cause": "USAHA_TUTUP", "reported_on": str(TODAY)}
        report = await referral.post(f"/v1/rujukan/{case}/relapse-report", body, as_=world.pendamping)
        assert (report.status_code, report.json()["title"]) == (409, "RujukanNotOpen")


async def test_outcome_needs_a_delivery(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await create_world(referral, {"BANK_KUR": bank})
        await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
        refused = await record_outcome(world, (await world.read_programs())[KUR]["rujukan_program_id"], 3)
        assert (refused.status_code, refused.json()["title"]) == (409, "AidNotDelivered")


async def test_last_outcome_ends_the_questions_about_earlier_months(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await deliver_kur(referral, bank)
        await referral.set_clock(START + timedelta(days=31 * 24))
        await referral.work()
        assert [month for month, _ in await read_due_outcomes(world, world.pendamping)] == [3, 6, 12, 24]
        assert (await record_outcome(world, subject, 24)).status_code == 201
        assert await read_due_outcomes(world, world.pendamping) == []
        assert (await record_outcome(world, subject, 12)).json()["late"] is True
