"""A death, a move, a double, a family not found: caseload proposes on evidence, and a short case is open at once."""

import asyncio
from datetime import date
from uuid import UUID

import asyncpg
import pytest

from shared.contracts import caseload
from shared.database import uuid7
from tests.factories.graduation.case import CaseDriver, at, ok
from tests.factories.graduation.events import KENDAL, apply_events
from tests.factories.graduation.exit_proposal import DAY, SHORT, apply_proposal, proposal, start_case
from tests.factories.services import Running, again

WHY = {"reason": "Surat keterangan tidak terbaca."}


@pytest.mark.parametrize("exit_reason", SHORT)
async def test_is_a_case_under_its_proposer_and_goes_by_four_people_to_its_sk(
    graduation: Running, exit_reason: str
) -> None:
    driver = await start_case(graduation)
    assert (await apply_proposal(driver, proposal(driver, exit_reason)))["taken"] == "OPENED"
    shown = ok(await graduation.get(f"/v1/graduasi/{driver.graduasi_id}", as_=driver.by["field"]), 200)
    assert (shown["state"], shown["exit_reason"]) == ("DIUSULKAN", exit_reason)
    assert [(act["stage"], act["person"]) for act in shown["stages"]] == [
        ("USUL", str(driver.field.pendamping_id))
    ]
    ok(await driver.verify())
    assert (await driver.deliberate("2026-05-18")).json()["title"] == "MusyawarahNotRequired"
    ok(await driver.approve())
    ok(await driver.determine("2026-05-18"))
    assert await driver.state() == "MASA_SANGGAH"
    rows = await graduation.sql("SELECT count(DISTINCT person) FROM stage_act")
    assert rows[0][0] == 4
    assert await graduation.sql("SELECT 1 FROM credit") == []
    told = [one for one in await graduation.emitted() if one["type"].startswith("graduation.")]
    assert [one["type"].split(".")[1] for one in told] == ["graduasi_proposed", "graduasi_determined"]
    assert told[1]["data"]["opens_rujukan"] is False


async def test_is_written_down_as_a_move_with_its_evidence(graduation: Running) -> None:
    driver = await start_case(graduation)
    await apply_proposal(driver, proposal(driver))
    listed = await graduation.get(f"/v1/graduasi/{driver.graduasi_id}/history", as_=driver.by["field"])
    (move,) = ok(listed, 200)["items"]
    assert (move["from_state"], move["to_state"]) == ("TERIDENTIFIKASI", "DIUSULKAN")
    assert (move["person"], move["evidence_sha256"]) == (str(driver.field.pendamping_id), "e" * 64)


async def test_opens_one_case_however_often_it_is_told(graduation: Running) -> None:
    driver = await start_case(graduation)
    told = proposal(driver)
    await apply_events(graduation, told, told)
    await again(graduation)
    await apply_events(graduation)
    assert (await graduation.sql("SELECT count(*) FROM graduasi"))[0][0] == 1
    assert (await graduation.sql("SELECT count(*) FROM graduasi_history"))[0][0] == 1


async def test_needs_nothing_of_the_family_to_be_known_here(graduation: Running) -> None:
    driver = await start_case(graduation)
    stranger = proposal(driver, kpm_id=uuid7(), kepesertaan_id=uuid7())
    assert (await apply_proposal(driver, stranger))["taken"] == "OPENED"
    ok(await driver.verify())
    ok(await driver.approve())
    ok(await driver.determine("2026-05-18"))


async def test_by_the_dinsos_cannot_be_approved_by_the_same_official_and_counts_to_nobody(
    graduation: Running,
) -> None:
    driver = await start_case(graduation)
    official = {"proposer": "dinsos-kendal-1", "pendamping_id": None, "penugasan_id": None}
    await apply_proposal(driver, proposal(driver, **official))
    ok(await driver.verify())
    answer = await driver.approve()
    assert (answer.status_code, answer.json()["title"]) == (403, "SamePersonTwice")
    driver.by["approval"] = graduation.token("DINSOS_KABKOTA", "dinsos-kendal-2", [KENDAL])
    ok(await driver.approve())
    await graduation.sql("UPDATE policy SET counts = true WHERE exit_reason = 'MENINGGAL'")
    ok(await driver.determine("2026-05-18"))
    assert await graduation.sql("SELECT 1 FROM credit") == []


