"""Corrections of a partner's answer until the delivery."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from deploy.demo.partner_simulator import PartnerSimulator
from tests.factories.cluster import START
from tests.factories.referral.catalogue import PROGRAMS, create_world
from tests.factories.referral.corrections import (
    BANK,
    KUR,
    WRONG,
    correct_answer,
    post_answer,
    post_fact,
    read_items,
)
from tests.factories.referral.events import TODAY, build_family_facts, build_graduasi_determined
from tests.factories.referral.world import World
from tests.factories.services import Running

ANSWERED = "referral.rujukan_answered.v1"
REFUSED = {"reason_code": "SLIK_BURUK"}


@pytest.fixture
async def sent(referral: Running) -> AsyncIterator[tuple[World, str]]:
    """A KUR that was sent to the bank."""
    async with PartnerSimulator() as bank:
        world = await create_world(referral, {BANK: bank})
        await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
        yield world, await world.send_rujukan(KUR)


async def test_approval_is_corrected_to_a_refusal_with_a_reason(sent: tuple[World, str]) -> None:
    world, subject = sent
    await post_answer(world, subject, "A-1", "DISETUJUI", amount_rp=8_000_000)
    offer = (await correct_answer(world, subject, "A-2", "DITOLAK", **REFUSED)).json()
    assert (offer["state"], offer["refusal_code"], offer["amount_rp"]) == ("DITOLAK", "SLIK_BURUK", None)
    (correction,) = await read_items(world, subject, "correction")
    assert (correction["subject"], correction["by"], correction["reason"]) == (
        "ANSWER",
        "partner-bank_kur",
        WRONG,
    )
    assert correction["before"] == {
        "status": "DISETUJUI",
        "reason_code": None,
        "amount_rp": 8_000_000,
        "answered_on": str(TODAY),
    }
    assert (correction["after"]["status"], correction["corrected_on"]) == ("DITOLAK", str(TODAY))
    *_, event = await world.read_emitted_data(ANSWERED)
    assert (event["status"], event["reason_code"], event["amount_rp"]) == ("DITOLAK", "SLIK_BURUK", None)
    assert event["corrected"]
    assert WRONG not in str(await world.referral.read_envelopes())


async def test_original_answer_stays_readable(sent: tuple[World, str]) -> None:
    world, subject = sent
    words = "Ibu Contoh lengkap"
    await post_answer(world, subject, "A-1", "DISETUJUI", amount_rp=8_000_000, reason_text=words)
    await correct_answer(world, subject, "A-2", "DITOLAK", **REFUSED)
    first, second = await read_items(world, subject, "answer")
    assert (first["answer_id"], first["status"], first["reason_text"]) == ("A-1", "DISETUJUI", words)
    assert second["corrects_id"] == first["partner_answer_id"]


async def test_refusal_is_corrected_to_an_approval_and_delivered(sent: tuple[World, str]) -> None:
    world, subject = sent
    await post_answer(world, subject, "A-1", "DITOLAK", **REFUSED)
    await world.referral.work()
    offer = (await correct_answer(world, subject, "A-2", "DISETUJUI", amount_rp=7_000_000)).json()
    assert (offer["state"], offer["refusal_code"], offer["amount_rp"]) == ("DISETUJUI", None, 7_000_000)
    assert offer["sla_due_on"] == str(TODAY + timedelta(days=60))
    given = await post_fact(world, subject, "delivery", delivery_id="D-1", delivered_on=str(TODAY))
    assert (given.json()["state"], given.json()["amount_rp"]) == ("DISALURKAN", 7_000_000)


async def test_amount_alone_is_corrected(sent: tuple[World, str]) -> None:
    world, subject = sent
    await post_answer(world, subject, "A-1", "DISETUJUI", amount_rp=8_000_000)
    offer = (await correct_answer(world, subject, "A-2", "DISETUJUI", amount_rp=800_000)).json()
    assert (offer["state"], offer["amount_rp"]) == ("DISETUJUI", 800_000)
    *_, event = await world.read_emitted_data(ANSWERED)
    assert event["amount_rp"] == 800_000


async def test_correction_without_an_amount_keeps_the_known_one(sent: tuple[World, str]) -> None:
    world, subject = sent
    await post_answer(world, subject, "A-1", "DIPROSES", amount_rp=8_000_000)
    assert (await post_answer(world, subject, "A-2", "DISETUJUI"))["amount_rp"] == 8_000_000
    await correct_answer(world, subject, "A-3", "DITOLAK", **REFUSED)
    again = (await correct_answer(world, subject, "A-4", "DISETUJUI")).json()
    assert (again["state"], again["amount_rp"]) == ("DISETUJUI", 8_000_000)
    await correct_answer(world, subject, "A-5", "PERLU_DATA")
    assert (await world.read_programs())[KUR]["amount_rp"] is None


async def test_repeated_correction_counts_once(sent: tuple[World, str]) -> None:
    world, subject = sent
    await post_answer(world, subject, "A-1", "DISETUJUI", amount_rp=8_000_000)
    first, again = [await correct_answer(world, subject, "A-2", "DITOLAK", **REFUSED) for _ in range(2)]
    assert (again.status_code, again.json()) == (201, first.json())
    assert len(await read_items(world, subject, "correction")) == 1


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({"status": "DISETUJUI", "amount_rp": 8_000_000}, "CorrectionUnchanged"),
        ({"status": "DITOLAK"}, "ReasonCodeNeeded"),
        ({"status": "PERLU_DATA", "reason_text": None}, "ReasonTextNeeded"),
        ({"status": "DISETUJUI", "amount_rp": 10_000_001}, "AmountOutsideProgram"),
        ({"status": "DISETUJUI", "answered_on": "2199-01-01"}, "DateInTheFuture"),
        ({"status": "DITOLAK", "reason_code": "LAINNYA", "reason": None}, "Invalid"),
        ({"status": "DITOLAK", "reason_code": "LAINNYA", "answer_id": "A-1"}, "AnswerIdReused"),
    ],
)
async def test_invalid_corrections_are_refused(
    sent: tuple[World, str], changes: dict[str, Any], title: str
) -> None:
    world, subject = sent
    await post_answer(world, subject, "A-1", "DISETUJUI", amount_rp=8_000_000)
    body = {"answer_id": "A-2", "answered_on": str(TODAY), "reason": WRONG} | changes
    refused = await post_fact(world, subject, "answer-correction", **body)
    assert (refused.status_code in {409, 422}, refused.json()["title"]) == (True, title)
    assert await read_items(world, subject, "correction") == []


async def test_answer_is_not_corrected_before_it_exists_or_after_the_delivery(
    sent: tuple[World, str],
) -> None:
    world, subject = sent
    early = await correct_answer(world, subject, "A-0", "DITOLAK", **REFUSED)
    assert (early.status_code, early.json()["title"]) == (409, "AnswerNotCorrectable")
    await post_answer(world, subject, "A-1", "DISETUJUI")
    await post_fact(world, subject, "delivery", delivery_id="D-1", delivered_on=str(TODAY))
    late = await correct_answer(world, subject, "A-2", "DITOLAK", **REFUSED)
    assert (late.status_code, late.json()["title"]) == (409, "AnswerNotCorrectable")


async def test_other_amount_of_the_same_answer_needs_a_correction(sent: tuple[World, str]) -> None:
    """It was answered with 201 and had no effect."""
    world, subject = sent
    await post_answer(world, subject, "A-1", "DISETUJUI")
    assert (await post_answer(world, subject, "A-2", "DISETUJUI", amount_rp=6_000_000))[
        "amount_rp"
    ] == 6_000_000
    body = {"answer_id": "A-3", "status": "DISETUJUI", "amount_rp": 5_000_000, "answered_on": str(TODAY)}
    refused = await post_fact(world, subject, "answer", **body)
    assert (refused.status_code, refused.json()["title"]) == (409, "CorrectionNeeded")


async def test_wrong_date_no_longer_hides_later_answers(sent: tuple[World, str]) -> None:
    world, subject = sent
    await world.referral.set_clock(START + timedelta(days=5))
    wrong = str(TODAY + timedelta(days=5))
    await post_answer(world, subject, "A-1", "DIPROSES", answered_on=wrong)
    await correct_answer(world, subject, "A-2", "DIPROSES", answered_on=str(TODAY))
    later = str(TODAY + timedelta(days=1))
    assert (await post_answer(world, subject, "A-3", "PERLU_DATA", answered_on=later))[
        "state"
    ] == "PERLU_DATA"


async def test_correction_releases_and_takes_back_the_place(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await create_world(referral, {BANK: bank})
        quota = {"kode_wilayah": "33.24", "places": 1, "valid_from": str(TODAY)}
        program = (await referral.get(f"/v1/program?code={KUR}", as_=world.kemensos)).json()["items"][0]
        path = f"/v1/program/{program['program_id']}/quota"
        assert (await referral.post(path, quota, as_=world.kemensos)).status_code == 201
        await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
        subject = await world.send_rujukan(KUR)
        taken: list[int] = []
        for step in (
            post_answer(world, subject, "A-1", "DISETUJUI"),
            correct_answer(world, subject, "A-2", "DITOLAK", **REFUSED),
            correct_answer(world, subject, "A-3", "DISETUJUI"),
        ):
            await step
            taken.append((await referral.sql("SELECT taken FROM program_quota"))[0]["taken"])
        assert taken == [1, 0, 1]


async def test_next_best_follows_the_correction(sent: tuple[World, str]) -> None:
    world, subject = sent
    body = PROGRAMS[KUR] | {
        "code": "KUR_MIKRO",
        "partner_id": world.partners[BANK]["partner_id"],
        "valid_from": str(TODAY),
        "sla_days": 14,
        "legal_basis": "UU 27/2022 Pasal 20 ayat (2) huruf a",
    }
    assert (await world.referral.post("/v1/program", body, as_=world.kemensos)).status_code == 201
    await world.referral.work()
    assert "KUR_MIKRO" not in await world.read_programs()
    await post_answer(world, subject, "A-1", "DITOLAK", **REFUSED)
    await world.referral.work()
    assert await world.read_state("KUR_MIKRO") == "DRAF"
    await correct_answer(world, subject, "A-2", "DISETUJUI")
    await world.referral.work()
    assert await world.read_state("KUR_MIKRO") == "DICABUT"
    await correct_answer(world, subject, "A-3", "DITOLAK", **REFUSED)
    await world.referral.work()
    states = await world.referral.sql(
        "SELECT state FROM rujukan_program WHERE program_code = 'KUR_MIKRO' ORDER BY rujukan_program_id"
    )
    assert [row["state"] for row in states] == ["DICABUT", "DRAF"]


async def test_refusal_is_not_reopened_after_the_withdrawal_of_the_consent(sent: tuple[World, str]) -> None:
    world, subject = sent
    await post_answer(world, subject, "A-1", "DITOLAK", **REFUSED)
    body = {"withdrawn_on": str(TODAY), "reason": "Keluarga berubah pikiran"}
    path = f"/v1/rujukan-program/{subject}/consent-withdrawal"
    assert (await world.referral.post(path, body, as_=world.pendamping)).status_code == 201
    answer = {"answer_id": "A-2", "status": "DISETUJUI", "answered_on": str(TODAY)}
    for refused in (
        await correct_answer(world, subject, "A-2", "DISETUJUI"),
        await post_fact(world, subject, "answer", **answer),
    ):
        assert (refused.status_code, refused.json()["title"]) == (409, "ConsentEnded")
    other_code = await correct_answer(world, subject, "A-3", "DITOLAK", reason_code="KUOTA_HABIS")
    assert (other_code.status_code, other_code.json()["refusal_code"]) == (201, "KUOTA_HABIS")
