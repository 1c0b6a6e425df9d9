"""Registration of the jobs of SK: add the cases of a file, send a corrected SK again."""

from services.graduation.decree.commands import correction
from services.graduation.decree.commands.bulk_sk import KIND, add_next_cases
from shared.jobs import Work

WORK = Work(steps={KIND: add_next_cases, correction.KIND: correction.send_next_cases})
