"""Who accompanies, on what terms, where, and with which target."""

from services.registry.models.coverage import Kepesertaan, Kpm
from services.registry.models.framework import Target
from services.registry.models.kinds import HeldBy, PilarLevel, PilarTerms
from services.registry.models.outcomes import Graduasi, Monitoring, Relapse, Rujukan, RujukanProgram
from services.registry.models.pendamping import (
    ENDS,
    TRANSITIONS,
    ContactHistory,
    Pendamping,
    StatusHistory,
    legal_moves,
)
from services.registry.models.placement import (
    PAID,
    Penugasan,
    Placing,
    RangeHistory,
    RoleConflict,
    WilayahTugas,
)
from services.registry.models.replica import Credit, Dampingan, Kunjungan, LimitCrossing, LoadLimit, P2k2
from services.registry.models.table import Table

__all__ = [
    "ENDS",
    "PAID",
    "TRANSITIONS",
    "ContactHistory",
    "Credit",
    "Dampingan",
    "Graduasi",
    "HeldBy",
    "Kepesertaan",
    "Kpm",
    "Kunjungan",
    "LimitCrossing",
    "LoadLimit",
    "Monitoring",
    "P2k2",
    "Pendamping",
    "Penugasan",
    "PilarLevel",
    "PilarTerms",
    "Placing",
    "RangeHistory",
    "Relapse",
    "RoleConflict",
    "Rujukan",
    "RujukanProgram",
    "StatusHistory",
    "Table",
    "Target",
    "WilayahTugas",
    "legal_moves",
]
