"""Decisions on the families of a step, and its result."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.commands.loads import Limit, lock_loads, read_limit
from services.caseload.dampingan.models import DampinganLoad
from services.caseload.intake.commands.findings import refusal, row_warnings
from services.caseload.intake.commands.persons import match_persons
from services.caseload.intake.commands.plan import Plan, is_unchanged, plan_of
from services.caseload.intake.commands.recorded_data import (
    Known,
    Staged,
    lock_known_families,
    placements_to_lock,
    read_details,
)
from services.caseload.intake.commands.refusals import not_accepted_refusals, outside_area
from services.caseload.intake.commands.staging import count_rows
from services.caseload.intake.commands.window import Window
from shared import clock
from shared.contracts.kinds import PilarKind
from shared.database import vault_of
from shared.jobs import Job, RowError, Step
from shared.privacy import Vault

SHOWN_IN = 10
"""Families with numbers outside the actor's areas are reported in tens.

A smaller count would reveal whether a single number is recorded elsewhere.
"""
COUNTS = ("families", "new_families", "changed_families", "unchanged_families", "refused_families")


class Outcome:
    """Decisions on the families of a step.

    `decide` runs in a thread, block by block. What it counts is complete when the last block is built.
    """

    def __init__(self, job: Job, known: Known, vault: Vault) -> None:
        """Start with no family decided."""
        self.job, self.known, self.vault = job, known, vault
        self.undecided: list[Staged] = []
        self.limit: Limit | None = None
        self.loads: dict[UUID, DampinganLoad] = {}
        self.weighing: dict[UUID, int] = {}
        self.added: Counter[UUID] = Counter()
        self.plans: list[Plan] = []
        self.unwritten: list[Plan] = []
        self.errors: list[RowError] = []
        self.notes: list[RowError] = []
        self.counts: Counter[str] = Counter()
        self.done = self.refused = self.elsewhere = 0

    @classmethod
    async def of(cls, session: AsyncSession, job: Job, families: Sequence[Staged]) -> "Outcome":
        """Lock and read families, and count those without a decision."""
        today, as_of = await clock.today(session), date.fromisoformat(job.params["as_of"])
        known = await lock_known_families(session, families, today, as_of, job.actor)
        outcome = cls(job, known, vault_of(session))
        outcome.counts["families"] = len(families)
        outcome.undecided = [family for family in families if outcome.needs_decision(family)]
        await read_details(session, known, outcome.undecided, job.actor)
        return outcome

    async def lock_placements(self, session: AsyncSession) -> None:
        """Lock the loads of all placements that a decision may add a family to."""
        self.limit = await read_limit(session, PilarKind.PKH_PENDAMPING, self.known.today)
        self.loads = await lock_loads(session, placements_to_lock(self.known, self.undecided))
        # Another thread may not read the rows of a session.
        self.weighing = {load.penugasan_id: load.weighing for load in self.loads.values()}

    def needs_decision(self, family: Staged) -> bool:
        """Return whether a family needs a decision.

        It needs none with a faulty row, outside the actor's areas, or without a change. These are counted here.
        """
        if not all(row["ok"] for row in family.rows):
            self.refuse(family, [])
            return False
        if errors := outside_area(family, self.job.actor):
            self.refuse(family, errors)
            return False
        if is_unchanged(self.known, family):
            self.counts["unchanged_families"] += 1
            self.done += len(family.rows)
            self.notes += row_warnings(family)
            return False
        return True

    def decide(self, families: Sequence[Staged]) -> list[Plan]:
        """Decide on families, and return the plans to write."""
        first = len(self.plans)
        for family in families:
            match_persons(self.known, family, self.vault)
            elsewhere = family.no_kk_index in self.known.elsewhere
            self.elsewhere += elsewhere
            # A dry run is not audited, so it must not reveal which numbers are recorded outside the actor's areas.
            if elsewhere and not self.job.params["dry_run"]:
                self.refuse(family, not_accepted_refusals(family))
            else:
                self.add(plan_of(self.known, family))
        return self.plans[first:]

    def add(self, plan: Plan) -> None:
        """Count a plan as refused, unchanged, new or changed."""
        if plan.errors:
            self.refuse(plan.staged, plan.errors)
        elif not plan.writes:
            self.unwritten.append(plan)
            self.counts["unchanged_families"] += 1
            self.accept(plan)
        elif plan.dampingan and not self.add_to_load(plan.dampingan[1]):
            self.refuse(plan.staged, [refusal(plan.lead["row_no"], "pendamping_no", "CASELOAD_FULL")])
        else:
            self.plans.append(plan)
            self.accept(plan)

    def accept(self, plan: Plan) -> None:
        """Count the rows of a plan as done, and list its warnings and changes."""
        self.done += len(plan.staged.rows)
        self.notes += [*row_warnings(plan.staged), *plan.notes]

    def add_to_load(self, penugasan_id: UUID) -> bool:
        """Add a family to a placement's load, and return whether the limit allows it."""
        load = self.weighing[penugasan_id] + self.added[penugasan_id]
        if self.limit and load >= self.limit.refuse_above:
            return False
        self.added[penugasan_id] += 1
        return True

    def refuse(self, family: Staged, errors: list[RowError]) -> None:
        """Count a family as refused, with all its rows."""
        self.errors += errors
        self.counts["refused_families"] += 1
        self.refused += len(family.rows)

    def step(self, window: Window, limit: int) -> Step:
        """Return the result of the step with the report so far.

        The next step takes `limit` rows.
        """
        job, batch, start = self.job, window.batch, window.next
        self.counts["new_families"] = sum(plan.new for plan in self.plans)
        self.counts["changed_families"] = len(self.plans) - self.counts["new_families"]
        size = int(job.report["bytes_total"])
        report: dict[str, Any] = {name: int(job.report.get(name, 0)) + self.counts[name] for name in COUNTS}
        elsewhere = int(job.place.get("elsewhere", 0)) + self.elsewhere
        report |= count_rows(job, batch) | self.count_notes()
        report["elsewhere_families"] = elsewhere // SHOWN_IN * SHOWN_IN
        report["bytes"] = start.offset if start else size
        place = job.place | {"limit": limit, "deep": False, "elsewhere": elsewhere}
        place |= {"offset": start.offset, "row": start.row_no} if start else {"phase": "clear"}
        return Step(
            done=self.done,
            refused=self.refused + batch.lost,
            errors=batch.errors + self.errors,
            notes=self.notes,
            place=place,
            report=report,
        )

    def count_notes(self) -> dict[str, Any]:
        """Return the report's counts of warnings, changes by code, and what HAPUS clears."""
        report = self.job.report
        counts = {kind: Counter[str](report.get(kind, {})) for kind in ("warnings", "changes", "cleared")}
        for note in self.notes:
            counts["warnings" if note.kind == "WARNING" else "changes"][note.code] += 1
        for plan in self.plans:
            counts["cleared"].update(plan.cleared)
        return {kind: dict(count) for kind, count in counts.items()}
