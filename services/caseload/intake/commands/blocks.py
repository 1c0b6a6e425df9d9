"""Families that are written together, with their rows and events."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime

from services.caseload.intake.commands.events import events_of
from services.caseload.intake.commands.new_rows import NewRows
from services.caseload.intake.commands.plan import Plan, add_facts
from services.caseload.intake.commands.recorded_data import Known
from services.caseload.intake.commands.window import READ_AHEAD
from shared.events import PreparedEvent
from shared.jobs import Job

FAMILIES = 500


@dataclass(frozen=True, slots=True)
class Block:
    """Plans, the new rows of their families, and the events."""

    plans: Sequence[Plan]
    rows: NewRows
    events: list[PreparedEvent]


def start_blocks(job: Job, known: Known, plans: Sequence[Plan], now: datetime) -> list[Future[Block]]:
    """Start to build the blocks of a step.

    `now` is the time of the business clock.
    """
    # Fast path: rows and events are built while PostgreSQL writes the block before (bench: intake).
    blocks = [plans[first : first + FAMILIES] for first in range(0, len(plans), FAMILIES)]
    submit = READ_AHEAD.thread.submit
    return [submit(build_block, known, block, NewRows(known.today, now, job)) for block in blocks]


def build_block(known: Known, plans: Sequence[Plan], rows: NewRows) -> Block:
    """Compute the facts of new families, and build the rows and events of all."""
    for plan in plans:
        if plan.new:
            add_facts(known, plan)
        rows.add(plan)
    return Block(plans, rows, [event for plan in plans for event in events_of(plan, known.today)])
