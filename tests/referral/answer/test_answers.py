import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from deploy.demo.partner_simulator import PartnerSimulator
from tests.factories.cluster import START
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.corrections import words_of
from tests.factories.referral.events import TODAY, build_family_facts, build_graduasi_determined
from tests.factories.referral.world import World
from tests.factories.services import Running

KUR = "KUR_SUPERMIKRO"
APPROVED = {"answer_id": "A-1", "status": "DISETUJUI", "amount_rp": 8_000_000, "answered_on": str(TODAY)}


async def send_to_bank(referral: Running, bank: PartnerSimulator) -> tuple[World, str]:
    world = await create_world(referral, {"BANK_KUR": bank})
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    return world, await world.send_rujukan(KUR)


async def post_answer(world: World, subject: str, **changes: Any) -> Any:
    path = f"/v1/rujukan-program/{subject}/answer"
    return await world.referral.post(path, APPROVED | changes, as_=world.partner("BANK_KUR"))


async def test_repeated_answer_counts_once(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await send_to_bank(referral, bank)
        first, second = await post_answer(world, subject), await post_answer(world, subject)
        assert (first.status_code, second.status_code) == (201, 201)
        assert first.json() == second.json()
        again = await post_answer(world, subject, answer_id="A-2")  # the same answer under another id
        assert again.json()["version"] == first.json()["version"]
        assert len(await world.read_emitted_data("referral.rujukan_answered.v1")) == 1


async def test_fifty_concurrent_equal_answers_count_once(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await send_to_bank(referral, bank)
        answers = await asyncio.gather(*(post_answer(world, subject) for _ in range(50)))
        assert {answer.status_code for answer in answers} <= {201, 503}
        assert any(answer.status_code == 201 for answer in answers)
        assert len(await world.read_emitted_data("referral.rujukan_answered.v1")) == 1
        assert (await referral.sql("SELECT count(*) AS n FROM partner_answer"))[0]["n"] == 1


async def test_answer_implies_the_states_before_it(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await send_to_bank(referral, bank)
        assert (await post_answer(world, subject)).json()["state"] == "DISETUJUI"
        rows = await referral.sql(
            "SELECT to_state, reason_code, detail FROM rujukan_program_history ORDER BY history_id DESC LIMIT 3"
        )
        assert [row["to_state"] for row in rows] == ["DISETUJUI", "DIPROSES", "DITERIMA_SISTEM"]
        assert (rows[1]["reason_code"], rows[1]["detail"]) == ("TERSIRAT", "DISETUJUI")


async def test_reused_answer_id_is_refused(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await send_to_bank(referral, bank)
        await post_answer(world, subject)
        other = await post_answer(world, subject, amount_rp=1)
        assert (other.status_code, other.json()["title"]) == (409, "AnswerIdReused")


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({"status": "DITOLAK"}, "ReasonCodeNeeded"),
        ({"reason_code": "KUOTA_HABIS"}, "ReasonCodeNotAllowed"),
        ({"status": "PERLU_DATA"}, "ReasonTextNeeded"),
        ({"amount_rp": 10_000_001}, "AmountOutsideProgram"),
        ({"answered_on": "2199-01-01"}, "DateInTheFuture"),
        ({"answered_on": str(TODAY - timedelta(days=1))}, "DateTooEarly"),
        ({"status": "DISALURKAN"}, "Invalid"),
        ({"reason_code": "UNKNOWN"}, "Invalid"),
    ],
)
async def test_invalid_answers_are_refused(referral: Running, changes: dict[str, Any], title: str) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await send_to_bank(referral, bank)
        refused = await post_answer(world, subject, **changes)
        assert (refused.status_code, refused.json()["title"]) == (422, title)
        assert await world.read_state(KUR) == "TERKIRIM"


async def test_answer_never_moves_the_state_back(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await send_to_bank(referral, bank)
        await post_answer(world, subject)
        back = await post_answer(world, subject, answer_id="A-0", status="DIPROSES")
        assert (back.status_code, back.json()["title"]) == (409, "CorrectionNeeded")
        assert "answer-correction" in back.json()["detail"]
        assert "differs from this one" in back.json()["detail"]


async def test_late_older_answer_is_stored_without_a_move(referral: Running) -> None:
    """PERLU_DATA of yesterday arrives after DIPROSES of today. It is stored, and the state stays."""
    async with PartnerSimulator() as bank:
        world, subject = await send_to_bank(referral, bank)
        await referral.set_clock(START + timedelta(days=2))
        yesterday, today = (str(TODAY + timedelta(days=days)) for days in (1, 2))
        await post_answer(
            world, subject, answer_id="B-2", status="DIPROSES", amount_rp=None, answered_on=today
        )
        late = await post_answer(
            world,
            subject,
            answer_id="B-1",
            status="PERLU_DATA",
            reason_text="Mohon lengkapi foto tempat usaha.",
            amount_rp=None,
            answered_on=yesterday,
        )
        assert (late.status_code, late.json()["state"]) == (201, "DIPROSES")
        approved = await post_answer(world, subject, answer_id="B-3", answered_on=today)
        assert approved.json()["state"] == "DISETUJUI"
        last = await post_answer(
            world, subject, answer_id="B-0", status="DAFTAR_TUNGGU", amount_rp=None, answered_on=yesterday
        )
        assert (last.status_code, last.json()["state"]) == (201, "DISETUJUI")
        rows = await referral.sql("SELECT answer_id, changed FROM partner_answer ORDER BY partner_answer_id")
        assert [row["changed"] for row in rows] == [True, False, True, False]
        assert len(await world.read_emitted_data("referral.rujukan_answered.v1")) == 2


async def test_partner_may_alternate_while_data_or_a_place_is_missing(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await send_to_bank(referral, bank)
        steps = [
            "PERLU_DATA",
            "DIPROSES",
            "PERLU_DATA",
            "DAFTAR_TUNGGU",
            "DIPROSES",
            "DAFTAR_TUNGGU",
            "DIPROSES",
        ]
        for number, status in enumerate(steps):
            changes = {"answer_id": f"C-{number}", "status": status, "amount_rp": None, **words_of(status)}
            first, again = (
                await post_answer(world, subject, **changes),
                await post_answer(world, subject, **changes),
            )
            assert (first.json()["state"], again.json()["state"]) == (status, status)


async def test_missing_key_is_refused_and_sentences_use_the_callers_language(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await send_to_bank(referral, bank)
        path = f"/v1/rujukan-program/{subject}/answer"
        keyless = await referral.post(path, APPROVED, as_=world.partner("BANK_KUR"), key=None)
        assert keyless.status_code == 400
        refused = await referral.post(
            path,
            APPROVED | {"status": "DITOLAK"},
            as_=world.partner("BANK_KUR"),
            headers={"Accept-Language": "id"},
        )
        assert (
            refused.json()["detail"] == "Jawaban DITOLAK harus disertai kode alasan. Tambahkan reason_code."
        )


async def test_reason_text_is_stored_sealed(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await send_to_bank(referral, bank)
        changes = {
            "status": "DITOLAK",
            "reason_code": "LAINNYA",
            "reason_text": "Ibu Siti sudah pindah",
            "amount_rp": None,
        }
        assert (await post_answer(world, subject, **changes)).status_code == 201
        rows = await referral.sql(
            "SELECT partner_answer::text AS text, reason_text_sealed FROM partner_answer"
        )
        assert rows[0]["reason_text_sealed"]
        assert "Siti" not in rows[0]["text"]
        assert "Siti" not in str(await referral.read_envelopes())


async def test_partner_may_ask_for_data_and_list_before_the_delivery(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await send_to_bank(referral, bank)
        for number, status in enumerate(["PERLU_DATA", "DIPROSES", "DAFTAR_TUNGGU", "DISETUJUI"]):
            changes = {"answer_id": f"B-{number}", "status": status, "amount_rp": None, **words_of(status)}
            answer = await post_answer(world, subject, **changes)
            assert answer.json()["state"] == status
        body = {"delivery_id": "D-1", "amount_rp": 7_000_000, "delivered_on": str(TODAY)}
        path, bank_token = f"/v1/rujukan-program/{subject}/delivery", world.partner("BANK_KUR")
        first = await referral.post(path, body, as_=bank_token)
        again = await referral.post(path, body, as_=bank_token)
        assert (first.status_code, first.json()) == (201, again.json())
        assert first.json()["state"] == "DISALURKAN"
        other = await referral.post(path, body | {"delivery_id": "D-2"}, as_=bank_token)
        assert (other.status_code, other.json()["title"]) == (409, "DeliveryAlreadyRecorded")
        assert len(await world.read_emitted_data("referral.rujukan_delivered.v1")) == 1


async def test_answer_needs_an_existing_rujukan(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, _ = await send_to_bank(referral, bank)
        assert (await post_answer(world, str(uuid4()))).status_code == 404
