"""A wrong result of the monitoring is voided, and the right one is recorded."""

from datetime import date
from typing import Any

import httpx
import pytest

from shared.access import Role
from shared.contracts import registry
from shared.contracts.kinds import PendampingStatus, SubjectKind
from tests.factories.graduation.case import CaseDriver, expect_ok, read_emitted_events, set_day
from tests.factories.graduation.changed_facts import move_away
from tests.factories.graduation.events import KENDAL, apply_events
from tests.factories.graduation.evidence import clear_flag, list_flags
from tests.factories.graduation.monitoring import (
    complete_monitoring,
    create_monitored_case,
    end_dampingan,
    read_sixth_month,
    read_tasks,
    record_monitoring,
    relapse_reported,
)
from tests.factories.graduation.objection import annul_graduasi, build_tahap
from tests.factories.services import Running, expect_refusal

WRONG = {"reason": "SALAH_KELUARGA"}
LAST_DAY = date(2027, 1, 1)


def team_lead_token(service: Running, *areas: str) -> str:
    return service.token(Role.KETUA_TIM_KABKOTA, "ketua-kendal-9", list(areas or (KENDAL,)))


async def void_result(driver: CaseDriver, task: dict[str, Any], by: str = "", **more: Any) -> httpx.Response:
    path = f"/v1/monitoring/{task['task_id']}/void"
    return await driver.service.post(path, WRONG, as_=by or driver.by["field"], **more)


async def read_voided(driver: CaseDriver, task: dict[str, Any], by: str = "") -> list[dict[str, Any]]:
    path = f"/v1/monitoring/{task['task_id']}/void"
    items: list[dict[str, Any]] = expect_ok(
        await driver.service.get(path, as_=by or driver.by["approval"]), 200
    )["items"]
    return items


async def read_results(driver: CaseDriver) -> list[tuple[int, bool, bool]]:
    """Return month, result and void of the events of results."""
    events = [fact for _, fact in await read_emitted_events(driver.service, "monitoring_recorded")]
    return [(fact["month"], fact["still_out"], fact["voided"]) for fact in events]


async def read_outcome(driver: CaseDriver) -> tuple[str, str | None]:
    path = f"/v1/graduasi/{driver.graduasi_id}"
    shown = expect_ok(await driver.service.get(path, as_=driver.by["sk"]), 200)
    return shown["state"], shown["outcome"]


@pytest.mark.parametrize("by_author", [True, False])
async def test_voided_result_stays_readable_and_the_right_one_is_recorded(
    graduation: Running, *, by_author: bool
) -> None:
    driver, tasks = await create_monitored_case(graduation)
    expect_ok(await record_monitoring(driver, tasks[0], still_out=False, cause="SAKIT", note="Salah."))
    by = driver.by["field"] if by_author else team_lead_token(graduation)
    shown = expect_ok(await void_result(driver, tasks[0], by), 200)
    assert (shown["recorded_on"], shown["still_out"], shown["cause"], shown["note"]) == (None,) * 4
    assert [task["month"] for task in await read_tasks(driver, "BULANAN")] == [1, 2, 3, 4, 5, 6]
    for reader in (driver.by["field"], driver.by["approval"]):
        [voided] = await read_voided(driver, tasks[0], reader)
        assert (voided["still_out"], voided["cause"], voided["note"]) == (False, "SAKIT", "Salah.")
        assert (voided["void_reason"], voided["voided_on"]) == ("SALAH_KELUARGA", "2026-07-01")
    expect_ok(await record_monitoring(driver, tasks[0]))
    assert await read_results(driver) == [(1, False, False), (1, False, True), (1, True, False)]


