"""The steps of an SK over the cases of a file."""

from services.graduation.decree.commands.bulk import KIND, put_cases_in
from shared.jobs import Work

WORK = Work(steps={KIND: put_cases_in})
