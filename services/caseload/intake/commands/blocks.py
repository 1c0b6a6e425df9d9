"""Families that are written together, with their rows and events."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime

from services.caseload.intake.commands.events import events_of
from services.caseload.intake.commands.new_rows import NewRows
from services.caseload.intake.commands.outcome import Outcome
from services.caseload.intake.commands.plan import Plan, add_facts
from services.caseload.intake.commands.recorded_data import Staged
from services.caseload.intake.commands.window import READ_AHEAD
from shared.events import PreparedEvent

FIRST_FAMILIES, FAMILIES = 150, 600
"""How many families the first block of a step has, and how many a block has at most."""


@dataclass(frozen=True, slots=True)
class Block:
    """Plans, the new rows of their families, and the events."""

    plans: Sequence[Plan]
    rows: NewRows
    events: list[PreparedEvent]


def start_blocks(outcome: Outcome, now: datetime) -> list[Future[Block]]:
    """Start to decide on a step's families, and to build their rows.

    `now` is the time of the business clock.
    """
    # Fast path: a block is decided and built while PostgreSQL writes the block before. The first one is small, because
    # PostgreSQL waits for it (bench: intake).
    blocks = divide(outcome.undecided)
    return [READ_AHEAD.thread.submit(build_block, outcome, block, now) for block in blocks]


def divide(families: Sequence[Staged]) -> Iterator[Sequence[Staged]]:
    """Yield blocks of families, each up to twice as large as the block before."""
    start, size = 0, min(FIRST_FAMILIES, FAMILIES)
    while start < len(families):
        yield families[start : start + size]
        start, size = start + size, min(2 * size, FAMILIES)


def build_block(outcome: Outcome, families: Sequence[Staged], now: datetime) -> Block:
    """Decide on families, and build their rows and events.

    A dry run only decides.
    """
    known, job = outcome.known, outcome.job
    plans, rows = outcome.decide(families), NewRows(known.today, now, job)
    if job.params["dry_run"]:
        return Block(plans, rows, [])
    for plan in plans:
        if plan.new:
            add_facts(known, plan)
        rows.add(plan)
    return Block(plans, rows, [event for plan in plans for event in events_of(plan, known.today)])
