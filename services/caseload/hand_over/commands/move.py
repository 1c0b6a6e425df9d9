"""Move of the families of one step, with one statement for each table."""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from asyncpg import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.commands.gap import fill_gaps
from services.caseload.dampingan.commands.loads import Limit, add_weight, lock_loads, read_limit
from services.caseload.dampingan.models import DampinganLoad
from services.caseload.dampingan.rules import schedule_dampingan_end
from services.caseload.hand_over.commands.families import mark_handled
from services.caseload.hand_over.errors import ADDED, HAND_OVER_REFUSALS
from services.caseload.hand_over.models import HandOverTerms
from services.caseload.replicas.models import Penugasan
from services.caseload.tables import new_id
from shared import clock
from shared.contracts.caseload import DampinganEnded, DampinganStarted
from shared.contracts.kinds import DampinganPurpose
from shared.database import raw
from shared.jobs import Job, RowError, Step
from shared.messaging import emit
from shared.words import Words

REASON = "PENGALIHAN"
SET_ENDED = """
UPDATE dampingan SET valid = daterange(lower(valid), $2::date), reason = $3, version = version + 1, ended = true
WHERE dampingan_id = ANY($1)
"""
DAMPINGAN_COLUMNS = (
    "dampingan_id",
    "kpm_id",
    "penugasan_id",
    "pendamping_id",
    "kind",
    "purpose",
    "valid",
    "reason",
)
HISTORY_COLUMNS = (
    "history_id",
    "kpm_id",
    "subject",
    "subject_id",
    "act",
    "sub",
    "role",
    "pendamping_id",
    "reason_code",
    "detail",
    "occurred_at",
)


