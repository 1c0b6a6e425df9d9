"""Deliveries and outcomes that were recorded by mistake are voided."""

from datetime import timedelta
from typing import Any

import pytest

from deploy.demo.partner_simulator import PartnerSimulator
from shared.dates import months_after
from tests.factories.cluster import START
from tests.factories.overdue import read_overdue
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.corrections import BANK, KUR, correct_answer, post_answer, post_fact, read_items
from tests.factories.referral.departure import build_departure, build_family_end
from tests.factories.referral.events import (
    TODAY,
    build_family_facts,
    build_graduasi_annulled,
    build_graduasi_determined,
)
from tests.factories.referral.outcomes import deliver_kur, read_due_outcomes, record_outcome
from tests.factories.referral.places import publish_quota, read_quotas, withdraw_consent
from tests.factories.referral.world import World
from tests.factories.services import Running

VOIDED = "referral.rujukan_delivery_voided.v1"
RECORDED = "referral.outcome_recorded.v1"


async def void_delivery(world: World, subject: str, reason: str = "SALAH_KELUARGA") -> Any:
    return await post_fact(world, subject, "delivery-void", reason=reason)


async def void_outcome(world: World, subject: str, month: int) -> Any:
    path, body = f"/v1/rujukan-program/{subject}/outcome-void", {"month": month, "reason": "TIDAK_TERJADI"}
    return await world.referral.post(path, body, as_=world.pendamping)


async def move_days(referral: Running, days: int) -> None:
    await referral.set_clock(START + timedelta(days=days))
    await referral.work()


