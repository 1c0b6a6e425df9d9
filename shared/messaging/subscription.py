"""Subscriptions: how one service reacts to events of others."""

import inspect
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database import FROM_ON, upsert, upsert_with_history
from shared.database.tables import Model
from shared.dates import day_of
from shared.events import Event
from shared.messaging.envelope import Meta, Received

HandlerWithoutMeta: TypeAlias = Callable[[AsyncSession, Any], Awaitable[None]]
OneHandler: TypeAlias = Callable[[AsyncSession, Any, Meta], Awaitable[None]]
BatchHandler: TypeAlias = Callable[[AsyncSession, list[Received[Any]]], Awaitable[None]]
Handler: TypeAlias = tuple[Literal["one"], OneHandler] | tuple[Literal["batch"], BatchHandler]
One = TypeVar("One", bound=HandlerWithoutMeta | OneHandler)
Batch = TypeVar("Batch", bound=BatchHandler)
EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(slots=True)
class Subscription:
    """A named reader of topics, with its own cursors, offsets and Kafka group.

    `replica`: its handlers write only tables of the schema `replica_<name>` and never emit. It can be rebuilt.
    `reaction`: its handlers may emit. It is never rebuilt. It starts at the `beginning` of the topics or `now`; with
    `now` only its cursors advance over older events, so that a republish of them has no effect.
    """

    name: str
    kind: Literal["replica", "reaction"]
    topics: list[str]
    starts: Literal["beginning", "now"] = "beginning"
    handlers: dict[str, Handler] = field(default_factory=dict[str, "Handler"])
    replicated: set[str] = field(default_factory=set[str])

    @property
    def schema(self) -> str:
        """The PostgreSQL schema of the replica's tables."""
        return f"replica_{self.name}"

    def on(self, *events: type[Event]) -> Callable[[One], One]:
        """Register `handler(session, event)` for these events, one at a time.

        A handler that needs the envelope takes it as a third parameter: `handler(session, event, meta)`.
        """

        def register(handler: One) -> One:
            self._register(events, ("one", _with_meta(handler)))
            return handler

        return register

    def on_batch(self, *events: type[Event]) -> Callable[[Batch], Batch]:
        """Register `handler(session, list[Received])`, called with many of these events at once, in order."""

        def register(handler: Batch) -> Batch:
            self._register(events, ("batch", handler))
            return handler

        return register

    def replicate(
        self,
        table: type[Model],
        *events: type[Event],
        renamed: Mapping[str, str] = EMPTY,
        fixed: Mapping[str, object] = EMPTY,
        omit: Collection[str] = (),
        where: Mapping[str, object] = EMPTY,
        history: type[Model] | None = None,
        then: BatchHandler | None = None,
    ) -> None:
        """Upsert by primary key into `table` the columns that these events have as fields.

        A column that an event lacks and another one here declares becomes NULL. A column that none declares is not
        written; declare an event that fills other columns in its own call. Lists and objects are stored as they
        arrive, including unknown codes in them.

        Args:
            table: a table of this replica's schema.
            events: the events to apply in one batch.
            renamed: by column, the field that fills it where the names differ.
            fixed: by column, the value that each of these events writes.
            omit: columns not to write although an event declares a field of the same name.
            where: by field, the value that an event must have to be written.
            history: a table of the same columns and `from_on`, for the state after each business day. The last event
                of a day decides it. A repeated event, or a rebuild, writes the same rows again.
            then: called with the events that were written.

        Raises:
            ValueError: the events cannot fill the table, or one of them is handled twice.
        """
        if self.kind != "replica" or _table_of(table).schema != self.schema:
            msg = f"{self.name} cannot replicate into {table.__name__}: not a table of its schema"
            raise ValueError(msg)
        columns = _table_of(table).columns
        names = [name for name in columns.keys() if name not in fixed and name not in omit]  # noqa: SIM118 (names)
        sources = {event.wire: _field_by_column(event, names, renamed) for event in events}
        _refuse_unknown_names(table, events, {*renamed, *fixed, *omit}, {*renamed.values(), *where})
        for event in events:
            _refuse_missing_values(table, event, {*sources[event.wire], *fixed})
        if history:
            _refuse_other_columns(table, history)
        rows_of = ReplicaRows(sources, dict(fixed), dict(where))
        write = _upsert_into(table, history, tuple(rows_of.empty_row))

        async def replicate(session: AsyncSession, received: list[Received[Any]]) -> None:
            written = [event for event in received if rows_of.accepts(event)]
            await write(session, [rows_of.row_of(event) for event in written], written)
            if then and written:
                await then(session, written)

        self._register(events, ("batch", replicate))
        self.replicated.update(event.wire for event in events)

    def _register(self, events: Iterable[type[Event]], handler: Handler) -> None:
        for event in events:
            if event.topic not in self.topics or event.wire in self.handlers:
                msg = f"{self.name} cannot handle {event.wire}: not one of its topics, or handled twice"
                raise ValueError(msg)
            self.handlers[event.wire] = handler


