"""Exit proposals of caseload open cases in DIUSULKAN."""

import asyncio
from datetime import date
from uuid import UUID

import asyncpg
import pytest

from shared.database import uuid7
from tests.factories.delivery import append_log_again
from tests.factories.graduation.case import CaseDriver, expect_ok, set_day
from tests.factories.graduation.events import KENDAL, apply_events
from tests.factories.graduation.exit_proposal import (
    SHORT,
    apply_proposal,
    build_exit_proposed,
    start_case,
    withdrawal,
)
from tests.factories.services import Running

WHY = {"reason": "Surat keterangan tidak terbaca."}


@pytest.mark.parametrize("exit_reason", SHORT)
async def test_proposal_opens_a_case_that_four_people_take_to_its_sk(
    graduation: Running, exit_reason: str
) -> None:
    driver = await start_case(graduation)
    assert (await apply_proposal(driver, build_exit_proposed(driver, exit_reason)))["taken"] == "OPENED"
    shown = expect_ok(await graduation.get(f"/v1/graduasi/{driver.graduasi_id}", as_=driver.by["field"]), 200)
    assert (shown["state"], shown["exit_reason"]) == ("DIUSULKAN", exit_reason)
    assert [(act["stage"], act["pendamping_id"]) for act in shown["stages"]] == [
        ("USUL", str(driver.field.pendamping_id))
    ]
    expect_ok(await driver.verify())
    assert (await driver.deliberate("2026-05-18")).json()["title"] == "MusyawarahNotRequired"
    expect_ok(await driver.approve())
    expect_ok(await driver.determine("2026-05-18"))
    assert await driver.read_state() == "MASA_SANGGAH"
    rows = await graduation.sql("SELECT count(DISTINCT person) FROM stage_act")
    assert rows[0][0] == 4
    assert await graduation.sql("SELECT 1 FROM credit") == []
    events = [one for one in await graduation.read_envelopes() if one["type"].startswith("graduation.")]
    assert [one["type"].split(".")[1] for one in events] == ["graduasi_proposed", "graduasi_determined"]
    assert events[1]["data"]["opens_rujukan"] is False


async def test_history_has_the_evidence_of_the_proposal(graduation: Running) -> None:
    driver = await start_case(graduation)
    event = build_exit_proposed(driver)
    await apply_proposal(driver, event)
    listed = await graduation.get(f"/v1/graduasi/{driver.graduasi_id}/history", as_=driver.by["field"])
    opening, move = expect_ok(listed, 200)["items"]
    assert (opening["from_state"], opening["to_state"]) == (None, "TERIDENTIFIKASI")
    assert (move["from_state"], move["to_state"]) == ("TERIDENTIFIKASI", "DIUSULKAN")
    for one in (opening, move):
        assert (one["pendamping_id"], one["reason_code"], one["evidence_sha256"]) == (
            str(driver.field.pendamping_id),
            "USULAN_KELUAR",
            event.evidence_sha256,
        )


async def test_repeated_event_opens_one_case(graduation: Running) -> None:
    driver = await start_case(graduation)
    event = build_exit_proposed(driver)
    await apply_events(graduation, event, event)
    await append_log_again(graduation)
    await apply_events(graduation)
    assert (await graduation.sql("SELECT count(*) FROM graduasi"))[0][0] == 1
    assert (await graduation.sql("SELECT count(*) FROM graduasi_history"))[0][0] == 2


async def test_proposal_for_an_unknown_family_opens_a_case(graduation: Running) -> None:
    driver = await start_case(graduation)
    stranger = build_exit_proposed(driver, kpm_id=uuid7(), kepesertaan_id=uuid7())
    assert (await apply_proposal(driver, stranger))["taken"] == "OPENED"
    expect_ok(await driver.verify())
    expect_ok(await driver.approve())
    expect_ok(await driver.determine("2026-05-18"))


async def test_proposal_by_dinsos_is_not_approved_by_the_same_official(
    graduation: Running,
) -> None:
    driver = await start_case(graduation)
    official = {"proposer": "dinsos-kendal-1", "pendamping_id": None, "penugasan_id": None}
    await apply_proposal(driver, build_exit_proposed(driver, **official))
    expect_ok(await driver.verify())
    answer = await driver.approve()
    assert (answer.status_code, answer.json()["title"]) == (403, "SamePersonTwice")
    driver.by["approval"] = graduation.token("DINSOS_KABKOTA", "dinsos-kendal-2", [KENDAL])
    expect_ok(await driver.approve())
    await graduation.sql("UPDATE policy SET counts = true WHERE exit_reason = 'MENINGGAL'")
    expect_ok(await driver.determine("2026-05-18"))
    assert await graduation.sql("SELECT 1 FROM credit") == []


