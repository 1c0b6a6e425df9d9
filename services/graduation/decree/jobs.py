"""Registration of the jobs that add cases to an SK and send it again."""

from services.graduation.decree.commands import correction
from services.graduation.decree.commands.bulk_sk import KIND, add_next_cases
from shared.jobs import Work

WORK = Work(steps={KIND: add_next_cases, correction.KIND: correction.send_next_cases})