@dataclass(slots=True)
class ReplicaRows:
    """Which events become rows of a replicated table, and how.

    `sources` has, by event, the field of each column.
    """

    sources: dict[str, dict[str, str]]
    fixed: dict[str, object]
    where: dict[str, object]
    empty_row: dict[str, object] = field(init=False)
    as_they_are: bool = field(init=False)

    def __post_init__(self) -> None:
        """Compute the columns, and whether fields have the names of all columns."""
        self.empty_row = {**dict.fromkeys(chain.from_iterable(self.sources.values())), **self.fixed}
        pairs = chain.from_iterable(source.items() for source in self.sources.values())
        self.as_they_are = not self.fixed and all(column == name for column, name in pairs)

    def accepts(self, event: Received[Any]) -> bool:
        return not self.where or all(event.fields[name] == value for name, value in self.where.items())

    def row_of(self, event: Received[Any]) -> dict[str, object]:
        """Return a row, which the caller does not change."""
        fields = event.fields
        if self.as_they_are:
            # Fast path: building a row costs 2 µs, and PostgreSQL ignores fields without a column (bench: replica).
            return fields
        source = self.sources[event.meta.wire].items()
        return self.empty_row | {column: fields[name] for column, name in source}


def _upsert_into(
    table: type[Model], history: type[Model] | None, columns: tuple[str, ...]
) -> Callable[[AsyncSession, list[dict[str, object]], list[Received[Any]]], Awaitable[None]]:
    key = [column.name for column in _table_of(table).columns if column.primary_key]

    async def write(
        session: AsyncSession, rows: list[dict[str, object]], events: list[Received[Any]]
    ) -> None:
        if history is None:
            await upsert(session, table, rows, key=key, columns=columns)
            return
        days = [day_of(event.meta.occurred_at) for event in events]
        await upsert_with_history(session, table, history, rows, days, key=key, columns=columns)

    return write


def _with_meta(handler: HandlerWithoutMeta | OneHandler) -> OneHandler:
    if len(inspect.signature(handler).parameters) > 2:
        return cast("OneHandler", handler)
    without_meta = cast("HandlerWithoutMeta", handler)
    return lambda session, event, _meta: without_meta(session, event)


def _table_of(model: type[Model]) -> sa.Table:
    return cast("sa.Table", model.__table__)


def _field_by_column(
    event: type[Event], columns: Iterable[str], renamed: Mapping[str, str]
) -> dict[str, str]:
    names = {column: renamed.get(column, column) for column in columns}
    return {column: name for column, name in names.items() if name in event.model_fields}


def _refuse_unknown_names(
    model: type[Model], events: Iterable[type[Event]], columns: set[str], fields: set[str]
) -> None:
    unknown = columns - set(_table_of(model).columns.keys())
    for event in events:
        unknown |= fields - event.model_fields.keys()
    if unknown:
        msg = f"{model.__name__} and its events do not have: {', '.join(sorted(unknown))}"
        raise ValueError(msg)


def _refuse_other_columns(model: type[Model], history: type[Model]) -> None:
    table, other = _table_of(model), _table_of(history)
    columns = {column.name: column.primary_key for column in table.columns}
    if other.schema != table.schema or columns | {FROM_ON: True} != {
        column.name: column.primary_key for column in other.columns
    }:
        msg = f"{history.__name__} is no history of {model.__name__}: not its columns and {FROM_ON}"
        raise ValueError(msg)


def _refuse_missing_values(model: type[Model], event: type[Event], given: set[str]) -> None:
    missing = [
        column.name
        for column in _table_of(model).columns
        if column.name not in given
        and (column.primary_key or (not column.nullable and column.server_default is None))
    ]
    if missing:
        msg = f"{event.wire} cannot fill {model.__name__}: no value for {', '.join(missing)}"
        raise ValueError(msg)
