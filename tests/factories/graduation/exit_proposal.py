"""Exit proposals of caseload, and their application by graduation."""

from datetime import date
from typing import Any

from shared.contracts import caseload
from shared.contracts.kinds import Bansos, ExitReason
from shared.database import uuid7
from tests.factories.graduation.case import Road, at, ok
from tests.factories.graduation.events import DESA, tell
from tests.factories.services import Running

DAY = date(2026, 5, 18)
SHORT = ["MENINGGAL", "PINDAH", "DATA_GANDA", "TIDAK_DITEMUKAN"]


def proposal(road: Road, exit_reason: str = "MENINGGAL", **other: Any) -> caseload.ExitProposed:
    """Return the event of a proposal by the family's pendamping."""
    proposer = {"pendamping_id": road.field.pendamping_id, "penugasan_id": road.field.penugasan_id}
    fields: dict[str, Any] = {
        "exit_proposal_id": uuid7(),
        "kpm_id": road.kpm_id,
        "kode_wilayah": DESA,
        "kepesertaan_id": road.kepesertaan_id,
        "bansos": Bansos.PKH,
        "exit_reason": ExitReason(exit_reason),
        "evidence_sha256": "e" * 64,
        "proposer": str(road.field.pendamping_id),
        "proposed_on": date(2026, 5, 18),
        **proposer,
    }
    return caseload.ExitProposed(**{**fields, **other})


async def begun(service: Running) -> Road:
    await at(service, DAY)
    return await Road.begin(service)


async def heard(road: Road, event: caseload.ExitProposed) -> dict[str, Any]:
    """Apply a proposed exit and return it as graduation shows it.

    The object continues with the proposal's case.
    """
    await tell(road.service, event)
    items = ok(await road.service.get("/v1/exit-proposal", as_=road.by["approval"]), 200)["items"]
    shown = next(item for item in items if item["exit_proposal_id"] == str(event.exit_proposal_id))
    road.graduasi_id = shown["graduasi_id"] or road.graduasi_id
    return shown
