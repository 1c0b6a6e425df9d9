"""One step's families change hands: a statement a table, whatever their number."""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from asyncpg import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.commands.gap import fill_gaps
from services.caseload.dampingan.commands.loads import Limit, add_weight, limit_on, lock_loads
from services.caseload.dampingan.models import DampinganLoad
from services.caseload.dampingan.rules import end_on
from services.caseload.hand_over.errors import HAND_OVER_REFUSALS
from services.caseload.hand_over.models import HandOverTerms
from services.caseload.replicas.models import Penugasan
from services.caseload.tables import new_id
from shared import clock
from shared.contracts.caseload import DampinganEnded, DampinganStarted
from shared.contracts.kinds import DampinganPurpose
from shared.database import raw
from shared.errors import Words
from shared.jobs import Job, RowError, Step
from shared.messaging import emit

REASON = "PENGALIHAN"
END = """
UPDATE dampingan SET valid = daterange(lower(valid), $2::date), reason = $3, version = version + 1, ended = true
WHERE dampingan_id = ANY($1)
"""
STARTED = ("dampingan_id", "kpm_id", "penugasan_id", "pendamping_id", "kind", "purpose", "valid", "reason")
HISTORY = ("history_id", "kpm_id", "subject", "subject_id", "act", "who", "why", "detail", "occurred_at")


class Move:
    """The families of one step: decided on, then written and told."""

    def __init__(self, job: Job, order: HandOverTerms, giving: Penugasan, taking: Penugasan) -> None:
        """Begin with nothing decided."""
        self.job, self.order, self.giving, self.taking = job, order, giving, taking
        self.rows: list[dict[str, Any]] = []
        self.errors: list[RowError] = []
        self.loads: dict[UUID, DampinganLoad] = {}
        self.limit: Limit | None = None
        self.weighing = 0

    async def decide(self, session: AsyncSession, found: Sequence[dict[str, Any]]) -> None:
        """Refuse what cannot move, and what would bring the receiver above what policy refuses; its counts are locked."""
        holders = (self.giving, self.taking)
        self.loads = await lock_loads(session, {one.penugasan_id: one.pendamping_id for one in holders})
        self.limit = await limit_on(session, self.taking.kind, await clock.today(session))
        first = self.job.done + self.job.refused + 1
        for number, row in enumerate(found, first):
            if code := self.fault_of(row):
                self.errors.append(self.stays(number, row, code))
            else:
                self.weighing += weighs(row)
                self.rows.append(row | {"new_id": new_id()})

    def stays(self, number: int, row: dict[str, Any], code: str) -> RowError:
        """Return why a family stays where it is, and what to do about it."""
        shown = {"on": self.order.on, "limit": self.limit and self.limit.refuse_above}
        said = (text.format(**shown) for text in HAND_OVER_REFUSALS[code])
        return RowError(number, None, code, Words(*said), {"kpm_id": str(row["kpm_id"])})

    def fault_of(self, row: dict[str, Any]) -> str | None:
        """Return why a family stays where it is, or None."""
        if row["taken"]:
            return "ACCOMPANIED_BY_ANOTHER"
        if row["dampingan_id"] and row["valid_from"] >= self.order.on:
            return "BEGAN_THAT_DAY"
        if self.limit is None or self.job.params["override"] or not weighs(row):
            return None
        count = self.loads[self.taking.penugasan_id].weighing + self.weighing
        return "CASELOAD_FULL" if count >= self.limit.refuse_above else None

    async def write(self, session: AsyncSession) -> None:
        """End and begin, count, remember and tell. The exclusion constraints stand behind every decision."""
        if not self.rows:
            return
        # Fast path: COPY writes the dampingan of a step (bench: hand_over).
        connection: Any = await raw(session)
        held = [row["dampingan_id"] for row in self.rows if row["dampingan_id"]]
        await connection.execute(END, held, self.order.on, REASON)
        await connection.copy_records_to_table(
            "dampingan", records=self.started(), columns=STARTED, schema_name="public"
        )
        await connection.copy_records_to_table(
            "kpm_history", records=await self.histories(session), columns=HISTORY, schema_name="public"
        )
        await add_weight(session, self.loads, self.changes(), self.limit)
        lost = [(row["kpm_id"], self.order.on) for row in self.rows if not row["dampingan_id"]]
        await fill_gaps(session, lost, who=self.job.actor.sub)
        if self.taking.valid_to is not None:
            await end_on(session, self.taking.valid_to)
        self.tell(session)

    def started(self) -> list[tuple[Any, ...]]:
        """Return the rows that begin."""
        valid = Range(self.order.on, self.taking.valid_to)
        to = (self.taking.penugasan_id, self.taking.pendamping_id)
        return [
            (row["new_id"], row["kpm_id"], *to, row["kind"], row["purpose"], valid, REASON)
            for row in self.rows
        ]

    async def histories(self, session: AsyncSession) -> list[tuple[Any, ...]]:
        """Return what each family's history keeps: whom it left, in which order, under which limit."""
        now, who = await clock.now(session), self.job.actor.sub
        by = {"hand_over_id": self.job.params["hand_over_id"]}
        by |= {"limit_version": self.limit.version} if self.limit else {}
        return [
            (
                *(new_id(), row["kpm_id"], "dampingan", row["new_id"], "HANDED_OVER", who, REASON),
                *(orjson.dumps({"ended": str(row["dampingan_id"])} | by).decode(), now),
            )
            for row in self.rows
        ]

    def changes(self) -> Counter[UUID]:
        """Return what the counts of both placements change by."""
        leaving = sum(weighs(row) and row["dampingan_id"] is not None for row in self.rows)
        return Counter({self.giving.penugasan_id: -leaving, self.taking.penugasan_id: self.weighing})

    def tell(self, session: AsyncSession) -> None:
        """Tell an end and a beginning a family."""
        on = self.order.on
        for row in self.rows:
            same = {name: row[name] for name in ("kpm_id", "kode_wilayah", "kind", "purpose")} | {
                "reason": REASON
            }
            if row["dampingan_id"]:
                old = {"dampingan_id": row["dampingan_id"], "valid_from": row["valid_from"], "valid_to": on}
                emit(session, DampinganEnded.model_validate(same | old | held_by(self.giving)))
            new = {"dampingan_id": row["new_id"], "valid_from": on, "valid_to": self.taking.valid_to}
            emit(session, DampinganStarted.model_validate(same | new | held_by(self.taking)))

    def step(self, place: dict[str, Any]) -> Step:
        """Return what this step did."""
        return Step(done=len(self.rows), refused=len(self.errors), errors=self.errors, place=place)


def weighs(row: dict[str, Any]) -> bool:
    """Whether a family counts against the limit."""
    return row["purpose"] == DampinganPurpose.PENDAMPINGAN


def held_by(penugasan: Penugasan) -> dict[str, Any]:
    """Return who accompanies under a placement."""
    return {"penugasan_id": penugasan.penugasan_id, "pendamping_id": penugasan.pendamping_id}
