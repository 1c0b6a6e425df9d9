"""Reactions to placements: schedule the end of the dampingan under them."""

from services.caseload.dampingan.commands.placements import (
    await_end_of_area,
    await_end_of_penugasan,
    await_leaving,
)
from services.caseload.subscriptions import placement
from shared.contracts.registry import (
    PendampingStatusChanged,
    PenugasanEnded,
    PenugasanStarted,
    WilayahTugasEnded,
    WilayahTugasPlaced,
)

placement.on(PenugasanStarted, PenugasanEnded)(await_end_of_penugasan)
placement.on(WilayahTugasPlaced, WilayahTugasEnded)(await_end_of_area)
placement.on(PendampingStatusChanged)(await_leaving)