async def test_void_that_is_sent_again_has_one_effect(graduation: Running) -> None:
    driver, tasks = await create_monitored_case(graduation)
    expect_ok(await record_monitoring(driver, tasks[0]))
    answers = [await void_result(driver, tasks[0], key="one") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    expect_refusal(await void_result(driver, tasks[0]), "MonitoringNotRecorded", 409)
    assert len(await read_voided(driver, tasks[0])) == 1
    assert len(await read_results(driver)) == 2


async def test_voided_month_holds_the_end_until_the_right_result(graduation: Running) -> None:
    driver, tasks = await create_monitored_case(graduation)
    await set_day(graduation, LAST_DAY)
    for task in tasks[:5]:
        expect_ok(await record_monitoring(driver, task))
    expect_ok(await void_result(driver, tasks[2]), 200)
    expect_ok(await record_monitoring(driver, tasks[5]))
    assert await read_outcome(driver) == ("PEMANTAUAN", None)
    expect_ok(await record_monitoring(driver, tasks[2]))
    assert await read_outcome(driver) == ("SELESAI", "BERTAHAN")


async def test_voided_result_is_in_no_cohort(graduation: Running) -> None:
    driver, tasks = await create_monitored_case(graduation)
    await set_day(graduation, LAST_DAY)
    expect_ok(await record_monitoring(driver, tasks[5]))

    assert await read_sixth_month(driver) == (1, 1, 1)
    expect_ok(await void_result(driver, tasks[5]), 200)
    assert await read_sixth_month(driver) == (1, 0, 0)


@pytest.mark.parametrize("still_out", [True, False])
async def test_result_of_a_decided_monitoring_is_final(graduation: Running, *, still_out: bool) -> None:
    driver = await complete_monitoring(graduation, still_out=still_out)
    path = f"/v1/monitoring?graduasi_id={driver.graduasi_id}&open_only=false"
    tasks = expect_ok(await graduation.get(path, as_=driver.by["approval"]), 200)["items"]
    for task in tasks[:6]:
        answer = await void_result(driver, task, team_lead_token(graduation))
        expect_refusal(answer, "MonitoringDecided", 409)


async def test_follow_up_is_voided_until_a_relapse_is_confirmed(graduation: Running) -> None:
    driver = await complete_monitoring(graduation)
    first, second = await read_tasks(driver, "LANJUTAN")
    await set_day(graduation, date(2027, 6, 20))
    expect_ok(await record_monitoring(driver, first))
    expect_ok(await void_result(driver, first), 200)
    expect_ok(await record_monitoring(driver, first))
    await set_day(graduation, date(2028, 6, 20))
    expect_ok(await record_monitoring(driver, second, still_out=False, cause="SAKIT"))
    for task in (first, second):
        expect_refusal(await void_result(driver, task), "MonitoringDecided", 409)


async def test_result_of_an_annulled_case_is_not_voided(graduation: Running) -> None:
    driver, tasks = await create_monitored_case(graduation)
    expect_ok(await record_monitoring(driver, tasks[0]))
    expect_ok(await annul_graduasi(driver, back_pay=build_tahap("2026-3")))
    expect_refusal(await void_result(driver, tasks[0]), "CaseNotMonitored", 409)


async def test_check_is_closed_if_another_one_is_open(graduation: Running) -> None:
    driver, _ = await create_monitored_case(graduation)
    await apply_events(graduation, relapse_reported(driver, date(2026, 7, 1)))
    [check] = await read_tasks(driver, "LAPORAN")
    expect_ok(await record_monitoring(driver, check))
    await apply_events(graduation, relapse_reported(driver, date(2026, 7, 1)))
    [other] = await read_tasks(driver, "LAPORAN")
    shown = expect_ok(await void_result(driver, check), 200)
    assert shown["closed_on"] == "2026-07-01"
    expect_refusal(await void_result(driver, check), "TaskClosed", 409)
    assert [one["task_id"] for one in await read_tasks(driver, "LAPORAN")] == [other["task_id"]]


async def test_month_keeps_the_result_of_another_task(graduation: Running) -> None:
    driver, tasks = await create_monitored_case(graduation)
    await apply_events(graduation, relapse_reported(driver, date(2026, 7, 1)))
    [check] = await read_tasks(driver, "LAPORAN")
    expect_ok(await record_monitoring(driver, tasks[0], still_out=False, cause="SAKIT"))
    expect_ok(await record_monitoring(driver, check))
    expect_ok(await void_result(driver, check), 200)
    assert await read_results(driver) == [(1, False, False), (1, True, False), (1, False, False)]


async def test_flag_holds_the_result_that_is_entered_again(graduation: Running) -> None:
    driver, tasks = await create_monitored_case(graduation)
    await set_day(graduation, LAST_DAY)
    photo = await driver.upload_evidence(b"one photo")
    for task in tasks[:2]:
        body = {"evidence_sha256": photo, "evidence_on": task["opens_on"]}
        expect_ok(await record_monitoring(driver, task, **body))
    for task in tasks[2:5]:
        expect_ok(await record_monitoring(driver, task))
    expect_ok(await void_result(driver, tasks[1]), 200)
    for task in (tasks[1], tasks[5]):
        expect_ok(await record_monitoring(driver, task))
    assert await read_outcome(driver) == ("PEMANTAUAN", None)
    [flag] = await list_flags(graduation)
    expect_ok(await clear_flag(graduation, flag["flag_id"]))
    assert await read_outcome(driver) == ("SELESAI", "BERTAHAN")


async def test_author_voids_after_the_family_has_moved_and_another_accompanies_it(
    graduation: Running,
) -> None:
    driver, tasks = await create_monitored_case(graduation)
    expect_ok(await record_monitoring(driver, tasks[0]))
    await set_day(graduation, date(2026, 7, 20))
    await end_dampingan(driver, date(2026, 7, 10))
    await move_away(driver)
    lead = team_lead_token(graduation)
    expect_refusal(await void_result(driver, tasks[0], lead), "CaseElsewhere", 403)
    shown = expect_ok(await void_result(driver, tasks[0]), 200)
    assert not shown["kode_wilayah"].startswith(KENDAL)
    assert len(await read_voided(driver, tasks[0], driver.by["field"])) == 1
    page = expect_ok(await graduation.get("/v1/monitoring", as_=driver.by["field"]), 200)
    listed = {one["task_id"]: one["actions"] for one in page["items"]}
    assert {one["operation"]: one["allowed"] for one in listed[tasks[0]["task_id"]]} == {
        "record_monitoring": "UNKNOWN",
        "void_monitoring": "NO",
        "reverse_monitoring": "NO",
    }


@pytest.mark.parametrize(
    ("status", "code"), [(PendampingStatus.CUTI, 200), (PendampingStatus.DIBERHENTIKAN, 409)]
)
async def test_author_voids_during_leave_and_not_after_a_dismissal(
    graduation: Running, status: PendampingStatus, code: int
) -> None:
    driver, tasks = await create_monitored_case(graduation)
    expect_ok(await record_monitoring(driver, tasks[0]))
    changed = registry.PendampingStatusChanged(
        pendamping_id=driver.field.pendamping_id,
        pendamping_no="PD-1",
        subject=SubjectKind.PERSON,
        status=status,
        reason="CUTI_TAHUNAN",
        from_on=date(2026, 7, 1),
    )
    await apply_events(graduation, changed)
    assert (await void_result(driver, tasks[0])).status_code == code


async def test_another_pendamping_voids_nothing(graduation: Running) -> None:
    driver, tasks = await create_monitored_case(graduation)
    expect_ok(await record_monitoring(driver, tasks[0]))
    await graduation.sql("UPDATE monitoring_task SET pendamping_id = gen_random_uuid() WHERE month = 1")
    expect_refusal(await void_result(driver, tasks[0]), "NotAllowed", 403)
    elsewhere = team_lead_token(graduation, "51")
    expect_refusal(await void_result(driver, tasks[0], elsewhere), "NotFound", 404)


async def test_right_day_is_entered_however_late_after_a_void(graduation: Running) -> None:
    driver, tasks = await create_monitored_case(graduation)
    await set_day(graduation, date(2026, 7, 20))
    expect_ok(await record_monitoring(driver, tasks[0], visited_on="2026-07-10"))
    await set_day(graduation, date(2026, 9, 30))
    expect_ok(await void_result(driver, tasks[0]), 200)
    later = await record_monitoring(driver, tasks[0], visited_on="2026-07-21")
    expect_refusal(later, "WorkEnteredTooLate", 422)
    right = expect_ok(await record_monitoring(driver, tasks[0], visited_on="2026-07-02"))
    assert (right["visited_on"], right["recorded_on"]) == ("2026-07-02", "2026-09-30")
