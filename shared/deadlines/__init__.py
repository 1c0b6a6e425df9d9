"""Deadlines of the states of rows: what a state waits for, and the rows that wait too long."""

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
