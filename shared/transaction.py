"""The state of one transaction beside its rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol, cast
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from shared.access import Actor
from shared.events import Event, PreparedEvent
from shared.privacy import Vault

KEY = "transaction"


class Cause(Protocol):
    """The envelope of the event that a handler is processing."""

    @property
    def event_id(self) -> UUID: ...
    @property
    def correlation_id(self) -> str: ...
    @property
    def traceparent(self) -> str: ...


class Emitted(NamedTuple):
    """An event to be written with the commit."""

    event: Event | PreparedEvent
    occurred_at: datetime | None
    cause: Cause | None


@dataclass(slots=True)
class TransactionContext:
    """The state of one transaction of `Database`, beside its session.

    `schemas` maps the PostgreSQL schemas of a replica to the copies that a rebuild fills. `clock_offset` is
    how many seconds the development clock is ahead, None if it was not read. `start_offsets` has, by topic and
    partition, the offset at which a reaction that starts `now` began. `causes` has the events that a handler is
    processing, by key. `begin_tag` is the command tag of the last statement in the message of BEGIN.
    """

    driver: asyncpg.Connection
    vault: Vault | None = None
    actor: Actor | None = None
    schemas: Mapping[str, str] = field(default_factory=dict[str, str])
    clock_offset: int | None = None
    request_id: str | None = None
    begin_tag: str = ""
    causes: Mapping[str, Cause] = field(default_factory=dict[str, Cause])
    start_offsets: dict[tuple[str, int], int] | None = None
    events: list[Emitted] = field(default_factory=list[Emitted])

    def cause_of(self, event: Event | PreparedEvent) -> Cause | None:
        """Return the processed event of the same key, else the only one."""
        if len(self.causes) == 1:
            return next(iter(self.causes.values()))
        return self.causes.get(event.key)

    def schema_of(self, schema: str | None) -> str:
        """Return the PostgreSQL schema to write to: a rebuild's copy, or the schema itself."""
        return self.schemas.get(schema or "public", schema or "public")


def context_of(session: AsyncSession | Session) -> TransactionContext:
    """Return the context of a session that `Database.transaction` opened."""
    return cast("TransactionContext", session.info[KEY])
