"""Six monthly tasks after an exit, whose last result ends the case."""

from datetime import date
from typing import Any

import pytest

from shared.contracts import caseload, registry
from shared.contracts.kinds import DampinganPurpose, PendampingStatus, SubjectKind
from tests.factories.graduation.case import expect_ok, set_day
from tests.factories.graduation.events import Field, apply_events
from tests.factories.graduation.monitoring import (
    create_monitored_case,
    end_dampingan,
    read_tasks,
    record_monitoring,
    relapse_reported,
)
from tests.factories.graduation.objection import decide_sanggah, lodge_sanggah
from tests.factories.overdue import read_overdue
from tests.factories.services import Running


async def test_good_last_month_ends_the_case_as_bertahan(graduation: Running) -> None:
    driver, tasks = await create_monitored_case(graduation)
    await set_day(graduation, date(2027, 1, 1))
    for task in tasks[:5]:
        expect_ok(await record_monitoring(driver, task))
        assert await driver.read_state() == "PEMANTAUAN"
    expect_ok(await record_monitoring(driver, tasks[5]))
    shown = expect_ok(await graduation.get(f"/v1/graduasi/{driver.graduasi_id}", as_=driver.by["sk"]), 200)
    assert (shown["state"], shown["outcome"]) == ("SELESAI", "BERTAHAN")
    events = [
        one["data"]
        for one in await graduation.read_envelopes()
        if one["type"] == "graduation.monitoring_recorded.v1"
    ]
    assert [fact["month"] for fact in events] == [1, 2, 3, 4, 5, 6]
    assert {fact["still_out"] for fact in events} == {True}


async def test_bad_last_month_ends_the_case_as_kambuh_and_confirms_the_relapse(
    graduation: Running,
) -> None:
    driver, tasks = await create_monitored_case(graduation)
    await set_day(graduation, date(2027, 1, 1))
    for task in tasks[:5]:
        expect_ok(await record_monitoring(driver, task))
    path = f"/v1/monitoring?graduasi_id={driver.graduasi_id}"
    left = {
        what: [
            task["month"]
            for task in expect_ok(await graduation.get(path + what, as_=driver.by["field"]), 200)["items"]
        ]
        for what in ("", "&open_only=true", "&open_only=false")
    }
    assert left == {"": [6], "&open_only=true": [6], "&open_only=false": [1, 2, 3, 4, 5, 6]}
    expect_ok(await record_monitoring(driver, tasks[5], still_out=False, cause="USAHA_TUTUP"))
    shown = expect_ok(await graduation.get(f"/v1/graduasi/{driver.graduasi_id}", as_=driver.by["sk"]), 200)
    assert (shown["state"], shown["outcome"]) == ("SELESAI", "KAMBUH")
    events = [
        one["data"]
        for one in await graduation.read_envelopes()
        if one["type"] == "graduation.relapse_confirmed.v1"
    ]
    assert [(fact["month"], fact["cause"]) for fact in events] == [(6, "USAHA_TUTUP")]


@pytest.mark.parametrize(
    ("sixth", "fifth", "outcome", "events"),
    [
        ({"still_out": False, "cause": "USAHA_TUTUP"}, {}, "KAMBUH", [(6, "USAHA_TUTUP")]),
        ({}, {"still_out": False, "cause": "SAKIT"}, "BERTAHAN", []),
    ],
)
async def test_last_month_decides_in_any_order_of_recording(
    graduation: Running, sixth: dict[str, Any], fifth: dict[str, Any], outcome: str, events: list[Any]
) -> None:
    driver, tasks = await create_monitored_case(graduation)
    await set_day(graduation, date(2027, 1, 1))
    for task in tasks[:4]:
        expect_ok(await record_monitoring(driver, task))
    expect_ok(await record_monitoring(driver, tasks[5], **sixth))
    assert await driver.read_state() == "PEMANTAUAN"
    expect_ok(await record_monitoring(driver, tasks[4], **fifth))
    shown = expect_ok(await graduation.get(f"/v1/graduasi/{driver.graduasi_id}", as_=driver.by["sk"]), 200)
    assert (shown["state"], shown["outcome"]) == ("SELESAI", outcome)
    relapses = [
        (one["data"]["month"], one["data"]["cause"])
        for one in await graduation.read_envelopes()
        if one["type"] == "graduation.relapse_confirmed.v1"
    ]
    assert relapses == events
    later = await graduation.sql(
        "SELECT month FROM monitoring_task WHERE kind = 'LANJUTAN' AND closed_on IS NULL ORDER BY month"
    )
    assert [row[0] for row in later] == ([12, 24] if outcome == "BERTAHAN" else [])