async def test_voided_delivery_returns_the_offer_to_its_approval(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await deliver_kur(referral, bank, approved_rp=8_000_000)
        await move_days(referral, 90)
        voided = await void_delivery(world, subject)
        assert voided.status_code == 201, voided.text
        offer = voided.json()
        assert (offer["state"], offer["delivered_on"], offer["amount_rp"]) == ("DISETUJUI", None, 8_000_000)
        assert offer["sla_due_on"] == str(TODAY + timedelta(days=150))
        (correction,) = await read_items(world, subject, "correction")
        assert correction["before"] == {
            "amount_rp": 5_000_000,
            "delivered_on": str(TODAY),
            "delivery_id": "D-1",
        }
        assert correction["after"] == {"amount_rp": 8_000_000, "delivered_on": None}
        assert correction["reason"] == "SALAH_KELUARGA"
        assert (
            await read_due_outcomes(world, world.pendamping, f"?due_by={TODAY + timedelta(days=900)}") == []
        )
        (event,) = await world.read_emitted_data(VOIDED)
        assert (event["status"], event["amount_rp"], event["reason"]) == (
            "DISETUJUI",
            8_000_000,
            "SALAH_KELUARGA",
        )
        again = await void_delivery(world, subject)
        assert (again.status_code, again.json()["title"]) == (409, "AidNotDelivered")


async def test_delivery_is_not_voided_by_another_partner_or_after_the_term(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await deliver_kur(referral, bank)
        path, body = f"/v1/rujukan-program/{subject}/delivery-void", {"reason": "SALAH_KELUARGA"}
        assert (await referral.post(path, body, as_=world.partner("PLUT"))).status_code == 404
        assert (await referral.post(path, body, as_=world.dinsos)).status_code == 403
        assert (await void_delivery(world, subject, "UNKNOWN")).status_code == 422
        await move_days(referral, 91)
        assert (await void_delivery(world, subject)).json()["title"] == "CorrectionTooLate"


async def test_right_delivery_follows_a_voided_one_under_a_new_id(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await deliver_kur(referral, bank)
        await void_delivery(world, subject)
        body = {"delivery_id": "D-1", "amount_rp": 5_000_000, "delivered_on": str(TODAY)}
        repeated = await post_fact(world, subject, "delivery", **body)
        assert (repeated.status_code, repeated.json()["title"]) == (409, "DeliveryVoided")
        body["delivery_id"], body["amount_rp"] = "D-2", 7_000_000
        given = await post_fact(world, subject, "delivery", **body)
        assert given.status_code == 201, given.text
        assert (given.json()["state"], given.json()["amount_rp"]) == ("DISALURKAN", 7_000_000)
        due = await read_due_outcomes(world, world.pendamping, f"?due_by={TODAY + timedelta(days=100)}")
        assert [month for month, _ in due] == [3]
        assert (await post_fact(world, subject, "delivery", **body)).json() == given.json()
        await move_days(referral, 60)
        assert (await void_delivery(world, subject)).json()["state"] == "DISETUJUI"


async def test_answer_is_corrected_after_the_delivery_is_voided(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await deliver_kur(referral, bank)
        await publish_quota(world, "33.24", 1)
        await void_delivery(world, subject)
        refused = await correct_answer(world, subject, "A-2", "DITOLAK", reason_code="LAINNYA")
        assert (refused.status_code, refused.json()["state"]) == (201, "DITOLAK")
        assert refused.json()["amount_rp"] is None


async def test_place_of_a_voided_delivery_is_free_after_the_withdrawal(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await create_world(referral, {"PLUT": bank})
        await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
        await publish_quota(world, "33.24", 1)
        subject = await world.send_rujukan("UMKM_PENDAMPINGAN")
        day = str(TODAY)
        await bank.answer(subject, answer_id="A-1", status="DISETUJUI", answered_on=day)
        await bank.deliver(subject, delivery_id="D-1", delivered_on=day)
        await withdraw_consent(world)
        assert await read_quotas(world) == {"33.24": (1, 1, 0)}
        path, body = f"/v1/rujukan-program/{subject}/delivery-void", {"reason": "TERCATAT_GANDA"}
        voided = await referral.post(path, body, as_=world.partner("PLUT"))
        assert (voided.status_code, voided.json()["state"]) == (201, "DICABUT")
        assert await read_quotas(world) == {"33.24": (1, 0, 1)}


async def test_voided_late_delivery_lets_the_offer_expire_again(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await deliver_kur(referral, bank, deliver=False)
        await move_days(referral, 14 + 90)
        body = {"delivery_id": "D-1", "delivered_on": str(TODAY)}
        assert (await post_fact(world, subject, "delivery", **body)).json()["state"] == "DISALURKAN"
        offer = (await void_delivery(world, subject)).json()
        assert (offer["state"], offer["delivered_late"], offer["delivered_on"]) == (
            "KEDALUWARSA",
            False,
            None,
        )


async def test_no_program_follows_the_voided_late_delivery_of_an_ended_family(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await deliver_kur(referral, bank, deliver=False)
        await move_days(referral, 14 + 90)
        body = {"delivery_id": "D-1", "delivered_on": str(TODAY)}
        await post_fact(world, subject, "delivery", **body)
        await world.apply_events(build_family_end(world.family))
        await void_delivery(world, subject)
        await referral.work()
        assert (
            await referral.sql(
                "SELECT error FROM platform.scheduled_task WHERE kind = 'rujukan.propose_next_best' AND done_at IS NULL"
            )
            == []
        )


async def test_offer_ends_if_a_person_has_left_before_the_void(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await deliver_kur(referral, bank)
        await world.apply_events(build_departure(world.family, world.family.pengurus_id))
        assert await world.read_state(KUR) == "DISALURKAN"
        await void_delivery(world, subject)
        await referral.work()
        assert (await read_items(world, subject, "history"))[-1]["reason_code"] == "PERSON_LEFT"
        assert await world.read_state(KUR) == "DICABUT"


async def test_outcome_is_voided_and_asked_again(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await deliver_kur(referral, bank)
        await move_days(referral, 95)
        await record_outcome(world, subject, 3, still_in_business=False)
        stranger = referral.token("PENDAMPING", "pd-x", [world.family.area], pendamping_id=BANK)
        path, body = f"/v1/rujukan-program/{subject}/outcome-void", {"month": 3, "reason": "SALAH_KELUARGA"}
        assert (await referral.post(path, body, as_=stranger)).status_code in {401, 404}
        voided = await void_outcome(world, subject, 3)
        assert (voided.status_code, voided.json()["outcomes"]) == (201, [])
        *_, event = await world.read_emitted_data(RECORDED)
        assert (event["month"], event["corrected"], event["voided"]) == (3, True, True)
        (correction,) = await read_items(world, subject, "correction")
        assert (correction["before"]["still_in_business"], correction["after"]) == (False, {})
        assert [month for month, _ in await read_due_outcomes(world, world.pendamping)] == [3]
        assert (await void_outcome(world, subject, 3)).json()["title"] == "OutcomeMissing"
        assert (await record_outcome(world, subject, 3)).status_code == 201


async def test_void_of_the_last_outcome_opens_the_aid_again(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await deliver_kur(referral, bank)
        await move_days(referral, 31 * 24)
        for month in (3, 6, 12, 24):
            assert (await record_outcome(world, subject, month)).status_code == 201
        assert await world.read_state(KUR) == "TUTUP"
        assert (await void_outcome(world, subject, 24)).json()["state"] == "DISALURKAN"
        assert [month for month, _ in await read_due_outcomes(world, world.pendamping)] == [24]
        await record_outcome(world, subject, 24)
        assert await world.read_state(KUR) == "TUTUP"


async def test_void_of_a_delivery_voids_its_outcomes(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await deliver_kur(referral, bank, deliver=False)
        await post_answer(world, subject, "A-1", "DISETUJUI")
        await move_days(referral, 95)
        body = {"delivery_id": "D-1", "delivered_on": str(TODAY)}
        assert (await post_fact(world, subject, "delivery", **body)).status_code == 201
        await record_outcome(world, subject, 3)
        offer = (await void_delivery(world, subject)).json()
        assert (offer["state"], offer["outcomes"]) == ("DISETUJUI", [])
        assert [item["subject"] for item in await read_items(world, subject, "correction")] == [
            "OUTCOME",
            "DELIVERY",
        ]
        refused = await record_outcome(world, subject, 3)
        assert refused.json()["title"] == "AidNotDelivered"


@pytest.mark.parametrize("ground", ["PERSETUJUAN_DICABUT", "KELULUSAN_DIPULIHKAN"])
async def test_closed_aid_does_not_stay_open_after_its_void(referral: Running, ground: str) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await deliver_kur(referral, bank, deliver=False)
        await post_answer(world, subject, "A-1", "DISETUJUI")
        await move_days(referral, 31 * 24 + 3)
        body = {"delivery_id": "D-1", "delivered_on": str(TODAY)}
        assert (await post_fact(world, subject, "delivery", **body)).status_code == 201
        for month in (3, 6, 12, 24):
            assert (await record_outcome(world, subject, month)).status_code == 201
        if ground == "PERSETUJUAN_DICABUT":
            assert (await withdraw_consent(world, KUR)).json()["state"] == "TUTUP"
        else:
            await world.apply_events(build_graduasi_annulled(world.family))
        assert (await void_delivery(world, subject)).json()["state"] == "DISETUJUI"
        await referral.work()
        last = (await read_items(world, subject, "history"))[-1]
        assert (last["to_state"], last["reason_code"]) == ("DICABUT", ground)


async def test_last_outcome_that_is_voided_late_is_asked_for_again(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await deliver_kur(referral, bank)
        ends = (months_after(TODAY, 24) - TODAY).days + 90
        await move_days(referral, ends - 5)
        assert (await record_outcome(world, subject, 24)).status_code == 201
        await move_days(referral, ends + 5)
        assert (await void_outcome(world, subject, 24)).json()["state"] == "DISALURKAN"
        on = TODAY + timedelta(days=ends + 7)
        operator = referral.token("OPERATOR", "operator-1", ["*"])
        assert await read_overdue(referral, operator, on, subject_kind="rujukan_program") == []
        assert await world.read_state(KUR) == "DISALURKAN"
        assert [month for month, _ in await read_due_outcomes(world, world.pendamping)] == [24]
        await move_days(referral, ends + 5 + 90)
        assert await world.read_state(KUR) == "TUTUP"