async def test_by_a_pendamping_cannot_be_verified_by_another_account_of_theirs(graduation: Running) -> None:
    driver = await start_case(graduation)
    await apply_proposal(driver, proposal(driver))
    mine = driver.field.pendamping_id
    driver.by["verification"] = graduation.token("KETUA_TIM_KABKOTA", "other", [KENDAL], pendamping_id=mine)
    assert (await driver.verify()).json()["title"] == "SamePersonTwice"


@pytest.mark.parametrize("exit_reason", ["NIK_TIDAK_PADAN", "ALAMIAH", "SOMETHING_NEWER"])
async def test_for_a_reason_without_a_policy_opens_nothing_and_says_so(
    graduation: Running, exit_reason: str
) -> None:
    driver = await start_case(graduation)
    found = await apply_proposal(driver, proposal(driver, exit_reason))
    assert (found["taken"], found["graduasi_id"]) == ("NO_POLICY", None)
    assert await graduation.sql("SELECT 1 FROM graduasi") == []


async def test_waits_behind_an_open_case_and_is_taken_up_when_that_falls_away(graduation: Running) -> None:
    driver = await (await start_case(graduation)).open()
    first = driver.graduasi_id
    one, two = proposal(driver), proposal(driver, "PINDAH")
    for told in (one, two):
        found = await apply_proposal(driver, told)
        assert (found["taken"], found["behind_id"]) == ("WAITING", first)
    body = {"ground": "DASAR_GUGUR", **WHY}
    ok(await driver.post("cancellation", body, "approval"))
    opened = await apply_proposal(driver, one)
    assert (opened["taken"], opened["behind_id"]) == ("OPENED", None)
    assert await driver.state() == "DIUSULKAN"
    behind = await apply_proposal(driver, two)
    assert (behind["taken"], behind["behind_id"]) == ("WAITING", opened["graduasi_id"])


async def test_waits_behind_an_exit_that_is_in_effect(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).to("MASA_SANGGAH")
    await at(graduation, date(2026, 6, 18))
    await graduation.work()
    assert await driver.state() == "EFEKTIF"
    assert (await apply_proposal(driver, proposal(driver)))["taken"] == "WAITING"
    body = {
        "kpm_id": str(driver.kpm_id),
        "kepesertaan_id": str(driver.kepesertaan_id),
        "exit_reason": "ALAMIAH",
    }
    answer = await graduation.post("/v1/graduasi", body, as_=driver.by["field"])
    assert (answer.status_code, answer.json()["title"]) == (409, "CaseAlreadyOpen")


async def test_and_a_case_opened_at_the_same_moment_are_one_open_case(graduation: Running) -> None:
    driver = await start_case(graduation)
    told = proposal(driver)
    await asyncio.gather(apply_events(graduation, told), driver.open(), return_exceptions=True)
    rows = await graduation.sql("SELECT count(*) FROM graduasi")
    assert rows[0][0] == 1
    assert (await apply_proposal(driver, told))["taken"] in {"OPENED", "WAITING"}


async def test_that_was_returned_is_proposed_again_by_who_accompanies_the_family(graduation: Running) -> None:
    driver = await start_case(graduation)
    await apply_proposal(driver, proposal(driver))
    ok(await driver.post("return", WHY, "verification"))
    ok(await driver.propose())
    rows = await graduation.sql("SELECT facts FROM usul ORDER BY at, usul_id")
    assert len(rows) == 2
    assert rows[0]["facts"] == rows[1]["facts"]  # the second stands on the same evidence
    assert "exit_proposal_id" in rows[1]["facts"]
    ok(await driver.verify())
    assert await driver.state() == "DIVERIFIKASI_KETIM"


async def test_is_seen_by_its_proposer_and_its_area_and_nobody_else(graduation: Running) -> None:
    driver, other = await start_case(graduation), await start_case(graduation)
    await apply_proposal(driver, proposal(driver))
    elsewhere = graduation.token("DINSOS_KABKOTA", "dinsos-pemalang-1", ["33.27"])
    for token, seen in ((driver.by["field"], 1), (other.by["field"], 0), (elsewhere, 0)):
        items = ok(await graduation.get("/v1/exit-proposal", as_=token), 200)["items"]
        assert len(items) == seen
    waiting = await graduation.get("/v1/exit-proposal?taken=WAITING", as_=driver.by["approval"])
    assert ok(waiting, 200)["items"] == []


