"""Exit proposals of caseload, and their application by graduation."""

import hashlib
from datetime import date
from typing import Any

from shared.contracts import caseload
from shared.contracts.kinds import Bansos, ExitReason
from shared.database import uuid7
from tests.factories.graduation.case import CaseDriver, expect_ok, set_day
from tests.factories.graduation.events import DESA, apply_events
from tests.factories.services import Running

DAY = date(2026, 5, 18)
SHORT = ["MENINGGAL", "PINDAH", "DATA_GANDA", "TIDAK_DITEMUKAN"]


def build_exit_proposed(
    driver: CaseDriver, exit_reason: str = "MENINGGAL", **other: Any
) -> caseload.ExitProposed:
    """Return the event of a proposal by the family's pendamping."""
    proposer = {"pendamping_id": driver.field.pendamping_id, "penugasan_id": driver.field.penugasan_id}
    fields: dict[str, Any] = {
        "exit_proposal_id": uuid7(),
        "kpm_id": driver.kpm_id,
        "kode_wilayah": DESA,
        "kepesertaan_id": driver.kepesertaan_id,
        "bansos": Bansos.PKH,
        "exit_reason": ExitReason(exit_reason),
        "evidence_sha256": "",
        "proposer": str(driver.field.pendamping_id),
        "proposed_on": date(2026, 5, 18),
        **proposer,
    }
    fields |= other
    # Each family has evidence of its own.
    fields["evidence_sha256"] = (
        fields["evidence_sha256"] or hashlib.sha256(fields["kpm_id"].bytes).hexdigest()
    )
    return caseload.ExitProposed(**fields)


async def start_case(service: Running) -> CaseDriver:
    """Return the driver of a family of one, whose only member may have died."""
    await set_day(service, DAY)
    return await CaseDriver.start(service, members=1, able_productive=1)


async def apply_proposal(driver: CaseDriver, event: caseload.ExitProposed) -> dict[str, Any]:
    """Apply a proposed exit and return it as graduation shows it.

    The object continues with the proposal's case.
    """
    await apply_events(driver.service, event)
    items = expect_ok(await driver.service.get("/v1/exit-proposal", as_=driver.by["approval"]), 200)["items"]
    shown = next(item for item in items if item["exit_proposal_id"] == str(event.exit_proposal_id))
    driver.graduasi_id = shown["graduasi_id"] or driver.graduasi_id
    return shown


def withdrawal(event: caseload.ExitProposed) -> caseload.ExitProposalWithdrawn:
    """Return the event that its proposer has withdrawn a proposal."""
    names = ("exit_proposal_id", "kpm_id", "kode_wilayah", "kepesertaan_id")
    data = {name: getattr(event, name) for name in names}
    return caseload.ExitProposalWithdrawn.model_validate(
        data | {"withdrawn_by": event.proposer, "withdrawn_on": DAY}
    )
