"""Handlers of placement events: they schedule the end of the dampingan under them."""

from services.caseload.dampingan.commands.placements import (
    schedule_end_of_area,
    schedule_end_of_pendamping,
    schedule_end_of_penugasan,
)
from services.caseload.subscriptions import placement
from shared.contracts.registry import (
    PendampingStatusChanged,
    PenugasanEnded,
    PenugasanStarted,
    WilayahTugasEnded,
    WilayahTugasPlaced,
)

placement.on(PenugasanStarted, PenugasanEnded)(schedule_end_of_penugasan)
placement.on(WilayahTugasPlaced, WilayahTugasEnded)(schedule_end_of_area)
placement.on(PendampingStatusChanged)(schedule_end_of_pendamping)
