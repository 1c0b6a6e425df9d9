"""Exits whose policy has no monitoring months are complete on their effective date."""

from datetime import date

import pytest

from tests.factories.graduation.case import CaseDriver, expect_ok, read_emitted_events, set_day, work_until
from tests.factories.graduation.exit_proposal import SHORT, apply_proposal, build_exit_proposed, start_case
from tests.factories.graduation.objection import annul_graduasi, build_tahap, lodge_sanggah
from tests.factories.graduation.policy import Ministry
from tests.factories.services import Running

EXIT = date(2026, 7, 1)


async def determine_case(service: Running, exit_reason: str = "MENINGGAL") -> CaseDriver:
    """A short case in its term since 2026-05-18."""
    driver = await start_case(service)
    await apply_proposal(driver, build_exit_proposed(driver, exit_reason))
    for step in (driver.verify, driver.approve, lambda: driver.determine("2026-05-18")):
        expect_ok(await step())
    return driver


async def bring_into_effect(driver: CaseDriver, on: date = EXIT) -> CaseDriver:
    await work_until(driver.service, on)
    return driver


@pytest.mark.parametrize("exit_reason", SHORT)
async def test_case_is_complete_on_the_effective_date(graduation: Running, exit_reason: str) -> None:
    driver = await determine_case(graduation, exit_reason)
    await bring_into_effect(driver, date(2026, 6, 30))
    assert await driver.read_state() == "EFEKTIF"
    ((_, fact),) = await read_emitted_events(graduation, "kpm_graduated")
    assert (fact["monitoring_months"], fact["effective_on"]) == (0, "2026-07-01")
    await bring_into_effect(driver)
    shown = expect_ok(
        await graduation.get(f"/v1/graduasi/{driver.graduasi_id}", as_=driver.by["approval"]), 200
    )
    assert (shown["state"], shown["outcome"]) == ("SELESAI", "TIDAK_DIPANTAU")
    moves = await graduation.sql("SELECT from_state, to_state FROM graduasi_history ORDER BY history_id")
    assert [tuple(row) for row in moves][-2:] == [("EFEKTIF", "PEMANTAUAN"), ("PEMANTAUAN", "SELESAI")]
    assert await graduation.sql("SELECT 1 FROM monitoring_task") == []
    assert await read_emitted_events(graduation, "monitoring_recorded") == []


async def test_cohort_has_no_survival_without_monitoring(graduation: Running) -> None:
    await bring_into_effect(await determine_case(graduation))
    visited = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH", "2026-07-02")
    items = expect_ok(await graduation.get("/v1/cohort?year=2026", as_=visited.by["approval"]), 200)["items"]
    months = {one["exit_reason"]: [after["month"] for after in one["survival"]] for one in items}
    assert months == {"MENINGGAL": [], "SEJAHTERA_MANDIRI": [6, 12, 24]}


async def test_sanggah_after_the_end_is_refused_and_names_the_annulment(graduation: Running) -> None:
    driver = await bring_into_effect(await determine_case(graduation, "TIDAK_DITEMUKAN"), date(2026, 7, 3))
    answer = await lodge_sanggah(driver, date(2026, 6, 10))
    assert (answer.status_code, answer.json()["title"]) == (409, "SanggahAfterCaseEnd")
    expect_ok(await annul_graduasi(driver, back_pay=build_tahap("2026-3")))
    assert await driver.read_state() == "DIPULIHKAN"


async def test_policy_with_months_creates_monthly_tasks(graduation: Running) -> None:
    await set_day(graduation, date(2026, 5, 17))
    months = {"monitoring_months": 2, "follow_up_months": [], "survival_months": [6], "check_days": 7}
    await Ministry(graduation).enact("2026-05-18", "PINDAH", **months)
    driver = await bring_into_effect(await determine_case(graduation, "PINDAH"))
    assert await driver.read_state() == "PEMANTAUAN"
    rows = await graduation.sql("SELECT month, opens_on FROM monitoring_task ORDER BY month")
    assert [tuple(row) for row in rows] == [(1, date(2026, 7, 1)), (2, date(2026, 8, 1))]


async def test_policy_shows_its_months(graduation: Running) -> None:
    await set_day(graduation, date(2026, 5, 18))
    kemensos = graduation.token("KEMENSOS", "kemensos-1")
    listed = expect_ok(await graduation.get("/v1/policy", as_=kemensos), 200)["items"]
    names = ("monitoring_months", "follow_up_months", "survival_months", "check_days")
    assert {one["exit_reason"]: tuple(one[name] for name in names) for one in listed} == {
        **{
            reason: (6, [12, 24], [6, 12, 24], 14)
            for reason in ("SEJAHTERA_MANDIRI", "SEJAHTERA_PPSE", "ALAMIAH")
        },
        **{reason: (0, [], [], 14) for reason in SHORT},
    }


@pytest.mark.parametrize("wrong", [{"monitoring_months": 61}, {"follow_up_months": [0]}, {"check_days": 0}])
async def test_invalid_months_are_refused(graduation: Running, wrong: dict[str, object]) -> None:
    await set_day(graduation, date(2026, 5, 18))
    assert (await Ministry(graduation).draft("PINDAH", **wrong)).status_code == 422
