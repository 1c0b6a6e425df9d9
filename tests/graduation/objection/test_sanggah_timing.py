"""A sanggah in term is not lost by a postponement or the term's end."""

from datetime import date

import httpx
import pytest

from tests.factories.graduation.case import CaseDriver, expect_ok, read_emitted_events, set_day
from tests.factories.graduation.monitoring import complete_monitoring
from tests.factories.graduation.objection import (
    DAY_AFTER,
    LAST_DAY,
    annul_graduasi,
    build_tahap,
    decide_sanggah,
    lodge_sanggah,
)
from tests.factories.services import Running

WHY = {"reason": "Data keluarga diperiksa silang."}
LONG_AFTER = date(2026, 6, 25)


async def postpone_in_term(service: Running) -> CaseDriver:
    """Return a case that is postponed since the third day of its term."""
    driver = await (await CaseDriver.start(service)).advance_to("MASA_SANGGAH")
    await set_day(service, date(2026, 5, 20))
    expect_ok(await driver.post("postponement", WHY, "approval"))
    return driver


def assert_detail_contains(answer: httpx.Response, *words: str) -> None:
    """What an official reads holds these words."""
    assert answer.status_code == 409
    assert all(word in answer.json()["detail"] for word in words), answer.text


async def test_sanggah_of_a_postponed_case_is_refused_until_its_resumption(graduation: Running) -> None:
    driver = await postpone_in_term(graduation)
    answer = await lodge_sanggah(driver, date(2026, 5, 20))
    assert answer.json()["title"] == "SanggahWhilePostponed"
    assert_detail_contains(answer, "DITUNDA", "2026-05-20", "2026-06-17", "even if the term has ended")
    assert await graduation.sql("SELECT 1 FROM sanggah") == []
    assert await driver.read_state() == "DITUNDA"


@pytest.mark.parametrize("worked", [False, True])
async def test_sanggah_in_term_is_accepted_after_the_resumption(graduation: Running, worked: bool) -> None:
    driver = await postpone_in_term(graduation)
    await set_day(graduation, LONG_AFTER)
    await graduation.work()
    assert await driver.read_state() == "DITUNDA"  # the term's end passes nobody into effect
    assert await read_emitted_events(graduation, "kpm_graduated") == []
    assert (await lodge_sanggah(driver, LAST_DAY)).json()["title"] == "SanggahWhilePostponed"
    expect_ok(await driver.post("resumption", WHY, "approval"))
    if worked:
        await graduation.work()
    assert await driver.read_state() == ("EFEKTIF" if worked else "MASA_SANGGAH")
    sanggah_id = expect_ok(await lodge_sanggah(driver, LAST_DAY))["sanggah_id"]
    assert await driver.read_state() == "DISANGGAH"
    await graduation.work()
    assert await driver.read_state() == "DISANGGAH"
    closed = (
        [] if worked else build_tahap("2026-3")
    )  # its list was closed before the resumption moved the exit
    expect_ok(await decide_sanggah(driver, sanggah_id, "DITERIMA", back_pay=closed))
    assert await driver.read_state() == "DIPULIHKAN"


async def test_sanggah_out_of_term_on_a_postponed_case_is_out_of_term(graduation: Running) -> None:
    driver = await postpone_in_term(graduation)
    await set_day(graduation, LONG_AFTER)
    assert (await lodge_sanggah(driver, DAY_AFTER)).json()["title"] == "SanggahOutOfTerm"


async def test_sanggah_on_a_complete_case_is_refused_and_names_the_annulment(graduation: Running) -> None:
    driver = await complete_monitoring(graduation)
    answer = await lodge_sanggah(driver, LAST_DAY)
    assert answer.json()["title"] == "SanggahAfterCaseEnd"
    assert_detail_contains(answer, "SELESAI", "/v1/graduasi/{id}/annulment")
    expect_ok(await annul_graduasi(driver, back_pay=build_tahap("2026-3", "2026-4", "2027-1")))
    assert await driver.read_state() == "DIPULIHKAN"


async def test_sanggah_without_an_sk_is_refused(
    graduation: Running,
) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DISETUJUI_DINSOS")
    expect_ok(await driver.post("postponement", WHY, "approval"))
    assert (await lodge_sanggah(driver, date(2026, 5, 18))).json()["title"] == "IllegalTransition"


async def test_resuming_a_case_that_is_not_postponed_is_refused(graduation: Running) -> None:
    driver = await postpone_in_term(graduation)
    expect_ok(await driver.post("resumption", WHY, "approval"))
    again = await driver.post("resumption", WHY, "approval")
    assert (again.status_code, again.json()["title"]) == (409, "CaseNotPostponed")
