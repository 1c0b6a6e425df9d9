"""A result with flagged evidence counts for BERTAHAN only after it was cleared."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.factories.graduation.case import CaseDriver, expect_ok, set_day
from tests.factories.graduation.evidence import clear_flag, list_flags
from tests.factories.graduation.monitoring import create_monitored_case, read_sixth_month, record_monitoring
from tests.factories.services import Running, expect_refusal

LAST_DAY = date(2027, 1, 1)
UNDATED: dict[str, Any] = {"evidence_sha256": None}


async def read_outcome(driver: CaseDriver) -> tuple[str, str | None]:
    path = f"/v1/graduasi/{driver.graduasi_id}"
    shown = expect_ok(await driver.service.get(path, as_=driver.by["sk"]), 200)
    return shown["state"], shown["outcome"]


async def read_completions(driver: CaseDriver) -> list[tuple[int, str]]:
    """Return month and outcome of the events that complete the monitoring."""
    events = [
        one["data"]
        for one in await driver.service.read_envelopes()
        if one["type"] == "graduation.monitoring_recorded.v1"
    ]
    return [(event["month"], event["outcome"]) for event in events if event["completes"]]


async def test_one_photo_for_two_months_holds_the_outcome(graduation: Running) -> None:
    driver, tasks = await create_monitored_case(graduation)
    await set_day(graduation, LAST_DAY)
    photo = await driver.upload_evidence(b"one photo")
    for task in tasks[:2]:
        body = {"evidence_sha256": photo, "evidence_on": task["opens_on"]}
        expect_ok(await record_monitoring(driver, task, **body))
    for task in tasks[2:]:
        expect_ok(await record_monitoring(driver, task))
    assert await read_outcome(driver) == ("PEMANTAUAN", None)
    [flag] = await list_flags(graduation)
    assert (flag["subject_id"], flag["earlier_subject_id"]) == (tasks[1]["task_id"], tasks[0]["task_id"])
    path = f"/v1/monitoring?graduasi_id={driver.graduasi_id}&flagged=true"
    items = expect_ok(await graduation.get(path, as_=driver.by["approval"]), 200)["items"]
    assert [(one["month"], one["flagged"], one["evidence_flagged"]) for one in items] == [(2, True, True)]
    expect_ok(await clear_flag(graduation, flag["flag_id"]))
    assert await read_outcome(driver) == ("SELESAI", "BERTAHAN")
    assert await read_completions(driver) == [(0, "BERTAHAN")]
    follow_ups = await graduation.sql("SELECT month FROM monitoring_task WHERE kind = 'LANJUTAN' ORDER BY 1")
    assert [row["month"] for row in follow_ups] == [12, 24]


async def test_months_entered_within_an_hour_without_dated_evidence_are_flagged(graduation: Running) -> None:
    driver, tasks = await create_monitored_case(graduation)
    await set_day(graduation, LAST_DAY)
    for task in tasks:
        expect_ok(await record_monitoring(driver, task, **UNDATED))
    assert await read_outcome(driver) == ("PEMANTAUAN", None)
    flags = await list_flags(graduation)
    assert {one["reason"] for one in flags} == {"ENTERED_TOGETHER"}
    assert sorted(one["subject_id"] for one in flags) == sorted(task["task_id"] for task in tasks)
    for flag in flags:
        assert await read_outcome(driver) == ("PEMANTAUAN", None)
        expect_ok(await clear_flag(graduation, flag["flag_id"]))
    assert await read_outcome(driver) == ("SELESAI", "BERTAHAN")


async def test_last_flags_cleared_at_once_complete_the_monitoring(graduation: Running) -> None:
    driver, tasks = await create_monitored_case(graduation)
    await set_day(graduation, LAST_DAY)
    for task in tasks:
        expect_ok(await record_monitoring(driver, task, **UNDATED))
    flags = await list_flags(graduation)
    await asyncio.gather(*(clear_flag(graduation, flag["flag_id"]) for flag in flags))
    assert await read_outcome(driver) == ("SELESAI", "BERTAHAN")
    assert await read_completions(driver) == [(0, "BERTAHAN")]


@pytest.mark.parametrize(
    ("second", "flagged"),
    [
        (datetime(2026, 9, 1, 3, 59, tzinfo=UTC), 2),
        (datetime(2026, 9, 1, 4, 1, tzinfo=UTC), 0),
    ],
)
async def test_months_are_entered_together_within_an_hour(
    graduation: Running, second: datetime, flagged: int
) -> None:
    driver, tasks = await create_monitored_case(graduation)
    await set_day(graduation, date(2026, 9, 1))
    expect_ok(await record_monitoring(driver, tasks[0], **UNDATED))
    entered = datetime(2026, 9, 1, 3, 0, tzinfo=UTC)
    await graduation.sql("UPDATE monitoring_task SET entered_at = $1 WHERE entered_at IS NOT NULL", entered)
    offset = int((second - datetime.now(UTC)).total_seconds())
    await graduation.sql("UPDATE platform.business_clock SET offset_seconds = $1", offset)
    expect_ok(await record_monitoring(driver, tasks[1], **UNDATED))
    assert len(await list_flags(graduation)) == flagged


@pytest.mark.parametrize("evidence_on", ["2026-06-30", "2026-08-01", None])
async def test_evidence_of_another_month_is_not_dated(graduation: Running, evidence_on: str | None) -> None:
    driver, tasks = await create_monitored_case(graduation)
    await set_day(graduation, date(2026, 8, 2))
    photo = await driver.upload_evidence(b"of another month")
    expect_ok(await record_monitoring(driver, tasks[0], evidence_sha256=photo, evidence_on=evidence_on))
    expect_ok(await record_monitoring(driver, tasks[1], **UNDATED))
    assert len(await list_flags(graduation)) == 2


async def test_one_month_without_evidence_beside_a_dated_one_is_not_flagged(graduation: Running) -> None:
    driver, tasks = await create_monitored_case(graduation)
    await set_day(graduation, date(2026, 8, 2))
    expect_ok(await record_monitoring(driver, tasks[0]))
    expect_ok(await record_monitoring(driver, tasks[1], **UNDATED))
    assert await list_flags(graduation) == []


async def test_relapse_does_not_wait_for_a_clearance(graduation: Running) -> None:
    driver, tasks = await create_monitored_case(graduation)
    await set_day(graduation, LAST_DAY)
    for task in tasks[:5]:
        expect_ok(await record_monitoring(driver, task, **UNDATED))
    expect_ok(await record_monitoring(driver, tasks[5], **UNDATED, still_out=False, cause="SAKIT"))
    assert await read_outcome(driver) == ("SELESAI", "KAMBUH")
    [flag, *_] = await list_flags(graduation)
    expect_ok(await clear_flag(graduation, flag["flag_id"]))
    assert await read_outcome(driver) == ("SELESAI", "KAMBUH")


async def test_flagged_result_is_in_no_cohort_until_it_is_cleared(graduation: Running) -> None:
    driver, tasks = await create_monitored_case(graduation)
    await set_day(graduation, LAST_DAY)
    for task in tasks:
        expect_ok(await record_monitoring(driver, task, **UNDATED))

    assert await read_sixth_month(driver) == (1, 0, 0)
    for flag in await list_flags(graduation):
        expect_ok(await clear_flag(graduation, flag["flag_id"]))
    assert await read_sixth_month(driver) == (1, 1, 1)


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ({"evidence_on": "2026-07-01", "evidence_sha256": None}, "EvidenceDayWithoutFile"),
        ({"evidence_sha256": "a" * 64}, "FileNotUploaded"),
        ({"evidence_sha256": "a" * 64, "evidence_on": "2026-07-20"}, "DateInTheFuture"),
    ],
)
async def test_invalid_evidence_is_refused(graduation: Running, body: dict[str, Any], title: str) -> None:
    driver, tasks = await create_monitored_case(graduation)
    await set_day(graduation, date(2026, 7, 2))
    expect_refusal(await record_monitoring(driver, tasks[0], **body), title, 422)
