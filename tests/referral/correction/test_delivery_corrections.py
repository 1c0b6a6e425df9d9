"""Corrections of a delivery and of outcomes within the days of the SLA term."""

from datetime import timedelta
from typing import Any

from deploy.demo.partner_simulator import PartnerSimulator
from shared.dates import months_after
from tests.factories.cluster import START
from tests.factories.referral.corrections import WRONG, post_answer, post_fact, read_items
from tests.factories.referral.events import TODAY
from tests.factories.referral.outcomes import deliver_kur, read_due_outcomes, record_outcome
from tests.factories.referral.world import World
from tests.factories.services import Running

DELIVERED = "referral.rujukan_delivered.v1"


async def correct_delivery(world: World, subject: str, **body: Any) -> Any:
    return await post_fact(world, subject, "delivery-correction", **({"reason": WRONG} | body))


async def move_days(referral: Running, days: int) -> None:
    await referral.set_clock(START + timedelta(days=days))
    await referral.work()


async def test_delivery_without_an_amount_keeps_the_approved_one(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await deliver_kur(referral, bank, approved_rp=8_000_000, amount_rp=None)
        assert (await world.read_programs())["KUR_SUPERMIKRO"]["amount_rp"] == 8_000_000
        (event,) = await world.read_emitted_data(DELIVERED)
        assert event["amount_rp"] == 8_000_000
        body = {"delivery_id": "D-1", "delivered_on": str(TODAY)}
        assert (await post_fact(world, subject, "delivery", **body)).status_code == 201


async def test_amount_and_date_of_a_delivery_are_corrected(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await deliver_kur(referral, bank)
        await move_days(referral, 10)
        moved = TODAY + timedelta(days=7)
        offer = (await correct_delivery(world, subject, amount_rp=500_000)).json()
        assert (offer["amount_rp"], offer["delivered_on"]) == (500_000, str(TODAY))
        offer = (await correct_delivery(world, subject, delivered_on=str(moved))).json()
        assert (offer["amount_rp"], offer["delivered_on"], offer["state"]) == (
            500_000,
            str(moved),
            "DISALURKAN",
        )
        first, second = await read_items(world, subject, "correction")
        assert first["before"] == {"amount_rp": 5_000_000, "delivered_on": str(TODAY)}
        assert (first["after"], second["before"]) == (
            first["before"] | {"amount_rp": 500_000},
            first["after"],
        )
        *_, event = await world.read_emitted_data(DELIVERED)
        assert (event["amount_rp"], event["delivered_on"], event["corrected"]) == (500_000, str(moved), True)
        due = await read_due_outcomes(world, world.pendamping, f"?due_by={TODAY + timedelta(days=200)}")
        assert due == [(month, str(months_after(moved, month))) for month in (3, 6)]


async def test_delivery_repeated_after_its_correction_is_the_same_delivery(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await deliver_kur(referral, bank)
        await correct_delivery(world, subject, amount_rp=500_000)
        body = {"delivery_id": "D-1", "amount_rp": 5_000_000, "delivered_on": str(TODAY)}
        again = await post_fact(world, subject, "delivery", **body)
        assert (again.status_code, again.json()["amount_rp"]) == (201, 500_000)


async def test_delivery_is_corrected_until_the_last_day_of_the_term(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await deliver_kur(referral, bank)
        await move_days(referral, 90)
        assert (await correct_delivery(world, subject, amount_rp=600_000)).status_code == 201
        await move_days(referral, 91)
        refused = await correct_delivery(world, subject, amount_rp=700_000)
        assert (refused.status_code, refused.json()["title"]) == (409, "CorrectionTooLate")
        assert str(TODAY + timedelta(days=90)) in refused.json()["detail"]


async def test_days_to_correct_are_those_of_the_sla_term(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await deliver_kur(referral, bank)
        days = dict.fromkeys(("remind_before_days", "escalate_after_days", "expire_after_days"), 3)
        days |= {"close_after_days": 90, "deliver_within_days": 60, "correct_within_days": 5}
        term = {"program_code": "KUR_SUPERMIKRO", "valid_from": str(TODAY), "basis": "Perjanjian", **days}
        answer = await referral.post("/v1/sla-term", term, as_=world.kemensos)
        assert answer.status_code == 201, answer.text
        await move_days(referral, 6)
        assert (await correct_delivery(world, subject, amount_rp=1)).json()["title"] == "CorrectionTooLate"


async def test_invalid_corrections_of_a_delivery_are_refused(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await deliver_kur(referral, bank)
        for body, title in (
            ({}, "CorrectionUnchanged"),
            ({"amount_rp": 5_000_000}, "CorrectionUnchanged"),
            ({"amount_rp": 10_000_001}, "AmountOutsideProgram"),
            ({"delivered_on": str(TODAY + timedelta(days=2))}, "DateInTheFuture"),
            ({"delivered_on": str(TODAY - timedelta(days=2))}, "DateTooEarly"),
            ({"amount_rp": 1, "reason": None}, "Invalid"),
        ):
            assert (await correct_delivery(world, subject, **body)).json()["title"] == title
        draft = (await world.read_programs())["UMKM_PENDAMPINGAN"]["rujukan_program_id"]
        assert (await correct_delivery(world, draft, amount_rp=1)).status_code == 404


async def test_delivery_that_does_not_exist_is_not_corrected(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await deliver_kur(referral, bank, deliver=False)
        await post_answer(world, subject, "A-1", "DISETUJUI")
        refused = await correct_delivery(world, subject, amount_rp=1)
        assert (refused.status_code, refused.json()["title"]) == (409, "AidNotDelivered")


async def test_outcome_is_corrected_and_keeps_what_is_not_given(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await deliver_kur(referral, bank)
        await move_days(referral, 95)
        await record_outcome(world, subject, 3)
        path = f"/v1/rujukan-program/{subject}/outcome-correction"
        body = {"month": 3, "still_in_business": False, "reason": WRONG}
        fixed = await referral.post(path, body, as_=world.pendamping)
        assert fixed.status_code == 201, fixed.text
        assert (fixed.json()["still_in_business"], fixed.json()["omzet_rp"]) == (False, 11_000_000)
        *_, event = await world.read_emitted_data("referral.outcome_recorded.v1")
        assert (event["still_in_business"], event["omzet_rp"], event["corrected"]) == (
            False,
            11_000_000,
            True,
        )
        (correction,) = await read_items(world, subject, "correction")
        assert (correction["subject"], correction["before"]["still_in_business"]) == ("OUTCOME", True)
        own = {"month": 3, "omzet_rp": 12_000_000, "reason": WRONG}
        assert (await post_fact(world, subject, "outcome-correction", **own)).status_code == 201
        mine = await referral.get(f"/v1/rujukan-program/{subject}/correction", as_=world.partner("BANK_KUR"))
        (item,) = mine.json()["items"]
        assert (item["by"], item["after"]["omzet_rp"]) == ("partner-bank_kur", 12_000_000)
        assert len(await read_items(world, subject, "correction")) == 2
        missing = await referral.post(path, body | {"month": 6}, as_=world.pendamping)
        assert (missing.status_code, missing.json()["title"]) == (409, "OutcomeMissing")