async def test_result_too_early_twice_or_without_a_cause_is_refused(graduation: Running) -> None:
    driver, tasks = await create_monitored_case(graduation)
    early = await record_monitoring(driver, tasks[1])
    assert (early.status_code, early.json()["title"]) == (409, "MonitoringTooEarly")
    bare = await record_monitoring(driver, tasks[0], still_out=False)
    assert (bare.status_code, bare.json()["title"]) == (422, "CauseMissing")
    expect_ok(await record_monitoring(driver, tasks[0]))
    twice = await record_monitoring(driver, tasks[0])
    assert (twice.status_code, twice.json()["title"]) == (409, "MonitoringAlreadyRecorded")


async def test_tasks_follow_a_hand_over(graduation: Running) -> None:
    driver, tasks = await create_monitored_case(graduation)
    successor = await Field(graduation).start()
    rows = await graduation.sql("SELECT dampingan_id FROM replica_kpm.dampingan")
    watching = {"purpose": DampinganPurpose.PEMANTAUAN}
    ended = driver.field.build_dampingan(
        driver.kpm_id, dampingan_id=rows[0][0], valid_to=date(2026, 7, 1), **watching
    )
    begun = successor.build_dampingan(driver.kpm_id, valid_from=date(2026, 7, 1), **watching)
    await apply_events(graduation, caseload.DampinganEnded(**ended), caseload.DampinganStarted(**begun))
    assert (await record_monitoring(driver, tasks[0])).json()["title"] == "NotFound"
    assert expect_ok(await graduation.get("/v1/monitoring", as_=driver.by["field"]), 200)["items"] == []
    assert (
        len(
            expect_ok(await graduation.get("/v1/monitoring?open_only=true", as_=successor.token), 200)[
                "items"
            ]
        )
        == 6
    )
    driver.by["field"] = successor.token
    expect_ok(await record_monitoring(driver, tasks[0]))
    events = [
        one["data"]
        for one in await graduation.read_envelopes()
        if one["type"] == "graduation.monitoring_recorded.v1"
    ]
    assert events[0]["penugasan_id"] == str(successor.penugasan_id)


async def test_result_of_a_visit_before_a_hand_over_is_entered_after_it_by_its_author(
    graduation: Running,
) -> None:
    driver, tasks = await create_monitored_case(graduation)
    visited, handed_over = date(2026, 7, 3), date(2026, 7, 4)
    successor = await Field(graduation).start()
    rows = await graduation.sql("SELECT dampingan_id FROM replica_kpm.dampingan")
    watching = {"purpose": DampinganPurpose.PEMANTAUAN}
    ended = driver.field.build_dampingan(
        driver.kpm_id, dampingan_id=rows[0][0], valid_to=handed_over, **watching
    )
    begun = successor.build_dampingan(driver.kpm_id, valid_from=handed_over, **watching)
    await apply_events(graduation, caseload.DampinganEnded(**ended), caseload.DampinganStarted(**begun))
    await set_day(graduation, date(2026, 7, 10))
    refused = await record_monitoring(driver, tasks[0], visited_on=str(handed_over))
    assert refused.status_code in {403, 404}
    made = expect_ok(await record_monitoring(driver, tasks[0], visited_on=str(visited)))
    assert (made["visited_on"], made["recorded_on"]) == (str(visited), "2026-07-10")
    own = expect_ok(await graduation.get("/v1/monitoring?open_only=false", as_=driver.by["field"]), 200)[
        "items"
    ]
    assert [row["task_id"] for row in own] == [tasks[0]["task_id"]]
    (event,) = [
        one["data"]
        for one in await graduation.read_envelopes()
        if one["type"] == "graduation.monitoring_recorded.v1"
    ]
    assert (event["visited_on"], event["penugasan_id"]) == (str(visited), str(driver.field.penugasan_id))


