"""Job of a family intake, with the phases survey, stage, analyze, mark, apply and clear.

Only the rows of a file that must be read together are staged.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import date
from typing import Any

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.commands.loads import add_weight, lock_loads, read_limit
from services.caseload.intake.commands.blocks import Block, start_blocks
from services.caseload.intake.commands.file_day import set_file_day
from services.caseload.intake.commands.findings import refusal, row_warnings
from services.caseload.intake.commands.persons import match_persons
from services.caseload.intake.commands.plan import Plan, is_unchanged, plan_of
from services.caseload.intake.commands.recorded_data import Known, Staged, lock_known_families, read_details
from services.caseload.intake.commands.refusals import not_accepted_refusals, outside_area
from services.caseload.intake.commands.request import KIND
from services.caseload.intake.commands.staging import (
    analyze,
    clear,
    count_rows,
    is_lost,
    mark,
    restart,
    stage,
    survey,
)
from services.caseload.intake.commands.window import Window, next_window, read_ahead, read_families
from services.caseload.intake.commands.write import write
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import PilarKind
from shared.database import vault_of
from shared.jobs import Job, RowError, Step, Work
from shared.jobs.backpressure import next_size, outbox_has_room
from shared.messaging import emit

SMALLEST_BATCH, FIRST_BATCH, LARGEST_BATCH = 100, 1000, 8000
TARGET_SECONDS = 0.8
SHOWN_IN = 10
"""Families with numbers outside the actor's areas are reported in tens.

