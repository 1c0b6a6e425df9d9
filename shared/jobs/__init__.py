"""Long work in leased, resumable steps, and what falls due. A step, its progress and its events commit together."""

from shared.jobs.asking import JobEnded, TooManyJobs, as_json, ask_cancel, enqueue, from_json
from shared.jobs.expiring import expire_row_errors
from shared.jobs.falling_due import run_due
from shared.jobs.kinds import (
    Due,
    DueFunction,
    Job,
    OutsideCall,
    RowError,
    Step,
    StepFunction,
    Work,
    for_subject,
)
from shared.jobs.scheduling import move_lane, schedule, schedule_many, unschedule
from shared.jobs.stepping import run_step
from shared.jobs.telling import spoken
from shared.jobs.working import work

__all__ = [
    "Due",
    "DueFunction",
    "Job",
    "JobEnded",
    "OutsideCall",
    "RowError",
    "Step",
    "StepFunction",
    "TooManyJobs",
    "Work",
    "as_json",
    "ask_cancel",
    "enqueue",
    "expire_row_errors",
    "for_subject",
    "from_json",
    "move_lane",
    "run_due",
    "run_step",
    "schedule",
    "schedule_many",
    "spoken",
    "unschedule",
    "work",
]
