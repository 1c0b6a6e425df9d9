"""Registration of the work of terms and tahap."""

from services.graduation.term.commands import (
    ANNOUNCE,
    END_TERM,
    MOVE_EXITS,
    START_MONITORING,
    announce,
    move_next_exits,
    start_monitoring,
    take_effect,
)
from shared.jobs import Work, for_subject

WORK = Work(
    steps={MOVE_EXITS: move_next_exits},
    scheduled_tasks={
        ANNOUNCE: for_subject(announce),
        END_TERM: for_subject(take_effect),
        START_MONITORING: for_subject(start_monitoring),
    },
)
