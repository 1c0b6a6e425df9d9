"""Exit proposals of caseload, and graduation applying them."""

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
    """What caseload tells when the pendamping of the family proposes."""
    mine = {"pendamping_id": road.field.pendamping_id, "penugasan_id": road.field.penugasan_id}
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
        **mine,
    }
    return caseload.ExitProposed(**{**fields, **other})


async def begun(service: Running) -> Road:
    await at(service, DAY)
    return await Road.begin(service)


async def heard(road: Road, told: caseload.ExitProposed) -> dict[str, Any]:
    """What graduation says of a proposed exit; the road goes on with its case."""
    await tell(road.service, told)
    items = ok(await road.service.get("/v1/exit-proposal", as_=road.by["approval"]), 200)["items"]
    found = next(item for item in items if item["exit_proposal_id"] == str(told.exit_proposal_id))
    road.graduasi_id = found["graduasi_id"] or road.graduasi_id
    return found
