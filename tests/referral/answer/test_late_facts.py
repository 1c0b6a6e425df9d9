"""Answers, deliveries and outcomes that come after the offer has ended."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from deploy.demo.partner_simulator import PartnerSimulator
from shared.contracts.kinds import FamilyEndReason
from tests.factories.cluster import START
from tests.factories.overdue import read_overdue
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.corrections import BANK, KUR, post_answer, post_fact, read_items
from tests.factories.referral.deadline import send_rujukan
from tests.factories.referral.departure import build_departure
from tests.factories.referral.events import TODAY, build_family_facts, build_graduasi_determined
from tests.factories.referral.outcomes import deliver_kur, read_due_outcomes, record_outcome
from tests.factories.referral.world import World
from tests.factories.services import Running

EXPIRED_AFTER = 14 + 90
NOW = TODAY + timedelta(days=EXPIRED_AFTER)


@pytest.fixture
async def expired(referral: Running) -> AsyncIterator[tuple[World, str]]:
    """A KUR that expired without an answer."""
    async with PartnerSimulator() as bank:
        world = await create_world(referral, {BANK: bank})
        await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
        subject = await world.send_rujukan(KUR)
        await referral.set_clock(START + timedelta(days=EXPIRED_AFTER))
        await referral.work()
        assert await world.read_state(KUR) == "KEDALUWARSA"
        yield world, subject


async def withdraw_consent(world: World, subject: str) -> None:
    body = {"withdrawn_on": str(TODAY), "reason": "Keluarga berubah pikiran"}
    path = f"/v1/rujukan-program/{subject}/consent-withdrawal"
    assert (await world.referral.post(path, body, as_=world.pendamping)).status_code == 201


async def test_answer_after_the_expiry_reopens_the_offer(expired: tuple[World, str]) -> None:
    world, subject = expired
    offer = await post_answer(world, subject, "A-1", "DISETUJUI", amount_rp=8_000_000, answered_on=str(NOW))
    assert (offer["state"], offer["amount_rp"]) == ("DISETUJUI", 8_000_000)
    assert offer["sla_due_on"] == str(NOW + timedelta(days=60))
    (answer,) = await read_items(world, subject, "answer")
    assert (answer["late"], answer["changed"]) == (True, True)
    (event,) = await world.read_emitted_data("referral.rujukan_answered.v1")
    assert (event["status"], event["late"]) == ("DISETUJUI", True)


async def test_late_answer_about_a_family_that_has_ended_opens_nothing(expired: tuple[World, str]) -> None:
    world, subject = expired
    gone = {"ended_on": TODAY, "end_reason": FamilyEndReason.BERGABUNG}
    await world.apply_events(build_departure(world.family, **gone))
    await post_answer(world, subject, "A-1", "DISETUJUI", answered_on=str(NOW))
    await world.referral.work()
    assert await world.read_state(KUR) == "DICABUT"
    assert (await read_items(world, subject, "history"))[-1]["reason_code"] == "FAMILY_ENDED"


async def test_delivery_after_the_expiry_is_taken_and_followed_up(expired: tuple[World, str]) -> None:
    world, subject = expired
    given = await post_fact(
        world, subject, "delivery", delivery_id="D-1", amount_rp=8_000_000, delivered_on=str(NOW)
    )
    assert given.status_code == 201, given.text
    assert (given.json()["state"], given.json()["delivered_late"]) == ("DISALURKAN", True)
    due = await read_due_outcomes(world, world.pendamping, f"?due_by={NOW + timedelta(days=100)}")
    assert [month for month, _ in due] == [3]
    (event,) = await world.read_emitted_data("referral.rujukan_delivered.v1")
    assert (event["status"], event["late"], event["amount_rp"]) == ("DISALURKAN", True, 8_000_000)


async def test_late_answer_opens_a_closed_rujukan_again(expired: tuple[World, str]) -> None:
    world, subject = expired
    for code in ("UMKM_PENDAMPINGAN", "KDMP"):
        draft = (await world.read_programs())[code]["rujukan_program_id"]
        await world.referral.sql(
            f"UPDATE rujukan_program SET state = 'DICABUT' WHERE rujukan_program_id = '{draft}'"
        )
    await world.referral.set_clock(START + timedelta(days=EXPIRED_AFTER + 91))
    await world.referral.work()
    read_state = "SELECT state FROM rujukan"
    assert (await world.referral.sql(read_state))[0]["state"] == "TUTUP"
    await post_answer(world, subject, "A-1", "DIPROSES", answered_on=str(NOW + timedelta(days=91)))
    await world.referral.work()
    assert (await world.referral.sql(read_state))[0]["state"] == "TERBUKA"


async def test_facts_after_the_withdrawal_are_kept_without_reopening(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await deliver_kur(referral, bank, deliver=False)
        await post_answer(world, subject, "A-1", "DISETUJUI", amount_rp=8_000_000)
        await withdraw_consent(world, subject)
        assert (await post_answer(world, subject, "A-2", "DIPROSES"))["state"] == "DICABUT"
        assert [item["late"] for item in await read_items(world, subject, "answer")] == [False, True]
        body = {"delivery_id": "D-1", "delivered_on": str(TODAY)}
        given = await post_fact(world, subject, "delivery", **body)
        assert given.status_code == 201, given.text
        offer = given.json()
        assert (offer["state"], offer["delivered_late"]) == ("DICABUT", True)
        assert (offer["delivered_on"], offer["amount_rp"]) == (str(TODAY), 8_000_000)
        (event,) = await world.read_emitted_data("referral.rujukan_delivered.v1")
        assert (event["status"], event["late"]) == ("DICABUT", True)
        assert (await post_fact(world, subject, "delivery", **body)).json() == offer
        fixed = await post_fact(world, subject, "delivery-correction", amount_rp=1, reason="Salah ketik")
        assert (fixed.json()["amount_rp"], fixed.json()["state"]) == (1, "DICABUT")


async def test_answer_that_a_delivery_implies_is_kept(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await deliver_kur(referral, bank)
        assert (await post_answer(world, subject, "A-9", "DISETUJUI"))["state"] == "DISALURKAN"
        refusal = {
            "answer_id": "A-10",
            "status": "DITOLAK",
            "reason_code": "LAINNYA",
            "answered_on": str(TODAY),
        }
        refused = await post_fact(world, subject, "answer", **refusal)
        assert (refused.status_code, refused.json()["title"]) == (409, "IllegalTransition")


async def test_outcome_after_the_end_of_the_aid_is_marked_late(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await deliver_kur(referral, bank)
        await referral.set_clock(START + timedelta(days=31 * 24 + 91))
        await referral.work()
        assert await world.read_state(KUR) == "TUTUP"
        late = await record_outcome(world, subject, 24)
        assert (late.status_code, late.json()["late"]) == (201, True)
        (event,) = await world.read_emitted_data("referral.outcome_recorded.v1")
        assert event["late"]


async def test_partner_gets_a_notice_of_each_expiry(expired: tuple[World, str]) -> None:
    world, subject = expired
    await post_answer(world, subject, "A-1", "DIPROSES", answered_on=str(NOW))
    await world.referral.set_clock(START + timedelta(days=2 * EXPIRED_AFTER))
    await world.referral.work()
    assert await world.read_state(KUR) == "KEDALUWARSA"
    days = [one["expired_on"] for one in world.simulators[BANK].notices if one["notice"] == "KEDALUWARSA"]
    assert days == [str(NOW), str(NOW + timedelta(days=EXPIRED_AFTER))]


@pytest.mark.parametrize("pulls", [False, True])
async def test_expiry_that_a_late_answer_undid_is_not_sent(referral: Running, *, pulls: bool) -> None:
    async with PartnerSimulator(pulls=pulls) as bank:
        world, subject = await send_rujukan(referral, bank)
        bank.down = True
        await referral.set_clock(START + timedelta(days=EXPIRED_AFTER))
        await referral.work()
        await post_answer(world, subject, "A-1", "DISETUJUI", answered_on=str(NOW))
        bank.down = False
        await world.retry_now()
        if pulls:
            await bank.pull()
        assert [one for one in bank.notices if one["notice"] == "KEDALUWARSA"] == []
        late = NOW + timedelta(days=30)
        assert await read_overdue(referral, world.kemensos, late, subject_kind="partner_notice") == []
