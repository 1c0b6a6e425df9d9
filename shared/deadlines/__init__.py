"""What the states of rows wait for, and which rows wait too long."""

from shared.deadlines.waits import (
    END,
    CoveredBy,
    End,
    Families,
    Owner,
    Until,
    Wait,
    Waits,
    WatchedBy,
    track_waits,
)

__all__ = [
    "END",
    "CoveredBy",
    "End",
    "Families",
    "Owner",
    "Until",
    "Wait",
    "Waits",
    "WatchedBy",
    "track_waits",
]
