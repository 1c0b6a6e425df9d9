"""Registration of the scheduled tasks at the announcement, the term's end and the tahap's start."""

from services.graduation.term.commands import (
    ANNOUNCE,
    END_TERM,
    START_MONITORING,
    announce,
    start_monitoring,
    take_effect,
)
from shared.jobs import Work, for_subject

WORK = Work(
    scheduled_tasks={
        ANNOUNCE: for_subject(announce),
        END_TERM: for_subject(take_effect),
        START_MONITORING: for_subject(start_monitoring),
    }
)
