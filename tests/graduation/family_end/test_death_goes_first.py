"""A proposal of MENINGGAL closes the other open cases of the family and takes over."""

from datetime import date
from typing import Any

import pytest

from shared.contracts import caseload
from shared.contracts.kinds import Bansos
from shared.database import uuid7
from tests.factories.delivery import append_log_again
from tests.factories.graduation.case import CaseDriver, expect_ok, read_emitted_events, set_day, work_until
from tests.factories.graduation.events import DESA, apply_events
from tests.factories.graduation.exit_proposal import (
    DAY,
    apply_proposal,
    build_exit_proposed,
    start_case,
    withdrawal,
)
from tests.factories.graduation.family import case_of, family_ended, family_facts, own_proposal
from tests.factories.graduation.monitoring import create_monitored_case
from tests.factories.graduation.objection import annul_graduasi, build_tahap
from tests.factories.services import Running

WHY = {"reason": "Kematian tidak terbukti.", "ground": "BUKTI_LEMAH"}


async def states(service: Running) -> list[tuple[str, str]]:
    rows = await service.sql("SELECT exit_reason, state FROM graduasi ORDER BY opened_at, graduasi_id")
    return [(row["exit_reason"], row["state"]) for row in rows]


async def shown(driver: CaseDriver, event: caseload.ExitProposed) -> dict[str, Any]:
    items = expect_ok(await driver.service.get("/v1/exit-proposal", as_=driver.by["approval"]), 200)["items"]
    return next(item for item in items if item["exit_proposal_id"] == str(event.exit_proposal_id))


async def second_membership(driver: CaseDriver) -> caseload.KepesertaanStarted:
    event = caseload.KepesertaanStarted(
        kepesertaan_id=uuid7(),
        kpm_id=driver.kpm_id,
        kode_wilayah=DESA,
        bansos=Bansos.SEMBAKO,
        valid_from=date(2020, 1, 1),
    )
    await apply_events(driver.service, event)
    return event


@pytest.mark.parametrize("first", ["facts", "proposal"])
async def test_death_in_the_term_leads_to_an_exit_by_death(graduation: Running, first: str) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    event = own_proposal(driver)
    events = [family_ended(driver.kpm_id, DAY), event]
    await apply_events(graduation, *(events if first == "facts" else reversed(events)))
    assert await states(graduation) == [("SEJAHTERA_MANDIRI", "DIPULIHKAN"), ("MENINGGAL", "DIUSULKAN")]
    assert len(await read_emitted_events(graduation, "credit_reversed")) == 1
    assert len(await read_emitted_events(graduation, "graduasi_annulled")) == 1


@pytest.mark.parametrize("first", ["facts", "proposal"])
async def test_events_delivered_again_change_nothing(graduation: Running, first: str) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    events = [family_ended(driver.kpm_id, DAY), own_proposal(driver)]
    await apply_events(graduation, *(events if first == "facts" else reversed(events)))
    before = await states(graduation)
    count = len(await graduation.read_envelopes())
    await append_log_again(graduation)
    await apply_events(graduation)
    assert await states(graduation) == before
    assert len(await graduation.read_envelopes()) == count


async def test_repeated_proposal_closes_no_case_opened_after_a_reversal(graduation: Running) -> None:
    driver = await start_case(graduation)
    event = own_proposal(driver)
    await apply_events(graduation, family_ended(driver.kpm_id, DAY), event)
    await apply_events(graduation, family_facts(driver.kpm_id), withdrawal(event))
    await driver.open()
    await apply_events(graduation, event)
    assert await driver.read_state() == "TERIDENTIFIKASI"


async def test_death_takes_over_from_an_exempt_case(graduation: Running) -> None:
    await set_day(graduation, DAY)
    driver = await (await CaseDriver.start(graduation, able_productive=0)).open()
    expect_ok(await driver.assess())
    row = await apply_proposal(driver, build_exit_proposed(driver))
    assert (row["taken"], row["behind_id"]) == ("OPENED", None)
    assert await states(graduation) == [("SEJAHTERA_MANDIRI", "DIBATALKAN"), ("MENINGGAL", "DIUSULKAN")]


async def test_death_takes_over_from_another_exit_proposal(graduation: Running) -> None:
    driver = await start_case(graduation)
    await apply_proposal(driver, build_exit_proposed(driver, "PINDAH"))
    assert (await apply_proposal(driver, build_exit_proposed(driver)))["taken"] == "OPENED"
    assert await states(graduation) == [("PINDAH", "DIBATALKAN"), ("MENINGGAL", "DIUSULKAN")]