class Move:
    """The families of one step: first decided, then written and emitted."""

    def __init__(self, job: Job, order: HandOverTerms, giving: Penugasan, taking: Penugasan) -> None:
        """Start without any decision."""
        self.job, self.order, self.giving, self.taking = job, order, giving, taking
        self.rows: list[dict[str, Any]] = []
        self.errors: list[RowError] = []
        self.loads: dict[UUID, DampinganLoad] = {}
        self.limit: Limit | None = None
        self.weighing = 0
        self.added: list[RowError] = []

    async def decide(self, session: AsyncSession, families: Sequence[dict[str, Any]]) -> None:
        """Lock both loads, and refuse families that cannot move or would exceed the receiver's limit."""
        placements = (self.giving, self.taking)
        self.loads = await lock_loads(session, {row.penugasan_id: row.pendamping_id for row in placements})
        self.limit = await read_limit(session, self.taking.kind, await clock.today(session))
        first = self.job.done + self.job.refused + 1
        for number, row in enumerate(families, first):
            if code := self.refusal_code(row):
                self.errors.append(self.refusal(number, row, code))
            else:
                self.weighing += counts_on_limit(row)
                self.rows.append(row | {"new_id": new_id()})
        await self.mark_counted(session, families, first)

    async def mark_counted(
        self, session: AsyncSession, families: Sequence[dict[str, Any]], first: int
    ) -> None:
        """Mark the families that the order counted, and list those that came since."""
        kpm_ids = [row["kpm_id"] for row in families]
        ordered = await mark_handled(session, UUID(self.job.params["hand_over_id"]), kpm_ids)
        self.added = [
            RowError(number, None, "ADDED", Words(*ADDED), {"kpm_id": str(row["kpm_id"])}, "CHANGE")
            for number, row in enumerate(families, first)
            if row["kpm_id"] not in ordered
        ]

    def refusal(self, number: int, row: dict[str, Any], code: str) -> RowError:
        """Return the refusal of a family, with its reason and what to do."""
        values = {"on": self.order.on, "limit": self.limit and self.limit.refuse_above}
        sentences = (text.format(**values) for text in HAND_OVER_REFUSALS[code])
        return RowError(number, None, code, Words(*sentences), {"kpm_id": str(row["kpm_id"])})

    def refusal_code(self, row: dict[str, Any]) -> str | None:
        """Return the code why a family cannot move, or None."""
        if row["taken"]:
            return "ACCOMPANIED_BY_ANOTHER"
        if row["dampingan_id"] and row["valid_from"] >= self.order.on:
            return "BEGAN_THAT_DAY"
        if self.limit is None or self.job.params["override"] or not counts_on_limit(row):
            return None
        count = self.loads[self.taking.penugasan_id].weighing + self.weighing
        return "CASELOAD_FULL" if count >= self.limit.refuse_above else None

    async def write(self, session: AsyncSession) -> None:
        """Write the moves and emit them. Exclusion constraints check each decision again."""
        if not self.rows:
            return
        # Fast path: COPY writes the dampingan of a step (bench: hand_over).
        connection: Any = await raw(session)
        ended = [row["dampingan_id"] for row in self.rows if row["dampingan_id"]]
        await connection.execute(SET_ENDED, ended, self.order.on, REASON)
        await connection.copy_records_to_table(
            "dampingan", records=self.new_rows(), columns=DAMPINGAN_COLUMNS, schema_name="public"
        )
        await connection.copy_records_to_table(
            "kpm_history",
            records=await self.history_rows(session),
            columns=HISTORY_COLUMNS,
            schema_name="public",
        )
        await add_weight(session, self.loads, self.load_changes(), self.limit)
        gaps = [(row["kpm_id"], self.order.on) for row in self.rows if not row["dampingan_id"]]
        await fill_gaps(session, self.job.actor, gaps)
        if self.taking.valid_to is not None:
            await schedule_dampingan_end(session, self.taking.valid_to)
        self.emit_events(session)

    def new_rows(self) -> list[tuple[Any, ...]]:
        """Return the rows of the new dampingan."""
        valid = Range(self.order.on, self.taking.valid_to)
        to = (self.taking.penugasan_id, self.taking.pendamping_id)
        return [
            (row["new_id"], row["kpm_id"], *to, row["kind"], row["purpose"], valid, REASON)
            for row in self.rows
        ]

    async def history_rows(self, session: AsyncSession) -> list[tuple[Any, ...]]:
        """Return the history rows, with order, previous dampingan and version of the limit."""
        now, actor = await clock.now(session), self.job.actor
        who = (actor.sub, actor.role, actor.pendamping_id)
        order = {"hand_over_id": self.job.params["hand_over_id"]}
        order |= {"limit_version": self.limit.version} if self.limit else {}
        return [
            (
                *(new_id(), row["kpm_id"], "dampingan", row["new_id"], "HANDED_OVER", *who, REASON),
                *(orjson.dumps({"ended": str(row["dampingan_id"])} | order).decode(), now),
            )
            for row in self.rows
        ]

    def load_changes(self) -> Counter[UUID]:
        """Return the changes of the loads of both placements."""
        leaving = sum(counts_on_limit(row) and row["dampingan_id"] is not None for row in self.rows)
        return Counter({self.giving.penugasan_id: -leaving, self.taking.penugasan_id: self.weighing})

    def emit_events(self, session: AsyncSession) -> None:
        """Emit the end and the start of each family's dampingan."""
        on = self.order.on
        for row in self.rows:
            same = {name: row[name] for name in ("kpm_id", "kode_wilayah", "kind", "purpose")} | {
                "reason": REASON
            }
            if row["dampingan_id"]:
                old = {"dampingan_id": row["dampingan_id"], "valid_from": row["valid_from"], "valid_to": on}
                emit(session, DampinganEnded.model_validate(same | old | placement_ids(self.giving)))
            new = {"dampingan_id": row["new_id"], "valid_from": on, "valid_to": self.taking.valid_to}
            emit(session, DampinganStarted.model_validate(same | new | placement_ids(self.taking)))

    def step(self, place: dict[str, Any]) -> Step:
        """Return the result of the step."""
        return Step(
            done=len(self.rows),
            refused=len(self.errors),
            errors=self.errors,
            notes=self.added,
            place=place,
            report={"added": self.job.report.get("added", 0) + len(self.added)},
        )


def counts_on_limit(row: dict[str, Any]) -> bool:
    """Return whether a family counts against the limit."""
    return row["purpose"] == DampinganPurpose.PENDAMPINGAN


def placement_ids(penugasan: Penugasan) -> dict[str, Any]:
    """Return the ids of a placement and its pendamping."""
    return {"penugasan_id": penugasan.penugasan_id, "pendamping_id": penugasan.pendamping_id}
