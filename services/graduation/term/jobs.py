"""Registration of the scheduled tasks at the announcement, the term's end and the tahap's start."""

from services.graduation.term.commands import (
    ANNOUNCED,
    TAHAP_STARTED,
    TERM_ENDED,
    announce,
    start_monitoring,
    take_effect,
)
from shared.jobs import Work, for_subject

WORK = Work(
    scheduled_tasks={
        ANNOUNCED: for_subject(announce),
        TERM_ENDED: for_subject(take_effect),
        TAHAP_STARTED: for_subject(start_monitoring),
    }
)
