"""Monitoring tasks and their results."""

from datetime import date
from typing import Any
from uuid import UUID

import httpx

from shared.contracts import caseload, referral
from shared.contracts.kinds import DampinganPurpose
from shared.database import uuid7
from tests.factories.graduation.case import CaseDriver, expect_ok, set_day, work_until
from tests.factories.graduation.events import apply_events
from tests.factories.services import Running


async def read_tasks(driver: CaseDriver, *kinds: str) -> list[dict[str, Any]]:
    path = f"/v1/monitoring?graduasi_id={driver.graduasi_id}&open_only=true"
    items = expect_ok(await driver.service.get(path, as_=driver.by["approval"]), 200)["items"]
    return [task for task in items if task["kind"] in kinds]


async def complete_monitoring(service: Running, *, still_out: bool = True) -> CaseDriver:
    driver, tasks = await create_monitored_case(service)
    await set_day(service, date(2027, 1, 1))
    for task in tasks[:5]:
        expect_ok(await record_monitoring(driver, task))
    last = {} if still_out else {"cause": "SAKIT"}
    expect_ok(await record_monitoring(driver, tasks[5], still_out=still_out, **last))
    return driver


async def end_dampingan(driver: CaseDriver, valid_to: date = date(2027, 1, 1)) -> None:
    """End the dampingan, as caseload does after monitoring (docs/case-lifecycle.md#monitoring)."""
    rows = await driver.service.sql("SELECT dampingan_id FROM replica_kpm.dampingan")
    ended = driver.field.build_dampingan(
        driver.kpm_id,
        dampingan_id=rows[0][0],
        valid_to=valid_to,
        purpose=DampinganPurpose.PEMANTAUAN,
    )
    await apply_events(driver.service, caseload.DampinganEnded(**ended))


async def create_monitored_case(service: Running) -> tuple[CaseDriver, list[dict[str, Any]]]:
    """Return a case in PEMANTAUAN since 2026-07-01, and its tasks."""
    driver = await (await CaseDriver.start(service)).advance_to("MASA_SANGGAH")
    await work_until(service, date(2026, 7, 1))
    page = expect_ok(
        await service.get(f"/v1/monitoring?graduasi_id={driver.graduasi_id}", as_=driver.by["field"]), 200
    )
    return driver, page["items"]


async def record_monitoring(driver: CaseDriver, task: dict[str, Any], **body: Any) -> httpx.Response:
    """Record a result, with dated evidence of a monthly task unless the body has other."""
    path = f"/v1/monitoring/{task['task_id']}/result"
    if task.get("kind") == "BULANAN" and "evidence_sha256" not in body:
        photo = await driver.upload_evidence(str(task["task_id"]).encode())
        body |= {"evidence_sha256": photo, "evidence_on": task["opens_on"]}
    return await driver.service.post(path, {"still_out": True, **body}, as_=driver.by["field"])


def relapse_reported(driver: CaseDriver, on: date) -> referral.RelapseReported:
    """Return the event of a reported relapse."""
    return referral.RelapseReported(
        rujukan_id=uuid7(),
        graduasi_id=UUID(driver.graduasi_id),
        kpm_id=driver.kpm_id,
        kode_wilayah=driver.field.area,
        month=3,
        cause="USAHA_TUTUP",
        reported_on=on,
    )


async def read_sixth_month(driver: CaseDriver) -> tuple[int, int, int]:
    """Return how many families of 2026 reached the sixth month, were seen, and still out."""
    answer = await driver.service.get("/v1/cohort?year=2026", as_=driver.by["sk"])
    [item] = expect_ok(answer, 200)["items"]
    month = next(one for one in item["survival"] if one["month"] == 6)
    return month["reached"], month["seen"], month["still_out"]
