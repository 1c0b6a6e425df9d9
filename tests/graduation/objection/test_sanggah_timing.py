"""An objection in term is never lost: not while the case is postponed, not when the term passes meanwhile, not after the end."""

from datetime import date

import httpx
import pytest

from tests.factories.graduation.case import CaseDriver, at, emitted_events, ok
from tests.factories.graduation.monitoring import completed
from tests.factories.graduation.objection import DAY_AFTER, LAST_DAY, annul, decide, lodge, tahap
from tests.factories.services import Running

WHY = {"reason": "Data keluarga diperiksa silang."}
LONG_AFTER = date(2026, 6, 25)


async def postponed(service: Running) -> CaseDriver:
    """A case that was in its term and is postponed since the third day of it."""
    driver = await (await CaseDriver.start(service)).to("MASA_SANGGAH")
    await at(service, date(2026, 5, 20))
    ok(await driver.post("postponement", WHY, "approval"))
    return driver


def says(answer: httpx.Response, *words: str) -> None:
    """What an official reads holds these words."""
    assert answer.status_code == 409
    assert all(word in answer.json()["detail"] for word in words), answer.text


async def test_in_term_while_postponed_is_refused_with_when_it_is_taken_in(graduation: Running) -> None:
    driver = await postponed(graduation)
    answer = await lodge(driver, date(2026, 5, 20))
    assert answer.json()["title"] == "SanggahWhilePostponed"
    says(answer, "DITUNDA", "2026-05-20", "2026-06-17", "also when the term has passed")
    assert await graduation.sql("SELECT 1 FROM sanggah") == []
    assert await driver.state() == "DITUNDA"


@pytest.mark.parametrize("worked", [False, True])
async def test_is_taken_in_after_the_resumption_when_the_term_has_passed(
    graduation: Running, worked: bool
) -> None:
    driver = await postponed(graduation)
    await at(graduation, LONG_AFTER)
    await graduation.work()
    assert await driver.state() == "DITUNDA"  # the term's end passes nobody into effect
    assert await emitted_events(graduation, "kpm_graduated") == []
    assert (await lodge(driver, LAST_DAY)).json()["title"] == "SanggahWhilePostponed"
    ok(await driver.post("resumption", WHY, "approval"))
    if worked:
        await graduation.work()
    assert await driver.state() == ("EFEKTIF" if worked else "MASA_SANGGAH")
    sanggah_id = ok(await lodge(driver, LAST_DAY))["sanggah_id"]
    assert await driver.state() == "DISANGGAH"
    await graduation.work()
    assert await driver.state() == "DISANGGAH"
    closed = [] if worked else tahap("2026-3")  # its list was closed before the resumption moved the exit
    ok(await decide(driver, sanggah_id, "DITERIMA", back_pay=closed))
    assert await driver.state() == "DIPULIHKAN"


async def test_out_of_term_while_postponed_is_out_of_term(graduation: Running) -> None:
    driver = await postponed(graduation)
    await at(graduation, LONG_AFTER)
    assert (await lodge(driver, DAY_AFTER)).json()["title"] == "SanggahOutOfTerm"


async def test_on_a_case_that_is_complete_is_sent_to_who_can_undo_it(graduation: Running) -> None:
    driver = await completed(graduation)
    answer = await lodge(driver, LAST_DAY)
    assert answer.json()["title"] == "SanggahAfterCaseEnd"
    says(answer, "SELESAI", "/v1/graduasi/{id}/annulment")
    ok(await annul(driver, back_pay=tahap("2026-3", "2026-4", "2027-1")))
    assert await driver.state() == "DIPULIHKAN"


async def test_on_a_case_without_an_sk_has_nothing_to_object_to_also_while_postponed(
    graduation: Running,
) -> None:
    driver = await (await CaseDriver.start(graduation)).to("DISETUJUI_DINSOS")
    ok(await driver.post("postponement", WHY, "approval"))
    assert (await lodge(driver, date(2026, 5, 18))).json()["title"] == "IllegalTransition"


async def test_is_not_waited_for_by_resuming_what_was_not_postponed(graduation: Running) -> None:
    driver = await postponed(graduation)
    ok(await driver.post("resumption", WHY, "approval"))
    again = await driver.post("resumption", WHY, "approval")
    assert (again.status_code, again.json()["title"]) == (409, "CaseNotPostponed")
