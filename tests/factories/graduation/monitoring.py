"""Monitoring tasks and their results."""

from datetime import date
from typing import Any

import httpx

from shared.contracts import caseload
from shared.contracts.kinds import DampinganPurpose
from tests.factories.graduation.case import Road, at, ok
from tests.factories.graduation.events import tell
from tests.factories.services import Running


async def tasks_of(road: Road, *kinds: str) -> list[dict[str, Any]]:
    path = f"/v1/monitoring?graduasi_id={road.graduasi_id}&open_only=true"
    items = ok(await road.service.get(path, as_=road.by["approval"]), 200)["items"]
    return [task for task in items if task["kind"] in kinds]


async def completed(service: Running, *, still_out: bool = True) -> Road:
    road, tasks = await monitored(service)
    await at(service, date(2027, 1, 1))
    for task in tasks[:5]:
        ok(await record(road, task))
    last = {} if still_out else {"cause": "SAKIT"}
    ok(await record(road, tasks[5], still_out=still_out, **last))
    return road


async def without_holder(road: Road) -> None:
    """End the dampingan, as caseload does after monitoring (chain.md 1)."""
    rows = await road.service.sql("SELECT dampingan_id FROM replica_kpm.dampingan")
    ended = road.field.dampingan(
        road.kpm_id,
        dampingan_id=rows[0][0],
        valid_to=date(2027, 1, 1),
        purpose=DampinganPurpose.PEMANTAUAN,
    )
    await tell(road.service, caseload.DampinganEnded(**ended))


async def monitored(service: Running) -> tuple[Road, list[dict[str, Any]]]:
    """Return a case in PEMANTAUAN since 2026-07-01, and its tasks."""
    road = await (await Road.begin(service)).to("MASA_SANGGAH")
    await at(service, date(2026, 7, 1))
    await service.work()
    page = ok(await service.get(f"/v1/monitoring?graduasi_id={road.graduasi_id}", as_=road.by["field"]), 200)
    return road, page["items"]


async def record(road: Road, task: dict[str, Any], **body: Any) -> httpx.Response:
    path = f"/v1/monitoring/{task['task_id']}/result"
    return await road.service.post(path, {"still_out": True, **body}, as_=road.by["field"])