A smaller count would reveal whether a single number is recorded elsewhere.
"""
COUNTS = ("families", "new_families", "changed_families", "unchanged_families", "refused_families")


async def run_intake_step(session: AsyncSession, job: Job) -> Step:
    """Run the next step of an intake. It commits its progress, refusals and events."""
    try:
        return await PHASES[job.place.get("phase", "survey")](session, job)
    except asyncpg.PostgresError as error:
        # Another transaction wrote a card or a person first. The retried step reads the new state.
        raise DBAPIError(None, None, error, hide_parameters=True) from error


async def apply(session: AsyncSession, job: Job) -> Step:
    """Decide on the next families of the file and write them.

    A dry run only decides.

    It decides while the outbox is being published, and writes when the outbox has room.
    """
    if await is_lost(session, job):
        return await restart(session, job)
    writes = not job.params["dry_run"]
    if writes and job.place.get("deep") and not await outbox_has_room(session):
        return Step(place=job.place)
    limit = int(job.place.get("limit", FIRST_BATCH))
    window = await next_window(session, job, limit)
    started = time.monotonic()
    outcome = await Outcome.of(session, job, await read_families(session, job, window))
    decision_seconds = time.monotonic() - started
    if writes and not await outbox_has_room(session):
        return Step(place=job.place | {"deep": True})
    started = time.monotonic()
    await outcome.refuse_above_limit(session, job)
    blocks = await outcome.start_blocks(session, job) if writes else []
    read_ahead(session, window, limit)
    if writes:
        await outcome.store(session, job, blocks)
    seconds = decision_seconds + time.monotonic() - started
    limit = next_size(
        limit, seconds, smallest=SMALLEST_BATCH, largest=LARGEST_BATCH, target_seconds=TARGET_SECONDS
    )
    return outcome.step(job, window, job.place | {"limit": limit, "deep": False})


class Outcome:
    """Decisions on the families of a step."""

    def __init__(self, known: Known) -> None:
        """Start with no family decided."""
        self.known, self.today = known, known.today
        self.plans: list[Plan] = []
        self.unwritten: list[Plan] = []
        self.errors: list[RowError] = []
        self.notes: list[RowError] = []
        self.counts: Counter[str] = Counter()
        self.done = self.refused = self.elsewhere = 0

    @classmethod
    async def of(cls, session: AsyncSession, job: Job, families: Sequence[Staged]) -> "Outcome":
        """Decide on each family."""
        today, as_of = await clock.today(session), date.fromisoformat(job.params["as_of"])
        known = await lock_known_families(session, families, today, as_of, job.actor)
        outcome, dry = cls(known), job.params["dry_run"]
        undecided = [family for family in families if outcome.needs_decision(known, family, job.actor)]
        await read_details(session, known, undecided, job.actor)
        vault = vault_of(session)
        for family in undecided:
            match_persons(known, family, vault)
            elsewhere = family.no_kk_index in known.elsewhere
            outcome.elsewhere += elsewhere
            # A dry run is not audited, so it must not reveal which numbers are recorded outside the actor's areas.
            if elsewhere and not dry:
                outcome.refuse(family, not_accepted_refusals(family))
            else:
                outcome.add(plan_of(known, family))
        outcome.counts["families"] = len(families)
        return outcome

    def needs_decision(self, known: Known, family: Staged, actor: Actor) -> bool:
        """Return whether a family needs a decision.

        It needs none with a faulty row, outside the actor's areas, or without a change. These are counted here.
        """
        if not all(row["ok"] for row in family.rows):
            self.refuse(family, [])
            return False
        if errors := outside_area(family, actor):
            self.refuse(family, errors)
            return False
        if is_unchanged(known, family):
            self.counts["unchanged_families"] += 1
            self.done += len(family.rows)
            self.notes += row_warnings(family)
            return False
        return True

    def add(self, plan: Plan) -> None:
        """Count a plan as refused, unchanged, new or changed."""
        if plan.errors:
            self.refuse(plan.staged, plan.errors)
        elif plan.writes:
            self.plans.append(plan)
        else:
            self.unwritten.append(plan)
            self.counts["unchanged_families"] += 1
            self.done += len(plan.staged.rows)

    def refuse(self, family: Staged, errors: list[RowError]) -> None:
        """Count a family as refused, with all its rows."""
        self.errors += errors
        self.counts["refused_families"] += 1
        self.refused += len(family.rows)

    async def refuse_above_limit(self, session: AsyncSession, job: Job) -> None:
        """Refuse families that would exceed a placement's limit, and add the others to its load."""
        limit = await read_limit(session, PilarKind.PKH_PENDAMPING, self.today)
        requested = [plan.dampingan for plan in self.plans if plan.dampingan]
        loads = await lock_loads(session, {penugasan: pendamping for _, penugasan, pendamping in requested})
        added: Counter[Any] = Counter()
        accepted: list[Plan] = []
        for plan in self.plans:
            penugasan_id = plan.dampingan[1] if plan.dampingan else None
            if (
                limit
                and penugasan_id
                and loads[penugasan_id].weighing + added[penugasan_id] >= limit.refuse_above
            ):
                row = plan.lead["row_no"]
                self.refuse(plan.staged, [refusal(row, "pendamping_no", "CASELOAD_FULL")])
                continue
            accepted.append(plan)
            added.update([penugasan_id] if penugasan_id else [])
        self.plans = accepted
        if not job.params["dry_run"]:
            await add_weight(session, loads, added, limit)

    async def start_blocks(self, session: AsyncSession, job: Job) -> list[Future[Block]]:
        """Start to build the rows and events of the plans."""
        return start_blocks(job, self.known, self.plans, await clock.now(session))

    async def store(self, session: AsyncSession, job: Job, blocks: Sequence[Future[Block]]) -> None:
        """Write the plans and emit their events."""
        for building in blocks:
            block = await asyncio.wrap_future(building)
            await write(session, job, block.plans, block.rows, self.today)
            for event in block.events:
                emit(session, event)
        await set_file_day(session, job, [*self.plans, *self.unwritten])

    def step(self, job: Job, window: Window, place: dict[str, Any]) -> Step:
        """Return the result of the step with the report so far."""
        batch, start = window.batch, window.next
        self.counts["new_families"] = sum(plan.new for plan in self.plans)
        self.counts["changed_families"] = len(self.plans) - self.counts["new_families"]
        self.done += sum(len(plan.staged.rows) for plan in self.plans)
        for plan in (*self.plans, *self.unwritten):
            self.notes += [*row_warnings(plan.staged), *plan.notes]
        size = int(job.report["bytes_total"])
        report: dict[str, Any] = {name: int(job.report.get(name, 0)) + self.counts[name] for name in COUNTS}
        elsewhere = int(job.place.get("elsewhere", 0)) + self.elsewhere
        report |= count_rows(job, batch) | self.count_notes(job)
        report["elsewhere_families"] = elsewhere // SHOWN_IN * SHOWN_IN
        report["bytes"] = start.offset if start else size
        place |= {"elsewhere": elsewhere}
        place |= {"offset": start.offset, "row": start.row_no} if start else {"phase": "clear"}
        return Step(
            done=self.done,
            refused=self.refused + batch.lost,
            errors=batch.errors + self.errors,
            notes=self.notes,
            place=place,
            report=report,
        )

    def count_notes(self, job: Job) -> dict[str, Any]:
        """Return the report's counts of warnings, changes by code, and what HAPUS clears."""
        counts = {kind: Counter[str](job.report.get(kind, {})) for kind in ("warnings", "changes", "cleared")}
        for note in self.notes:
            counts["warnings" if note.kind == "WARNING" else "changes"][note.code] += 1
        for plan in self.plans:
            counts["cleared"].update(plan.cleared)
        return {kind: dict(count) for kind, count in counts.items()}


PHASES = {
    "survey": survey,
    "stage": stage,
    "analyze": analyze,
    "mark": mark,
    "apply": apply,
    "clear": clear,
}
WORK = Work(steps={KIND: run_intake_step})
