"""The placement of the pendamping of caseload's tests, for events of registry."""

from datetime import date
from typing import Any
from uuid import uuid5

from shared.contracts.registry import (
    PendampingStatusChanged,
    PenugasanEnded,
    PenugasanStarted,
    WilayahTugasEnded,
    WilayahTugasPlaced,
)
from tests.factories.caseload.hand_over import ketua_tim_token
from tests.factories.caseload.intake import PENDAMPING, PENDAMPING_NO, PENUGASAN, SPACE
from tests.factories.delivery import deliver
from tests.factories.services import Running

PLACEMENT: dict[str, Any] = {
    "penugasan_id": PENUGASAN,
    "pendamping_id": PENDAMPING,
    "valid_from": "2026-01-01",
}
AREA = PLACEMENT | {"wilayah_tugas_id": uuid5(SPACE, f"{PENUGASAN}33.24"), "kode_wilayah": "33.24"}
TERMS = PLACEMENT | {"kind": "PKH_PENDAMPING", "ditjen": "LINJAMSOS", "employer_status": "PPPK"}
ENDED: dict[str, Any] = {"reason": "PINDAH_TUGAS"}


async def count_gaps(caseload: Running) -> int:
    answer = await caseload.get("/v1/dampingan-gap", as_=ketua_tim_token(caseload))
    return len(answer.json()["items"])


def build_status_changed(status: str, on: date, reverses: str | None = None) -> PendampingStatusChanged:
    """Return the event of a status of the pendamping."""
    who = {"pendamping_id": PENDAMPING, "pendamping_no": PENDAMPING_NO, "subject": "PERSON"}
    change = {"status": status, "reason": "KEPUTUSAN", "from_on": on, "reverses": reverses}
    return PendampingStatusChanged.model_validate(who | change)


async def record_death(caseload: Running, registry: Running, on: date) -> None:
    """Record the death of the pendamping, which ends the placement."""
    ended = {"valid_to": on, "reason": "MENINGGAL"}
    await registry.publish(
        build_status_changed("MENINGGAL", on),
        WilayahTugasEnded.model_validate(AREA | ended),
        PenugasanEnded.model_validate(TERMS | ended),
    )
    await deliver(registry, caseload)


async def reverse_death(
    caseload: Running, registry: Running, on: date, *, times: int = 1, work: bool = True
) -> None:
    """Reverse the death of the pendamping, and let the worker run."""
    await registry.publish(
        PenugasanStarted.model_validate(TERMS),
        WilayahTugasPlaced.model_validate(AREA),
        build_status_changed("AKTIF", on, "MENINGGAL"),
    )
    await deliver(registry, caseload, times)
    if work:
        await caseload.work()


async def end_placement(caseload: Running, registry: Running, on: date) -> None:
    """End the placement and its area."""
    await registry.publish(
        WilayahTugasEnded.model_validate(AREA | ENDED | {"valid_to": on}),
        PenugasanEnded.model_validate(TERMS | ENDED | {"valid_to": on}),
    )
    await deliver(registry, caseload)


async def restore_placement(
    caseload: Running, registry: Running, on: date, *, times: int = 1, work: bool = True
) -> None:
    """Restore the placement and its area, and let the worker run."""
    await registry.publish(
        WilayahTugasPlaced.model_validate(AREA),
        PenugasanStarted.model_validate(TERMS | {"restored_from": on}),
    )
    await deliver(registry, caseload, times)
    if work:
        await caseload.work()