async def test_cannot_name_a_case_that_it_did_not_open_nor_two_one_case(graduation: Running) -> None:
    driver = await start_case(graduation)
    found = await apply_proposal(driver, proposal(driver))
    await apply_proposal(driver, proposal(driver))
    connection = await asyncpg.connect(graduation.settings.worker_database_url)
    try:
        with pytest.raises(asyncpg.UniqueViolationError, match="uq_exit_proposal_graduasi_id"):
            await connection.execute(
                "UPDATE exit_proposal SET taken = 'OPENED', behind_id = NULL, graduasi_id = $1 WHERE taken = 'WAITING'",
                UUID(found["graduasi_id"]),
            )
        with pytest.raises(asyncpg.CheckViolationError, match="opened_names_its_case"):
            await connection.execute("UPDATE exit_proposal SET taken = 'OPENED' WHERE taken = 'WAITING'")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("DELETE FROM exit_proposal")
    finally:
        await connection.close()


def withdrawal(told: caseload.ExitProposed) -> caseload.ExitProposalWithdrawn:
    names = ("exit_proposal_id", "kpm_id", "kode_wilayah", "kepesertaan_id")
    said = {name: getattr(told, name) for name in names}
    return caseload.ExitProposalWithdrawn.model_validate(
        said | {"withdrawn_by": told.proposer, "withdrawn_on": DAY}
    )


async def test_names_the_proposal_that_its_case_came_from(graduation: Running) -> None:
    driver = await start_case(graduation)
    told = proposal(driver)
    await apply_proposal(driver, told)
    (said,) = [
        one["data"] for one in await graduation.emitted() if one["type"] == "graduation.graduasi_proposed.v1"
    ]
    assert said["exit_proposal_id"] == str(told.exit_proposal_id)


@pytest.mark.parametrize("step", ["DIUSULKAN", "DISETUJUI_DINSOS", "DITUNDA"])
async def test_and_was_withdrawn_falls_away_before_its_sk(graduation: Running, step: str) -> None:
    driver = await start_case(graduation)
    told = proposal(driver)
    await apply_proposal(driver, told)
    if step == "DISETUJUI_DINSOS":
        ok(await driver.verify())
        ok(await driver.approve())
    elif step == "DITUNDA":
        ok(await driver.post("postponement", WHY, "verification"))
    await apply_events(graduation, withdrawal(told), withdrawal(told))
    assert await driver.state() == "DIBATALKAN"
    closed = [
        one["data"] for one in await graduation.emitted() if one["type"] == "graduation.graduasi_closed.v1"
    ]
    assert [(one["closed_as"], one["reason"]) for one in closed] == [("DIBATALKAN", "USULAN_DITARIK")]


async def test_and_was_withdrawn_after_its_sk_stands(graduation: Running) -> None:
    driver = await start_case(graduation)
    told = proposal(driver)
    await apply_proposal(driver, told)
    ok(await driver.verify())
    ok(await driver.approve())
    ok(await driver.determine("2026-05-18"))
    await apply_events(graduation, withdrawal(told))
    assert await driver.state() == "MASA_SANGGAH"


async def test_and_was_withdrawn_while_it_waited_is_never_taken_up(graduation: Running) -> None:
    driver = await (await start_case(graduation)).open()
    told = proposal(driver)
    assert (await apply_proposal(driver, told))["taken"] == "WAITING"
    await apply_events(graduation, withdrawal(told))
    found = await apply_proposal(driver, told)
    assert (found["taken"], found["behind_id"]) == ("WITHDRAWN", None)
    ok(await driver.post("cancellation", {"ground": "DASAR_GUGUR", **WHY}, "approval"))
    assert (await apply_proposal(driver, told))["taken"] == "WITHDRAWN"
    assert (await graduation.sql("SELECT count(*) FROM graduasi"))[0][0] == 1
