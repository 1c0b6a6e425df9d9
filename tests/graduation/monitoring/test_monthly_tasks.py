"""Six monthly tasks after an exit, whose last result ends the case."""

from datetime import date
from typing import Any

import pytest

from shared.contracts import caseload
from shared.contracts.kinds import DampinganPurpose
from tests.factories.graduation.case import expect_ok, set_day
from tests.factories.graduation.events import Field, apply_events
from tests.factories.graduation.monitoring import create_monitored_case, record_monitoring
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
    assert (await record_monitoring(driver, tasks[0])).json()["title"] == "FamilyNotAccompanied"
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


async def test_result_of_an_annulled_exit_is_refused(graduation: Running) -> None:
    driver, tasks = await create_monitored_case(graduation)
    await graduation.sql(
        "UPDATE graduasi SET state = 'DIPULIHKAN' WHERE graduasi_id = $1", driver.graduasi_id
    )
    answer = await record_monitoring(driver, tasks[0])
    assert (answer.status_code, answer.json()["title"]) == (409, "CaseNotMonitored")
