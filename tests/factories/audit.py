"""Audit trails for tests: entries of several minutes, closed blocks, tamperings by a superuser."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from deploy.audit.export import WITNESSES, read_lines
from deploy.audit.verifier import Fault, Trail, read_trail, verify
from services.caseload.subscriptions import audit as witness_in_caseload
from shared.access import Actor, Role
from shared.audit.chain import keys_of
from shared.audit.closing import close_block
from shared.audit.entries import Entry, insert_entry
from shared.database import raw, vault_of
from shared.events import AUDIT_TOPIC
from tests.factories.delivery import apply_records, relay
from tests.factories.services import Running

KEPT = {"at", "audit_id"}
Place = tuple[str, UUID]
"""The minute and the id of an entry."""


async def read_entries(service: Running) -> list[asyncpg.Record]:
    """Return all entries of a service, in order."""
    return await service.sql("SELECT * FROM platform.audit_entry ORDER BY at, audit_id")


async def list_purposes(service: Running, role: Role, area: str, **params: Any) -> list[dict[str, Any]]:
    """Return what a supervisor of an area sees of stated purposes."""
    token = service.token(role, f"supervisor-{area}", [area])
    answer = await service.get("/v1/audit/purposes", as_=token, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def close(service: Running) -> bool:
    """Close the next block of a service."""
    async with service.session() as session:
        return await close_block(session)


async def write_minutes(service: Running, minutes: int, entries: int) -> None:
    """Write entries of earlier minutes, and close each minute."""
    start = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=minutes)
    for minute in range(minutes):
        async with service.session() as session:
            connection, keys = await raw(session), keys_of(vault_of(session))
            for number in range(entries):
                at = start + timedelta(minutes=minute, milliseconds=1 + number * 50_000 / entries)
                await insert_entry(connection, _example(number), keys, at)
        assert await close(service)


def _example(number: int) -> Entry:
    actor = Actor(f"dinsos-{number % 3}", frozenset({Role.DINSOS_KABKOTA}), ("33.24",))
    subjects = [uuid4() for _ in range(number % 4)]
    return Entry(actor, "read_kpm", "kpm", "READ", 200, str(uuid4()), subjects, len(subjects))


async def deliver_blocks(publisher: Running, reader: Running) -> None:
    """Let caseload store the closed blocks of another service."""
    await relay(publisher)
    await apply_records(reader, witness_in_caseload, {f"{AUDIT_TOPIC}{publisher.name}": publisher.worker})


@asynccontextmanager
async def rolled_back(service: Running) -> AsyncIterator[asyncpg.Connection]:
    """Yield a superuser's transaction that is rolled back."""
    async with service._open_connection() as connection:
        transaction = connection.transaction()
        await transaction.start()
        try:
            yield connection
        finally:
            await transaction.rollback()


async def find_faults(connection: asyncpg.Connection, service: Running, witness: Running) -> list[Fault]:
    """Return what the verifier names, as the transaction of `connection` sees the trail."""
    own = [line async for line in read_lines(connection, [])]
    stored = Trail(witness.name)
    async with witness._open_connection() as other, other.transaction():
        witnesses = await other.fetch(WITNESSES)
        stored = read_trail(witness.name, [line async for line in read_lines(other, witnesses)])
    return verify({service.name: read_trail(service.name, own), witness.name: stored})


class Superuser:
    """Tampers with the entries of a service at random, and returns the places."""

    def __init__(self, connection: asyncpg.Connection, entries: list[asyncpg.Record], seed: int) -> None:
        self.connection, self.entries, self.chance = connection, entries, random.Random(seed)

    async def tamper(self) -> tuple[str, list[Place]]:
        """Do one of the acts, and return it with the places to be named."""
        act = self.chance.choice(["edit", "delete", "swap", "back_date", "insert", "truncate"])
        return act, await getattr(self, act)()

    async def edit(self, name: str = "") -> list[Place]:
        """Change one column of an entry, by default any."""
        row = self._any()
        name = name or self.chance.choice([name for name in row.keys() if name not in KEPT])  # noqa: SIM118
        await self._set(row, {name: self._other(row[name], name)})
        return [_place(row)]

    async def delete(self) -> list[Place]:
        row = self._any()
        await self._delete(row)
        return [_place(row)]

    async def swap(self) -> list[Place]:
        one, other = self.chance.sample(self.entries, 2)
        for row, source in ((one, other), (other, one)):
            await self._set(row, {name: value for name, value in source.items() if name not in KEPT})
        return [_place(one), _place(other)]

    async def back_date(self) -> list[Place]:
        row = self._any()
        await self._set(row, {"at": row["at"] - timedelta(seconds=self.chance.randint(1, 5_000_000))})
        return [_place(row)]

    async def insert(self) -> list[Place]:
        """Add a copy with another id and an earlier transaction."""
        row = dict(self._any()) | {"audit_id": uuid4(), "number": None, "writer_id": None}
        row["transaction_id"] -= 1
        names = ", ".join(row)
        values = ", ".join(f"${number}" for number in range(1, len(row) + 1))
        await self.connection.execute(
            f"INSERT INTO platform.audit_entry ({names}) VALUES ({values})", *row.values()
        )
        return [_place(row)]

    async def truncate(self) -> list[Place]:
        rows = self.entries[-self.chance.randint(1, len(self.entries)) :]
        for row in rows:
            await self._delete(row)
        return [_place(row) for row in rows]

    def _any(self) -> asyncpg.Record:
        return self.chance.choice(self.entries)

    def _other(self, value: Any, name: str) -> Any:
        """Return another value of the same type."""
        flipped = bytes(value or b"x") if isinstance(value, bytes | None) else b"x"
        by_name = {
            "outcome": "DENIED" if value != "DENIED" else "READ",
            "subject_ids": [*(value or ()), uuid4()] if isinstance(value, list) else None,
            "number": 7,
            "purpose": "x",
            "kode_wilayah": "x",
            "id_hash": b"x",
            "mac": bytes((flipped[0] ^ 1 << self.chance.randrange(8), *flipped[1:])),
        }
        if name in by_name:
            return by_name[name]
        by_type = {int: lambda: value + 1, str: lambda: f"{value}x", list: lambda: [*value, "x"]}
        return by_type.get(type(value), uuid4)()

    async def _set(self, row: asyncpg.Record, values: dict[str, Any]) -> None:
        parts = ", ".join(f"{name} = ${number}" for number, name in enumerate(values, 3))
        statement = f"UPDATE platform.audit_entry SET {parts} WHERE at = $1 AND audit_id = $2"
        assert (
            await self.connection.execute(statement, row["at"], row["audit_id"], *values.values())
            == "UPDATE 1"
        )

    async def _delete(self, row: asyncpg.Record) -> None:
        statement = "DELETE FROM platform.audit_entry WHERE at = $1 AND audit_id = $2"
        await self.connection.execute(statement, row["at"], row["audit_id"])


def _place(row: Any) -> Place:
    return f"{row['at']:%Y-%m-%dT%H:%M}", row["audit_id"]
