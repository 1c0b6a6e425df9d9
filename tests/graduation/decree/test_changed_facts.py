"""A case is approved and determined only while what it was proposed on holds."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from shared.database import uuid7
from tests.factories.graduation.case import CaseDriver, expect_ok, read_penetapan, set_day
from tests.factories.graduation.changed_facts import (
    DAY,
    SIGNER,
    WHY,
    close_business,
    determine_all,
    facts,
    lose_signer,
    move_away,
    postpone_by_sk,
    run_bulk,
    show,
    taken_to,
)
from tests.factories.graduation.events import DESA, apply_events
from tests.factories.graduation.exit_proposal import apply_proposal, build_exit_proposed, start_case
from tests.factories.services import Running


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (close_business, "Turnover of all businesses a month, in rupiah: 0 (was 9,000,000)"),
        (lose_signer, "signed"),
    ],
)
async def test_approval_of_changed_facts_is_refused_with_what_differs(
    graduation: Running, change: Any, words: str
) -> None:
    driver = await taken_to(graduation, "DIMUSYAWARAHKAN")
    await change(driver)
    answer = await driver.approve()
    assert (answer.status_code, answer.json()["title"]) == (409, "FactsChanged")
    assert words in answer.json()["detail"]
    assert await driver.read_state() == "DIMUSYAWARAHKAN"
    assert expect_ok(await driver.post("return", WHY, "approval"))["state"] == "DIKEMBALIKAN"


async def test_other_differences_are_shown_and_stop_nothing(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIMUSYAWARAHKAN")
    await close_business(driver)
    shown = await show(driver)
    differences = {one["fact"]: (one["pinned"], one["today"]) for one in shown["differences"]}
    assert differences["USAHA_OMZET_RP"] == (9_000_000, 0)
    assert "members" not in differences
    assert shown["changes"] == []
    expect_ok(await driver.approve())
    expect_ok(await driver.determine(str(DAY)))


@pytest.mark.parametrize(
    ("change", "code"), [(close_business, "RESULT"), (lose_signer, "SIGNER"), (move_away, "AREA")]
)
async def test_sk_postpones_the_changed_case_and_determines_the_others(
    graduation: Running, change: Any, code: str
) -> None:
    changed = await taken_to(graduation, "DISETUJUI_DINSOS")
    unchanged = await taken_to(graduation, "DISETUJUI_DINSOS")
    await change(changed)
    previews = [[one["code"] for one in (await show(driver))["changes"]] for driver in (changed, unchanged)]
    assert previews == [[code], []]
    made = await determine_all([changed, unchanged])
    assert made["determined"] == [unchanged.graduasi_id]
    ((graduasi_id, reasons),) = [(one["graduasi_id"], one["reasons"]) for one in made["postponed"]]
    assert (graduasi_id, [reason["code"] for reason in reasons]) == (changed.graduasi_id, [code])
    assert (made["cases"], await unchanged.read_state(), await changed.read_state()) == (
        1,
        "MASA_SANGGAH",
        "DITUNDA",
    )
    shown = await show(changed)
    assert (shown["held_for"], shown["penetapan"]) == ("FAKTA_BERUBAH", None)
    assert [one["code"] for one in shown["changes"]] == [code]
    assert {act["stage"] for act in shown["stages"]}.isdisjoint({"PENETAPAN"})


async def test_without_a_case_left_no_sk_is_made_and_its_number_is_free(graduation: Running) -> None:
    driver = await taken_to(graduation, "DISETUJUI_DINSOS")
    await close_business(driver)
    made = await determine_all([driver], 200)
    assert (made["sk_id"], made["determined"], made["cases"]) == (None, [], 0)
    assert await driver.read_state() == "DITUNDA"
    assert await graduation.sql("SELECT 1 FROM sk") == []
    other = await taken_to(graduation, "DISETUJUI_DINSOS")
    assert (await determine_all([other]))["sk_no"] == "SK/1/2026"


async def test_another_fault_refuses_all_cases_and_postpones_none(graduation: Running) -> None:
    driver, early = (
        await taken_to(graduation, "DISETUJUI_DINSOS"),
        await taken_to(graduation, "DIMUSYAWARAHKAN"),
    )
    await close_business(driver)
    refused = await determine_all([driver, early], 409)
    assert (refused["title"], refused["params"]) == ("CasesNotApproved", {"ids": [early.graduasi_id]})
    assert [entry["pointer"] for entry in refused["errors"]] == ["/body/graduasi_ids/1"]
    assert await driver.read_state() == "DISETUJUI_DINSOS"


async def test_bulk_sk_postpones_changed_rows(graduation: Running) -> None:
    drivers = [await taken_to(graduation, "DISETUJUI_DINSOS") for _ in range(2)]
    await close_business(drivers[0])
    job = await run_bulk(drivers)
    listed = await graduation.get(f"/v1/jobs/{job['job_id']}/errors", as_=drivers[0].by["sk"])
    (error,) = expect_ok(listed, 200)["items"]
    assert (error["row"], error["code"]) == (1, "FactsChanged")
    assert "9,000,000" in error["reason"]["en"]
    assert error["params"]["codes"] == ["RESULT"]
    assert error["params"]["criteria"] == ["USAHA_AGE_MONTHS", "USAHA_OMZET_RP", "USAHA_PERMIT"]
    assert [await driver.read_state() for driver in drivers] == ["DITUNDA", "MASA_SANGGAH"]
    assert job["report"]["cases"] == 1


async def test_held_case_is_resumed_only_when_its_facts_hold_again(graduation: Running) -> None:
    driver = await postpone_by_sk(graduation)
    refused = await driver.post("resumption", WHY, "approval")
    assert (refused.status_code, refused.json()["title"]) == (409, "FactsChanged")
    await apply_events(graduation, facts(driver))
    resumed = expect_ok(await driver.post("resumption", WHY, "approval"))
    assert (resumed["state"], resumed["held_for"]) == ("DISETUJUI_DINSOS", None)
    assert (await determine_all([driver]))["determined"] == [driver.graduasi_id]


async def test_case_postponed_by_an_official_is_resumed_whatever_its_facts(graduation: Running) -> None:
    driver = await taken_to(graduation, "DISETUJUI_DINSOS")
    expect_ok(await driver.post("postponement", WHY, "approval"))
    await lose_signer(driver)
    assert expect_ok(await driver.post("resumption", WHY, "approval"))["state"] == "DISETUJUI_DINSOS"


async def test_held_case_is_returned_and_needs_a_new_assessment(graduation: Running) -> None:
    driver = await postpone_by_sk(graduation)
    assert expect_ok(await driver.post("return", WHY, "approval"))["state"] == "DIKEMBALIKAN"
    assert (await driver.propose()).json()["title"] == "FactsChanged"
    expect_ok(await driver.assess())
    expect_ok(await driver.sign(str(DAY)))
    assert expect_ok(await driver.propose())["state"] == "DIUSULKAN"


async def test_held_case_is_refused(graduation: Running) -> None:
    driver = await postpone_by_sk(graduation)
    body = {**WHY, "ground": "DATA_TIDAK_SESUAI"}
    assert expect_ok(await driver.post("refusal", body, "approval"))["state"] == "DITOLAK"


async def test_statement_names_its_signer(graduation: Running) -> None:
    await set_day(graduation, DAY)
    driver = await (await CaseDriver.start(graduation, pengurus_id=SIGNER)).open()
    expect_ok(await driver.assess())
    husband = str(uuid7())
    expect_ok(await driver.sign(str(DAY), signer_id=husband))
    assert (await show(driver))["pernyataan"]["signer_id"] == husband


async def test_pengurus_signs_unless_another_member_is_named(graduation: Running) -> None:
    driver = await taken_to(graduation, "DIMUSYAWARAHKAN")
    assert UUID((await show(driver))["pernyataan"]["signer_id"]) == SIGNER


async def test_statement_signed_by_a_former_member_is_refused(graduation: Running) -> None:
    await set_day(graduation, DAY)
    gone = uuid7()
    driver = await (await CaseDriver.start(graduation, former_members=[gone])).open()
    expect_ok(await driver.assess())
    answer = await driver.sign(str(DAY), signer_id=str(gone))
    assert (answer.status_code, answer.json()["title"]) == (409, "SignerNotMember")


async def test_statement_signed_by_a_person_who_is_no_member_is_refused(graduation: Running) -> None:
    await set_day(graduation, DAY)
    driver = await (await CaseDriver.start(graduation, pengurus_id=SIGNER, member_ids=[SIGNER])).open()
    expect_ok(await driver.assess())
    answer = await driver.sign(str(DAY), signer_id=str(uuid7()))
    assert (answer.status_code, answer.json()["title"]) == (409, "NotYetKnown")
    expect_ok(await driver.sign(str(DAY), signer_id=str(SIGNER)))


@pytest.mark.parametrize("adults", [[SIGNER], []])
async def test_minor_signs_only_for_a_family_without_an_adult(
    graduation: Running, adults: list[UUID]
) -> None:
    await set_day(graduation, DAY)
    child = uuid7()
    members = {"pengurus_id": child, "member_ids": [*adults, child], "minor_ids": [child]}
    driver = await (await CaseDriver.start(graduation, **members)).open()
    expect_ok(await driver.assess())
    if not adults:
        expect_ok(await driver.sign(str(DAY)))
        return
    for named in ({}, {"signer_id": str(child)}):
        answer = await driver.sign(str(DAY), **named)
        assert (answer.status_code, answer.json()["title"]) == (409, "SignerIsMinor")
    expect_ok(await driver.sign(str(DAY), signer_id=str(SIGNER)))


async def test_family_whose_pengurus_died_names_the_signer(graduation: Running) -> None:
    await set_day(graduation, DAY)
    driver = await (await CaseDriver.start(graduation, pengurus_id=SIGNER)).open()
    expect_ok(await driver.assess())
    await apply_events(graduation, facts(driver, pengurus_id=None, former_members=[SIGNER]))
    answer = await driver.sign(str(DAY))
    assert (answer.status_code, answer.json()["title"]) == (409, "PengurusMissing")
    expect_ok(await driver.sign(str(DAY), signer_id=str(uuid7())))


async def test_natural_exit_is_not_approved_after_a_new_komponen(graduation: Running) -> None:
    await set_day(graduation, DAY)
    driver = await CaseDriver.start(graduation, last_komponen_ends_on=date(2026, 4, 30))
    await driver.open("ALAMIAH")
    expect_ok(await driver.propose())
    expect_ok(await driver.verify())
    await apply_events(graduation, facts(driver, last_komponen_ends_on=date(2030, 6, 30)))
    answer = await driver.approve()
    assert (answer.status_code, answer.json()["title"]) == (409, "FactsChanged")
    assert "komponen" in answer.json()["detail"]
    assert answer.json()["params"]["codes"] == ["KOMPONEN"]


async def test_exit_by_death_is_not_approved_while_members_live(graduation: Running) -> None:
    driver = await start_case(graduation)
    await apply_proposal(driver, build_exit_proposed(driver, "MENINGGAL"))
    expect_ok(await driver.verify())
    await apply_events(graduation, facts(driver, members=2))
    assert (await driver.approve()).json()["title"] == "FactsChanged"
    await apply_events(graduation, facts(driver, members=1))
    expect_ok(await driver.approve())


async def test_case_approved_in_the_new_area_is_determined(graduation: Running) -> None:
    driver = await taken_to(graduation, "DISETUJUI_DINSOS")
    await apply_events(graduation, facts(driver, kode_wilayah=DESA))
    expect_ok(await driver.determine(str(DAY)))
    assert (await read_penetapan(driver))["announced_on"] == str(DAY)