async def test_death_takes_over_an_exit_before_its_effective_day(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    await set_day(graduation, date(2026, 6, 18))
    await graduation.work()
    assert await driver.read_state() == "EFEKTIF"
    assert (await apply_proposal(driver, build_exit_proposed(driver)))["taken"] == "OPENED"
    assert await states(graduation) == [("SEJAHTERA_MANDIRI", "DIPULIHKAN"), ("MENINGGAL", "DIUSULKAN")]


async def test_proposal_of_a_death_waits_behind_an_exit_in_effect(graduation: Running) -> None:
    driver, _ = await create_monitored_case(graduation)
    exited = driver.graduasi_id
    row = await apply_proposal(driver, build_exit_proposed(driver))
    assert (row["taken"], row["behind_id"]) == ("WAITING", exited)
    case = await case_of(driver)
    assert (case["state"], case["outcome"]) == ("SELESAI", "MENINGGAL")


async def test_other_proposals_wait_for_the_case_of_the_death(graduation: Running) -> None:
    driver = await (await start_case(graduation)).open()
    moved, duplicate = build_exit_proposed(driver, "PINDAH"), build_exit_proposed(driver, "DATA_GANDA")
    await apply_events(graduation, moved, duplicate)
    death = own_proposal(driver)
    await apply_events(graduation, family_ended(driver.kpm_id, DAY), death)
    opened = (await shown(driver, death))["graduasi_id"]
    for event in (moved, duplicate):
        row = await shown(driver, event)
        assert (row["taken"], row["behind_id"]) == ("WAITING", opened)
    driver.graduasi_id = opened
    expect_ok(await driver.post("refusal", WHY, "verification"))
    assert (await shown(driver, moved))["taken"] == "OPENED"
    assert (await shown(driver, duplicate))["taken"] == "WAITING"


async def test_death_opens_before_an_older_proposal(graduation: Running) -> None:
    driver, _ = await create_monitored_case(graduation)
    moved, death = build_exit_proposed(driver, "PINDAH"), build_exit_proposed(driver)
    for event in (moved, death):
        assert (await apply_proposal(driver, event))["taken"] == "WAITING"
    expect_ok(await annul_graduasi(driver, back_pay=build_tahap("2026-3", paid=False)))
    assert [(await shown(driver, event))["taken"] for event in (death, moved)] == ["OPENED", "WAITING"]


async def test_each_membership_gets_its_case_of_the_death(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIUSULKAN")
    other = await second_membership(driver)
    sembako = own_proposal(driver, kepesertaan_id=other.kepesertaan_id, bansos=Bansos.SEMBAKO)
    await apply_events(graduation, family_ended(driver.kpm_id, DAY), own_proposal(driver), sembako)
    assert await states(graduation) == [
        ("SEJAHTERA_MANDIRI", "DIBATALKAN"),
        ("MENINGGAL", "DIUSULKAN"),
        ("MENINGGAL", "DIUSULKAN"),
    ]


async def test_proposal_of_a_death_closes_the_cases_of_all_memberships(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIUSULKAN")
    other = await second_membership(driver)
    sembako = build_exit_proposed(driver, kepesertaan_id=other.kepesertaan_id, bansos=Bansos.SEMBAKO)
    await apply_events(graduation, sembako)
    assert await states(graduation) == [("SEJAHTERA_MANDIRI", "DIBATALKAN"), ("MENINGGAL", "DIUSULKAN")]


async def test_proposal_by_the_service_takes_no_stage_and_reaches_its_sk(graduation: Running) -> None:
    driver = await start_case(graduation)
    await apply_proposal(driver, own_proposal(driver))
    case = await case_of(driver)
    assert (case["stages"], case["usul"]["proposed_by"]) == ([], "system:caseload")
    expect_ok(await driver.verify())
    expect_ok(await driver.approve())
    expect_ok(await driver.determine("2026-05-18"))
    await work_until(graduation, date(2026, 7, 1))
    case = await case_of(driver)
    assert (case["state"], case["outcome"]) == ("SELESAI", "TIDAK_DIPANTAU")
    assert [act["stage"] for act in case["stages"]] == ["VERIFIKASI", "PERSETUJUAN", "PENETAPAN"]


@pytest.mark.parametrize("first", ["facts", "withdrawal"])
async def test_reversal_cancels_the_case_of_the_death_and_takes_up_what_waits(
    graduation: Running, first: str
) -> None:
    driver = await (await start_case(graduation)).open()
    moved, death = build_exit_proposed(driver, "PINDAH"), own_proposal(driver)
    await apply_events(graduation, moved, family_ended(driver.kpm_id, DAY), death)
    events = [family_facts(driver.kpm_id), withdrawal(death)]
    await apply_events(graduation, *(events if first == "facts" else reversed(events)))
    assert await states(graduation) == [
        ("SEJAHTERA_MANDIRI", "DIBATALKAN"),
        ("MENINGGAL", "DIBATALKAN"),
        ("PINDAH", "DIUSULKAN"),
    ]
    moves = await graduation.sql(
        "SELECT DISTINCT person, role FROM graduasi_history JOIN graduasi USING (graduasi_id)"
        " WHERE exit_reason = 'MENINGGAL'"
    )
    assert [tuple(row) for row in moves] == [("system:caseload", "SYSTEM")]


async def test_better_evidence_opens_the_case_of_the_death_again(graduation: Running) -> None:
    """Its case was returned. What waits goes on waiting, now for the new case."""
    driver = await (await start_case(graduation)).open()
    moved, death = build_exit_proposed(driver, "PINDAH"), own_proposal(driver)
    await apply_events(graduation, moved, family_ended(driver.kpm_id, DAY), death)
    driver.graduasi_id = (await shown(driver, death))["graduasi_id"]
    expect_ok(await driver.post("return", {"reason": "Akta tidak terbaca."}, "verification"))
    better = own_proposal(driver, evidence_sha256="ab" * 32)
    await apply_events(graduation, withdrawal(death), better)
    assert (await states(graduation))[-1] == ("MENINGGAL", "DIUSULKAN")
    opened, waiting = await shown(driver, better), await shown(driver, moved)
    assert (waiting["taken"], waiting["behind_id"]) == ("WAITING", opened["graduasi_id"])


async def test_reversal_without_a_proposal_takes_up_what_waits(graduation: Running) -> None:
    driver = await (await start_case(graduation)).open()
    moved = build_exit_proposed(driver, "PINDAH")
    await apply_events(graduation, moved, family_ended(driver.kpm_id, DAY))
    assert (await shown(driver, moved))["taken"] == "WAITING"
    await apply_events(graduation, family_facts(driver.kpm_id))
    assert (await shown(driver, moved))["taken"] == "OPENED"
