"""Registry's long work: the count of how the country is covered."""

from services.registry.commands.counting import KIND, count_next
from shared.jobs import Work

WORK = Work()
WORK.step(KIND)(count_next)
