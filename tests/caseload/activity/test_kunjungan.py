"""A home visit is handed in by who accompanies the family."""

import asyncio
from typing import Any

import asyncpg

from shared.contracts.registry import PendampingStatusChanged
from tests.factories.caseload.intake import (
    OTHER,
    PENDAMPING,
    companion,
    csv_of,
    emitted_events,
    family_of,
    mother,
    take_in,
)
from tests.factories.messaging.service_pair import eventually
from tests.factories.services import Running, deliver, open_scope

FINDINGS = "Warung berjalan dan anak-anak bersekolah."


async def visited(service: Running, kpm_id: str, as_: str, **more: Any) -> Any:
    # valid_from of the dampingan is the day of the intake, and so is the visit
    day = str((await service.sql("SELECT lower(valid) AS day FROM dampingan"))[0]["day"])
    body = {"kpm_id": kpm_id, "visited_on": day, "purpose": "ASESMEN", "findings": FINDINGS} | more
    return await service.post("/v1/kunjungan", body, as_=as_)


async def given(service: Running) -> str:
    await take_in(service, csv_of(mother()))
    return await family_of(service, "3324075211879001")


async def test_is_recorded_told_and_sealed(placed: Running) -> None:
    kpm_id = await given(placed)
    answer = await visited(placed, kpm_id, companion(placed))
    assert answer.status_code == 201, answer.text
    name, data = (await emitted_events(placed))[-1]
    assert (name, data["kpm_id"], data["pendamping_id"]) == ("kunjungan_recorded", kpm_id, str(PENDAMPING))
    stored = (await placed.sql("SELECT findings_sealed FROM kunjungan"))[0]["findings_sealed"]
    assert b"Warung" not in stored


async def test_counts_once_a_day(placed: Running) -> None:
    kpm_id = await given(placed)
    await visited(placed, kpm_id, companion(placed))
    answer = await visited(placed, kpm_id, companion(placed))
    assert (answer.status_code, answer.json()["title"]) == (409, "KunjunganAlreadyRecorded")


async def test_is_refused_for_a_day_to_come_and_a_day_before(placed: Running) -> None:
    kpm_id = await given(placed)
    later = await visited(placed, kpm_id, companion(placed), visited_on="2099-01-01")
    before = await visited(placed, kpm_id, companion(placed), visited_on="2020-01-01")
    assert (later.status_code, later.json()["title"]) == (422, "DateInTheFuture")
    assert (before.status_code, before.json()["title"]) == (409, "VisitOutsideDampingan")


async def test_of_somebody_elses_family_is_of_no_family(placed: Running) -> None:
    assert (await visited(placed, await given(placed), companion(placed, OTHER))).status_code == 404


async def test_is_refused_to_a_pendamping_who_is_not_active(placed: Running, registry: Running) -> None:
    kpm_id = await given(placed)
    changed: dict[str, Any] = {"pendamping_id": PENDAMPING, "pendamping_no": "PD-00000S", "subject": "PERSON"}
    changed |= {"status": "CUTI", "reason": "melahirkan", "from_on": "2026-11-20"}
    await registry.publish(PendampingStatusChanged.model_validate(changed))
    await deliver(registry, placed)
    answer = await visited(placed, kpm_id, companion(placed))
    assert (answer.status_code, answer.json()["title"]) == (409, "PendampingInactive")


async def test_to_a_family_handed_over_meanwhile_is_asked_again_and_refused(placed: Running) -> None:
    kpm_id = await given(placed)

    async def waits() -> bool:
        return bool(await placed.sql("SELECT FROM pg_locks WHERE NOT granted"))

    holder = await asyncpg.connect(placed.settings.owner_database_url)
    try:
        async with holder.transaction():
            await open_scope(holder, areas="*")
            await holder.execute("LOCK TABLE kunjungan IN EXCLUSIVE MODE")
            waiting = asyncio.create_task(visited(placed, kpm_id, companion(placed)))
            await eventually(waits)
            await holder.execute("UPDATE dampingan SET pendamping_id = $1", OTHER)
        answer = await waiting
    finally:
        await holder.close()
    assert (answer.status_code, answer.json()["title"]) == (503, "Busy"), answer.text
    again = await visited(placed, kpm_id, companion(placed))
    assert (again.status_code, again.json()["title"]) == (404, "NotFound")
