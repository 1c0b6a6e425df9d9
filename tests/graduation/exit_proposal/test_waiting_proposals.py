"""An exit proposal that waits behind a case has a deadline (docs/case-lifecycle.md#deadlines-of-states)."""

from datetime import date, timedelta

from tests.factories.graduation.case import CaseDriver, expect_ok, set_day
from tests.factories.graduation.exit_proposal import DAY, apply_proposal, build_exit_proposed, start_case
from tests.factories.graduation.objection import annul_graduasi, build_tahap
from tests.factories.overdue import read_overdue
from tests.factories.services import Running


async def test_a_waiting_proposal_shows_its_deadline_and_is_overdue_after_it(graduation: Running) -> None:
    driver = await start_case(graduation)
    await driver.open()
    waiting = await apply_proposal(driver, build_exit_proposed(driver, "PINDAH"))
    due_on = DAY + timedelta(days=14)
    assert (waiting["taken"], waiting["due_on"]) == ("WAITING", str(due_on))
    late = due_on + timedelta(days=1)
    items = await read_overdue(graduation, driver.by["approval"], late, subject_kind="exit_proposal")
    assert [(item["subject_id"], item["owner"]) for item in items] == [
        (waiting["exit_proposal_id"], "DINSOS_KABKOTA")
    ]
    expect_ok(await driver.post("cancellation", await cancellation(driver), "approval"))
    items = await read_overdue(graduation, driver.by["approval"], subject_kind="exit_proposal")
    assert items == [], "its own case is open now"


async def cancellation(driver: object) -> dict[str, object]:
    evidence = await driver.upload_evidence()  # type: ignore[attr-defined]
    return {"ground": "LAINNYA", "reason": "Keluarga pindah.", "evidence_sha256": evidence}


async def test_proposal_behind_an_exit_in_effect_has_no_deadline_until_it_is_annulled(
    graduation: Running,
) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    proposal = build_exit_proposed(driver, "PINDAH")
    await apply_proposal(driver, proposal)
    await set_day(graduation, date(2026, 6, 18))
    await graduation.work()
    shown = expect_ok(await graduation.get("/v1/exit-proposal", as_=driver.by["approval"]), 200)["items"]
    assert [(one["taken"], one["due_on"]) for one in shown] == [("WAITING", None)]
    late = date(2026, 7, 5)
    assert await read_overdue(graduation, driver.by["approval"], late, subject_kind="exit_proposal") == []
    expect_ok(await annul_graduasi(driver, back_pay=build_tahap("2026-3")))
    shown = expect_ok(await graduation.get("/v1/exit-proposal", as_=driver.by["approval"]), 200)["items"]
    assert [one["taken"] for one in shown] == ["OPENED"]
