"""Entries of the audit trail: who did what with whose data."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from shared.access import Actor
from shared.audit.chain import SIGNED, AuditKeys

MAX_SUBJECTS = 1_000
"""The most ids in one entry. Beyond it only `subject_count` is complete."""
COLUMNS = (*SIGNED, "mac")
INSERT = (
    f"INSERT INTO platform.audit_entry ({', '.join(COLUMNS)})"  # noqa: S608 (constants)
    f" VALUES ({', '.join(f'${number}' for number in range(1, len(COLUMNS) + 1))}) ON CONFLICT DO NOTHING"
)
DATABASE_CLOCK = "SELECT clock_timestamp()"
Outcome = Literal["READ", "CHANGED", "DENIED"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One act of an actor on data.

    `act` is the id of the operation or the kind of the job, `resource` the noun of its address. `subject_ids` are ids
    of families, else of the things of the request. `id_hash` replaces the id of a refused request, and is of the file that was read. `kode_wilayah` is the
    area of the one family that was read for a stated purpose.
    """

    actor: Actor
    act: str
    resource: str
    outcome: Outcome
    status: int
    request_id: str = ""
    subject_ids: Sequence[UUID] = ()
    subject_count: int = 0
    id_hash: bytes | None = None
    field_classes: Sequence[str] = ()
    purpose: str | None = None
    kode_wilayah: str | None = None

    def to_row(
        self, keys: AuditKeys, at: datetime, place: tuple[UUID | None, int | None] = (None, None)
    ) -> tuple[Any, ...]:
        """Return the values of `COLUMNS`.

        `place` is the writer and the number of the entry in it.
        """
        actor = self.actor
        values = (
            uuid7(),
            at,
            *place,
            actor.sub,
            actor.pendamping_id,
            sorted(actor.roles),
            list(actor.areas),
            actor.partner_id,
            self.purpose,
            self.kode_wilayah,
            self.act,
            self.resource,
            list(self.subject_ids),
            self.subject_count,
            self.id_hash,
            list(self.field_classes),
            self.outcome,
            self.status,
            self.request_id,
        )
        return (*values, keys.mac(values))


def canonical(text: object) -> str:
    """Return a UUID in its usual spelling, and any other text unchanged."""
    return str(_parse(text) or text)


def uuids_of(texts: Iterable[object]) -> list[UUID]:
    """Return the distinct UUIDs among texts, in order."""
    ids = (_parse(text) for text in dict.fromkeys(texts))
    return [*dict.fromkeys(one for one in ids if one is not None)]


def _parse(text: object) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None


async def insert_entry(
    connection: asyncpg.Connection,
    entry: Entry,
    keys: AuditKeys,
    at: datetime | None = None,
    statement: str = INSERT,
    more: Sequence[object] = (),
) -> None:
    """Write an entry within the transaction of the act.

    `at` is by default the time of the database. Another `statement` has `more` parameters after those of `INSERT`.
    """
    instant = at or cast("datetime", await connection.fetchval(DATABASE_CLOCK))
    # Fast path: a prepared statement of the driver, a third of the ORM's time (bench: audit).
    await connection.execute(statement, *entry.to_row(keys, instant), *more)
