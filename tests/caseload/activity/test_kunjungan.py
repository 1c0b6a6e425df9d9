"""Home visits are recorded by the family's pendamping."""

import asyncio
from typing import Any

import asyncpg

from shared.contracts.registry import PendampingStatusChanged
from tests.factories.caseload.intake import (
    OTHER,
    PENDAMPING,
    build_csv,
    import_file,
    mother,
    pendamping_token,
    read_emitted_events,
    read_kpm_id,
)
from tests.factories.delivery import deliver
from tests.factories.messaging.service_pair import wait_until
from tests.factories.services import Running, open_scope

FINDINGS = "Warung berjalan dan anak-anak bersekolah."


async def record_visit(service: Running, kpm_id: str, as_: str, **more: Any) -> Any:
    # valid_from of the dampingan is the day of the intake, and so is the visit
    day = str((await service.sql("SELECT lower(valid) AS day FROM dampingan"))[0]["day"])
    body = {"kpm_id": kpm_id, "visited_on": day, "purpose": "ASESMEN", "findings": FINDINGS} | more
    return await service.post("/v1/kunjungan", body, as_=as_)


async def register_family(service: Running) -> str:
    await import_file(service, build_csv(mother()))
    return await read_kpm_id(service, "3324075211879001")


async def test_visit_is_recorded_emitted_and_sealed(kendal_caseload: Running) -> None:
    kpm_id = await register_family(kendal_caseload)
    answer = await record_visit(kendal_caseload, kpm_id, pendamping_token(kendal_caseload))
    assert answer.status_code == 201, answer.text
    name, data = (await read_emitted_events(kendal_caseload))[-1]
    assert (name, data["kpm_id"], data["pendamping_id"]) == ("kunjungan_recorded", kpm_id, str(PENDAMPING))
    stored = (await kendal_caseload.sql("SELECT findings_sealed FROM kunjungan"))[0]["findings_sealed"]
    assert b"Warung" not in stored


async def test_same_visit_twice_a_day_is_refused(kendal_caseload: Running) -> None:
    kpm_id = await register_family(kendal_caseload)
    await record_visit(kendal_caseload, kpm_id, pendamping_token(kendal_caseload))
    answer = await record_visit(kendal_caseload, kpm_id, pendamping_token(kendal_caseload))
    assert (answer.status_code, answer.json()["title"]) == (409, "KunjunganAlreadyRecorded")


async def test_visit_in_future_or_before_dampingan_is_refused(kendal_caseload: Running) -> None:
    kpm_id = await register_family(kendal_caseload)
    later = await record_visit(
        kendal_caseload, kpm_id, pendamping_token(kendal_caseload), visited_on="2099-01-01"
    )
    before = await record_visit(
        kendal_caseload, kpm_id, pendamping_token(kendal_caseload), visited_on="2020-01-01"
    )
    assert (later.status_code, later.json()["title"]) == (422, "DateInTheFuture")
    assert (before.status_code, before.json()["title"]) == (409, "VisitOutsideDampingan")


async def test_visit_to_family_of_another_pendamping_is_not_found(kendal_caseload: Running) -> None:
    assert (
        await record_visit(
            kendal_caseload, await register_family(kendal_caseload), pendamping_token(kendal_caseload, OTHER)
        )
    ).status_code == 404


async def test_visit_of_inactive_pendamping_is_refused(kendal_caseload: Running, registry: Running) -> None:
    kpm_id = await register_family(kendal_caseload)
    changed: dict[str, Any] = {"pendamping_id": PENDAMPING, "pendamping_no": "PD-00000S", "subject": "PERSON"}
    changed |= {"status": "CUTI", "reason": "melahirkan", "from_on": "2026-11-20"}
    await registry.publish(PendampingStatusChanged.model_validate(changed))
    await deliver(registry, kendal_caseload)
    answer = await record_visit(kendal_caseload, kpm_id, pendamping_token(kendal_caseload))
    assert (answer.status_code, answer.json()["title"]) == (409, "PendampingInactive")


async def test_visit_during_hand_over_is_retried_and_refused(kendal_caseload: Running) -> None:
    kpm_id = await register_family(kendal_caseload)

    async def is_waiting() -> bool:
        return bool(await kendal_caseload.sql("SELECT FROM pg_locks WHERE NOT granted"))

    holder = await asyncpg.connect(kendal_caseload.settings.owner_database_url)
    try:
        async with holder.transaction():
            await open_scope(holder, areas="*")
            await holder.execute("LOCK TABLE kunjungan IN EXCLUSIVE MODE")
            waiting = asyncio.create_task(
                record_visit(kendal_caseload, kpm_id, pendamping_token(kendal_caseload))
            )
            await wait_until(is_waiting)
            await holder.execute("UPDATE dampingan SET pendamping_id = $1", OTHER)
        answer = await waiting
    finally:
        await holder.close()
    assert (answer.status_code, answer.json()["title"]) == (503, "Busy"), answer.text
    again = await record_visit(kendal_caseload, kpm_id, pendamping_token(kendal_caseload))
    assert (again.status_code, again.json()["title"]) == (404, "NotFound")
