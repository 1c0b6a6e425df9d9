"""Jobs in leased, resumable steps, and scheduled tasks.

A step, its progress and its events commit together.
"""

from shared.jobs.failures import to_words
from shared.jobs.job_runner import run_step
from shared.jobs.kinds import (
    ExternalCall,
    Job,
    RowError,
    ScheduledTask,
    ScheduledTaskHandler,
    Step,
    StepFunction,
    Work,
    for_subject,
)
from shared.jobs.queue import JobEnded, TooManyJobs, as_json, enqueue, from_json, request_cancellation
from shared.jobs.row_errors import expire_row_errors
from shared.jobs.scheduled_task_runner import run_scheduled_task
from shared.jobs.scheduled_tasks import move_lane, schedule, schedule_many, unschedule
from shared.jobs.worker_loop import work

__all__ = [
    "ExternalCall",
    "Job",
    "JobEnded",
    "RowError",
    "ScheduledTask",
    "ScheduledTaskHandler",
    "Step",
    "StepFunction",
    "TooManyJobs",
    "Work",
    "as_json",
    "enqueue",
    "expire_row_errors",
    "for_subject",
    "from_json",
    "move_lane",
    "request_cancellation",
    "run_scheduled_task",
    "run_step",
    "schedule",
    "schedule_many",
    "to_words",
    "unschedule",
    "work",
]
