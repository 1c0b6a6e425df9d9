"""Registration of the job that adds the cases of a file to an SK."""

from services.graduation.decree.commands.bulk_sk import KIND, add_next_cases
from shared.jobs import Work

WORK = Work(steps={KIND: add_next_cases})
