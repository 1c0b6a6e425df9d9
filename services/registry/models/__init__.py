"""Who accompanies, on what terms, where, and with which target."""

from services.registry.models.coverage import (
    COUNTED,
    CoverageCount,
    CoverageFigure,
    Kepesertaan,
    Kpm,
    counted_by_area,
)
from services.registry.models.framework import SERVING, Target
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
    "COUNTED",
    "ENDS",
    "PAID",
    "SERVING",
    "TRANSITIONS",
    "ContactHistory",
    "CoverageCount",
    "CoverageFigure",
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
    "counted_by_area",
    "legal_moves",
]