async def test_late_result_that_is_sent_again_gets_its_first_answer(graduation: Running) -> None:
    driver, tasks = await create_monitored_case(graduation)
    await set_day(graduation, date(2026, 7, 4))
    await end_dampingan(driver, date(2026, 7, 3))
    path, body = (
        f"/v1/monitoring/{tasks[0]['task_id']}/result",
        {"still_out": True, "visited_on": "2026-07-02"},
    )
    first = expect_ok(await graduation.post(path, body, as_=driver.by["field"], key="phone-queue-1"))
    again = expect_ok(await graduation.post(path, body, as_=driver.by["field"], key="phone-queue-1"))
    assert again == first


@pytest.mark.parametrize(("today", "status"), [(date(2026, 8, 1), 201), (date(2026, 8, 2), 422)])
async def test_result_is_entered_up_to_thirty_days_later(
    graduation: Running, today: date, status: int
) -> None:
    driver, tasks = await create_monitored_case(graduation)
    await set_day(graduation, today)
    answer = await record_monitoring(driver, tasks[0], visited_on="2026-07-02")
    assert answer.status_code == status, answer.text


async def test_result_of_a_day_of_leave_or_too_long_ago_is_refused(graduation: Running) -> None:
    driver, tasks = await create_monitored_case(graduation)
    leave = registry.PendampingStatusChanged(
        pendamping_id=driver.field.pendamping_id,
        pendamping_no="PD-1",
        subject=SubjectKind.PERSON,
        status=PendampingStatus.CUTI,
        reason="CUTI_TAHUNAN",
        from_on=date(2026, 7, 6),
    )
    await apply_events(graduation, leave)
    await set_day(graduation, date(2026, 7, 8))
    refused = await record_monitoring(driver, tasks[0], visited_on="2026-07-06")
    assert (refused.status_code, refused.json()["title"]) == (409, "PendampingInactive")
    expect_ok(await record_monitoring(driver, tasks[0], visited_on="2026-07-05"))
    await set_day(graduation, date(2026, 9, 5))
    refused = await record_monitoring(driver, tasks[1], visited_on="2026-08-05")
    assert (refused.status_code, refused.json()["title"]) == (422, "WorkEnteredTooLate")


async def test_status_that_arrives_later_flags_the_result(graduation: Running) -> None:
    driver, tasks = await create_monitored_case(graduation)
    expect_ok(await record_monitoring(driver, tasks[0]))
    path = "/v1/monitoring?flagged=true"
    assert expect_ok(await graduation.get(path, as_=driver.by["verification"]), 200)["items"] == []
    leave = registry.PendampingStatusChanged(
        pendamping_id=driver.field.pendamping_id,
        pendamping_no="PD-1",
        subject=SubjectKind.PERSON,
        status=PendampingStatus.CUTI,
        reason="CUTI_TAHUNAN",
        from_on=date(2026, 7, 1),
    )
    await apply_events(graduation, leave)
    (row,) = expect_ok(await graduation.get(path, as_=driver.by["verification"]), 200)["items"]
    assert (row["task_id"], row["flagged"]) == (tasks[0]["task_id"], True)


async def test_result_of_an_annulled_exit_is_refused(graduation: Running) -> None:
    driver, tasks = await create_monitored_case(graduation)
    await graduation.sql(
        "UPDATE graduasi SET state = 'DIPULIHKAN' WHERE graduasi_id = $1", driver.graduasi_id
    )
    answer = await record_monitoring(driver, tasks[0])
    assert (answer.status_code, answer.json()["title"]) == (409, "CaseNotMonitored")


async def test_open_tasks_move_on_the_day_of_the_refusal(graduation: Running) -> None:
    driver, _ = await create_monitored_case(graduation)
    await apply_events(graduation, relapse_reported(driver, date(2026, 7, 1)))
    await set_day(graduation, date(2026, 7, 5))
    sanggah_id = expect_ok(await lodge_sanggah(driver, date(2026, 5, 20)))["sanggah_id"]
    expect_ok(await decide_sanggah(driver, sanggah_id, "DITOLAK"))
    first, *_ = await read_tasks(driver, "BULANAN")
    assert (first["opens_on"], first["due_on"]) == ("2026-10-01", "2026-11-01")
    [check] = await read_tasks(driver, "LAPORAN")
    assert (check["opens_on"], check["due_on"]) == ("2026-10-01", "2026-10-15")
    late = date(2026, 8, 20)
    assert await read_overdue(graduation, driver.by["approval"], late, subject_kind="monitoring_task") == []
