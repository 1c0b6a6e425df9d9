"""The steps of a family intake: stage, analyze, mark, apply, clear. Each commits with its progress, its refusals and its events."""

import time
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.commands.loads import add_weight, limit_on, lock_loads
from services.caseload.intake.commands.events import tell
from services.caseload.intake.commands.known import Known, Staged, known_of, look_closer, next_families
from services.caseload.intake.commands.plan import (
    Plan,
    is_unchanged,
    not_accepted,
    outside,
    plan_of,
    refusals,
)
from services.caseload.intake.commands.request import KIND
from services.caseload.intake.commands.staging import analyze, anew, clear, is_lost, mark, refusal, stage
from services.caseload.intake.commands.write import write
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import PilarKind
from shared.jobs import Job, RowError, Step, Work
from shared.jobs.pacing import has_room, next_size

SMALLEST_BATCH, FIRST_BATCH, LARGEST_BATCH = 100, 1000, 8000
WANTED_SECONDS = 0.8
SHOWN_IN = 10
"""Families with numbers outside the caller's area are counted in tens: a smaller count would answer for one number."""
COUNTS = ("families", "new_families", "changed_families", "unchanged_families", "refused_families")


async def take_in_families(session: AsyncSession, job: Job) -> Step:
    """Do the next step of an intake."""
    phases = {"stage": stage, "analyze": analyze, "mark": mark, "apply": apply, "clear": clear}
    try:
        return await phases[job.place.get("phase", "stage")](session, job)
    except asyncpg.PostgresError as error:
        # Somebody else was faster with a card or a person: the step is tried again, and then it is known.
        raise DBAPIError(None, None, error, hide_parameters=True) from error


async def apply(session: AsyncSession, job: Job) -> Step:
    """Decide on the next families of the file and write them; a dry run decides only.

    It decides while what was told before is being sent, and writes when there is room to tell more.
    """
    if await is_lost(session, job):
        return await anew(session, job)
    wet = not job.params["dry_run"]
    if wet and job.place.get("deep") and not await has_room(session):
        return Step(place=job.place)
    began, limit = time.monotonic(), int(job.place.get("limit", FIRST_BATCH))
    families, after = await next_families(session, job, int(job.place["after"]), limit)
    if not families and after == int(job.place["after"]):
        return Step(place={"phase": "clear"})
    outcome = await Outcome.of(session, job, families)
    decided = time.monotonic() - began
    if wet and not await has_room(session):
        return Step(place=job.place | {"deep": True})
    began = time.monotonic()
    await outcome.keep_limits(session, job)
    if wet:
        await outcome.store(session, job)
    took = decided + time.monotonic() - began
    limit = next_size(
        limit, took, smallest=SMALLEST_BATCH, largest=LARGEST_BATCH, wanted_seconds=WANTED_SECONDS
    )
    return outcome.step(job, job.place | {"after": after, "limit": limit, "deep": False})


class Outcome:
    """What a step's families came to."""

    def __init__(self, today: date) -> None:
        """Begin with nothing decided."""
        self.today = today
        self.plans: list[Plan] = []
        self.errors: list[RowError] = []
        self.counts: Counter[str] = Counter()
        self.done = self.refused = self.elsewhere = 0

    @classmethod
    async def of(cls, session: AsyncSession, job: Job, families: Sequence[Staged]) -> "Outcome":
        """Decide on each family."""
        outcome, dry = cls(await clock.today(session)), job.params["dry_run"]
        known = await known_of(session, families, outcome.today, job.actor)
        told = [family for family in families if outcome.is_open(known, family, job.actor)]
        await look_closer(session, known, told, job.actor)
        for family in told:
            elsewhere = family.no_kk_index in known.elsewhere
            outcome.elsewhere += elsewhere
            # A dry run leaves no trace: it decides as if numbers outside the caller's area were recorded nowhere.
            if elsewhere and not dry:
                outcome.refuse(family, not_accepted(family))
            elif found := refusals(known, family):
                outcome.refuse(family, found)
            else:
                outcome.plans.append(plan_of(known, family))
        outcome.counts["families"] = len(families)
        return outcome

    def is_open(self, known: Known, family: Staged, actor: Actor) -> bool:
        """Whether there is something to decide.

        A family with a bad row, one outside the actor's area, and one without a change are settled.
        """
        if not all(row["ok"] for row in family.rows):
            self.refuse(family, [])
            return False
        if refused := outside(family, actor):
            self.refuse(family, refused)
            return False
        if is_unchanged(known, family):
            self.counts["unchanged_families"] += 1
            self.done += len(family.rows)
            return False
        return True

    def refuse(self, family: Staged, errors: list[RowError]) -> None:
        """Count a family as refused, with all its rows."""
        self.errors += errors
        self.counts["refused_families"] += 1
        self.refused += len(family.rows)

    async def keep_limits(self, session: AsyncSession, job: Job) -> None:
        """Refuse the families that would bring a caseload above what policy allows; count the others."""
        limit = await limit_on(session, PilarKind.PKH_PENDAMPING, self.today)
        wanted = [plan.dampingan for plan in self.plans if plan.dampingan]
        loads = await lock_loads(session, {penugasan: pendamping for _, penugasan, pendamping in wanted})
        added: Counter[Any] = Counter()
        kept: list[Plan] = []
        for plan in self.plans:
            holder = plan.dampingan[1] if plan.dampingan else None
            if limit and holder and loads[holder].weighing + added[holder] >= limit.refuse_above:
                row = plan.staged.rows[plan.staged.pengurus]["row_no"]
                self.refuse(plan.staged, [refusal(row, "pendamping_no", "CASELOAD_FULL")])
                continue
            kept.append(plan)
            added.update([holder] if holder else [])
        self.plans = kept
        if not job.params["dry_run"]:
            await add_weight(session, loads, added, limit)

    async def store(self, session: AsyncSession, job: Job) -> None:
        """Write and tell."""
        await write(session, job, self.plans, self.today)
        tell(session, self.plans, self.today)

    def step(self, job: Job, place: dict[str, Any]) -> Step:
        """Return the step, with the report so far."""
        self.counts["new_families"] = sum(plan.new for plan in self.plans)
        self.counts["changed_families"] = len(self.plans) - self.counts["new_families"]
        self.done += sum(len(plan.staged.rows) for plan in self.plans)
        report = {name: int(job.report.get(name, 0)) + self.counts[name] for name in COUNTS}
        elsewhere = int(job.place.get("elsewhere", 0)) + self.elsewhere
        report["elsewhere_families"] = elsewhere // SHOWN_IN * SHOWN_IN
        place |= {"elsewhere": elsewhere}
        return Step(done=self.done, refused=self.refused, errors=self.errors, place=place, report=report)


WORK = Work(steps={KIND: take_in_families})