async def test_proposer_cannot_verify_with_another_account(graduation: Running) -> None:
    driver = await start_case(graduation)
    await apply_proposal(driver, build_exit_proposed(driver))
    mine = driver.field.pendamping_id
    driver.by["verification"] = graduation.token("KETUA_TIM_KABKOTA", "other", [KENDAL], pendamping_id=mine)
    assert (await driver.verify()).json()["title"] == "SamePersonTwice"


@pytest.mark.parametrize("exit_reason", ["NIK_TIDAK_PADAN", "ALAMIAH", "SOMETHING_NEWER"])
async def test_proposal_without_a_policy_opens_no_case(graduation: Running, exit_reason: str) -> None:
    driver = await start_case(graduation)
    row = await apply_proposal(driver, build_exit_proposed(driver, exit_reason))
    assert (row["taken"], row["graduasi_id"]) == ("NO_POLICY", None)
    assert await graduation.sql("SELECT 1 FROM graduasi") == []


async def test_proposal_waits_for_an_open_case_and_opens_after_its_cancellation(graduation: Running) -> None:
    driver = await (await start_case(graduation)).open()
    first = driver.graduasi_id
    one, two = build_exit_proposed(driver, "DATA_GANDA"), build_exit_proposed(driver, "PINDAH")
    for event in (one, two):
        row = await apply_proposal(driver, event)
        assert (row["taken"], row["behind_id"]) == ("WAITING", first)
    body = {"ground": "DASAR_GUGUR", **WHY}
    expect_ok(await driver.post("cancellation", body, "approval"))
    opened = await apply_proposal(driver, one)
    assert (opened["taken"], opened["behind_id"]) == ("OPENED", None)
    assert await driver.read_state() == "DIUSULKAN"
    behind = await apply_proposal(driver, two)
    assert (behind["taken"], behind["behind_id"]) == ("WAITING", opened["graduasi_id"])


async def test_proposal_waits_for_an_effective_exit(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    await set_day(graduation, date(2026, 6, 18))
    await graduation.work()
    assert await driver.read_state() == "EFEKTIF"
    assert (await apply_proposal(driver, build_exit_proposed(driver, "PINDAH")))["taken"] == "WAITING"
    body = {
        "kpm_id": str(driver.kpm_id),
        "kepesertaan_id": str(driver.kepesertaan_id),
        "exit_reason": "ALAMIAH",
    }
    answer = await graduation.post("/v1/graduasi", body, as_=driver.by["field"])
    assert (answer.status_code, answer.json()["title"]) == (409, "CaseAlreadyOpen")


async def test_concurrent_proposal_and_opening_open_one_case(graduation: Running) -> None:
    driver = await start_case(graduation)
    event = build_exit_proposed(driver, "PINDAH")
    await asyncio.gather(apply_events(graduation, event), driver.open(), return_exceptions=True)
    rows = await graduation.sql("SELECT count(*) FROM graduasi")
    assert rows[0][0] == 1
    assert (await apply_proposal(driver, event))["taken"] in {"OPENED", "WAITING"}


async def test_concurrent_opening_does_not_keep_a_death_waiting(graduation: Running) -> None:
    driver = await start_case(graduation)
    event = build_exit_proposed(driver)
    await asyncio.gather(apply_events(graduation, event), driver.open(), return_exceptions=True)
    assert (await apply_proposal(driver, event))["taken"] == "OPENED"
    rows = await graduation.sql("SELECT exit_reason FROM graduasi WHERE state <> 'DIBATALKAN'")
    assert [row[0] for row in rows] == ["MENINGGAL"]


async def test_returned_case_is_proposed_again_by_the_pendamping(graduation: Running) -> None:
    driver = await start_case(graduation)
    await apply_proposal(driver, build_exit_proposed(driver))
    expect_ok(await driver.post("return", WHY, "verification"))
    expect_ok(await driver.propose())
    rows = await graduation.sql("SELECT facts FROM usul ORDER BY at, usul_id")
    assert len(rows) == 2
    assert rows[0]["facts"] == rows[1]["facts"]  # the second stands on the same evidence
    assert "exit_proposal_id" in rows[1]["facts"]
    expect_ok(await driver.verify())
    assert await driver.read_state() == "DIVERIFIKASI_KETIM"


async def test_proposal_is_visible_to_its_proposer_and_its_area(graduation: Running) -> None:
    driver, other = await start_case(graduation), await start_case(graduation)
    await apply_proposal(driver, build_exit_proposed(driver))
    elsewhere = graduation.token("DINSOS_KABKOTA", "dinsos-pemalang-1", ["33.27"])
    for token, seen in ((driver.by["field"], 1), (other.by["field"], 0), (elsewhere, 0)):
        items = expect_ok(await graduation.get("/v1/exit-proposal", as_=token), 200)["items"]
        assert len(items) == seen
    waiting = await graduation.get("/v1/exit-proposal?taken=WAITING", as_=driver.by["approval"])
    assert expect_ok(waiting, 200)["items"] == []


async def test_proposal_refers_only_to_the_case_it_opened(graduation: Running) -> None:
    driver = await start_case(graduation)
    row = await apply_proposal(driver, build_exit_proposed(driver))
    await apply_proposal(driver, build_exit_proposed(driver))
    connection = await asyncpg.connect(graduation.settings.worker_database_url)
    try:
        with pytest.raises(asyncpg.UniqueViolationError, match="uq_exit_proposal_graduasi_id"):
            await connection.execute(
                "UPDATE exit_proposal SET taken = 'OPENED', behind_id = NULL, graduasi_id = $1 WHERE taken = 'WAITING'",
                UUID(row["graduasi_id"]),
            )
        with pytest.raises(asyncpg.CheckViolationError, match="opened_names_its_case"):
            await connection.execute("UPDATE exit_proposal SET taken = 'OPENED' WHERE taken = 'WAITING'")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("DELETE FROM exit_proposal")
    finally:
        await connection.close()


async def test_event_names_the_exit_proposal(graduation: Running) -> None:
    driver = await start_case(graduation)
    event = build_exit_proposed(driver)
    await apply_proposal(driver, event)
    (data,) = [
        one["data"]
        for one in await graduation.read_envelopes()
        if one["type"] == "graduation.graduasi_proposed.v1"
    ]
    assert data["exit_proposal_id"] == str(event.exit_proposal_id)


@pytest.mark.parametrize("step", ["DIUSULKAN", "DISETUJUI_DINSOS", "DITUNDA"])
async def test_withdrawal_before_the_sk_cancels_the_case(graduation: Running, step: str) -> None:
    driver = await start_case(graduation)
    event = build_exit_proposed(driver)
    await apply_proposal(driver, event)
    if step == "DISETUJUI_DINSOS":
        expect_ok(await driver.verify())
        expect_ok(await driver.approve())
    elif step == "DITUNDA":
        expect_ok(await driver.post("postponement", WHY, "verification"))
    await apply_events(graduation, withdrawal(event), withdrawal(event))
    assert await driver.read_state() == "DIBATALKAN"
    closed = [
        one["data"]
        for one in await graduation.read_envelopes()
        if one["type"] == "graduation.graduasi_closed.v1"
    ]
    assert [(one["closed_as"], one["reason"]) for one in closed] == [("DIBATALKAN", "USULAN_DITARIK")]


async def test_withdrawal_after_the_sk_changes_nothing(graduation: Running) -> None:
    driver = await start_case(graduation)
    event = build_exit_proposed(driver)
    await apply_proposal(driver, event)
    expect_ok(await driver.verify())
    expect_ok(await driver.approve())
    expect_ok(await driver.determine("2026-05-18"))
    await apply_events(graduation, withdrawal(event))
    assert await driver.read_state() == "MASA_SANGGAH"


async def test_withdrawn_waiting_proposal_never_opens_a_case(graduation: Running) -> None:
    driver = await (await start_case(graduation)).open()
    event = build_exit_proposed(driver, "PINDAH")
    assert (await apply_proposal(driver, event))["taken"] == "WAITING"
    await apply_events(graduation, withdrawal(event))
    row = await apply_proposal(driver, event)
    assert (row["taken"], row["behind_id"]) == ("WITHDRAWN", None)
    expect_ok(await driver.post("cancellation", {"ground": "DASAR_GUGUR", **WHY}, "approval"))
    assert (await apply_proposal(driver, event))["taken"] == "WITHDRAWN"
    assert (await graduation.sql("SELECT count(*) FROM graduasi"))[0][0] == 1
