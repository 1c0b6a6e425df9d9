"""Run a subscription's handlers, and separate faulty events from transient errors."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import asyncpg
from sqlalchemy.exc import DBAPIError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database import sqlstate_of
from shared.messaging.cursors import PositionMoved
from shared.messaging.envelope import Received, Record
from shared.messaging.subscription import BatchHandler, OneHandler, Subscription
from shared.transaction import context_of

# SQLSTATE classes that no event causes: connection, server-side rollback, resources, operator action, system error.
TRANSIENT_CLASSES = frozenset({"08", "40", "53", "57", "58", "XX"})
TRANSIENT = frozenset({"55P03", "25P03", "25006"})
STATEMENT_TIMEOUT = "57014"
TIMEOUTS_BEFORE_PARKING = 5


class ReplicaEmitted(Exception):
    """A replica's handler emitted an event, which each rebuild would emit again."""


class TooManyParked(Exception):
    """Over 50 keys were parked within five minutes: the release is faulty, not the events."""


def is_transient(error: BaseException) -> bool:
    """Return whether a later retry may succeed without anybody's action."""
    if isinstance(error, PositionMoved | TooManyParked | OSError | TimeoutError | NoConnection):
        return True
    if isinstance(error, PendingRollbackError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    ):
        return True
    origin = getattr(error, "orig", error)
    cause = getattr(origin, "__cause__", None) or origin
    if isinstance(cause, asyncpg.InvalidCachedStatementError):
        return True  # A migration changed a table under a prepared statement.
    if isinstance(cause, asyncpg.InterfaceError) and not isinstance(cause, ValueError):
        return True
    state = sqlstate_of(error)
    return state != STATEMENT_TIMEOUT and (state in TRANSIENT or state[:2] in TRANSIENT_CLASSES)


_timeouts: dict[tuple[str, str, str, str, int, int], int] = {}


def may_park(service: str, subscription: str, received: Received[Any], error: BaseException) -> bool:
    """Return whether the event itself is at fault.

    A statement timeout counts only after five tries.
    """
    if is_transient(error):
        return False
    if sqlstate_of(error) != STATEMENT_TIMEOUT:
        return True
    meta = received.meta
    place = (service, subscription, meta.topic, meta.key, meta.epoch, meta.seq)
    _timeouts[place] = _timeouts.get(place, 0) + 1
    if _timeouts[place] < TIMEOUTS_BEFORE_PARKING:
        return False
    del _timeouts[place]
    return True


async def run_handlers(
    session: AsyncSession, subscription: Subscription, ready: Sequence[Received[Any]]
) -> None:
    """Run the handlers of new events, in order within each key.

    A batch handler receives the events of many keys in one list.
    """
    context = context_of(session)
    for group in rounds(session, subscription, ready):
        for received in group.values():
            kind, handler = subscription.handlers[received[0].meta.wire]
            context.causes = {one.meta.key: one.meta for one in received}
            if kind == "batch":
                await cast("BatchHandler", handler)(session, received)
                continue
            for one in received:
                context.causes = {one.meta.key: one.meta}
                await cast("OneHandler", handler)(session, one.event, one.meta)
    context.causes = {}
    if subscription.kind == "replica" and context.events:
        raise ReplicaEmitted(subscription.name)


def rounds(
    session: AsyncSession, subscription: Subscription, ready: Sequence[Received[Any]]
) -> list[dict[int, list[Received[Any]]]]:
    """Group events by handler, keeping the order of each key across handlers."""
    groups: list[dict[int, list[Received[Any]]]] = []
    last: dict[str, tuple[int, int]] = {}
    several = len(subscription.topics) > 1
    starts = context_of(session).start_offsets
    for received in ready:
        meta = received.meta
        handler = subscription.handlers.get(meta.wire)
        if handler is None or (starts and _is_before_start(starts, received.record)):
            continue
        key, handler_id = f"{meta.topic} {meta.key}" if several else meta.key, id(handler[1])
        number, previous = last.get(key, (0, handler_id))
        number += previous != handler_id
        last[key] = (number, handler_id)
        while len(groups) <= number:
            groups.append({})
        groups[number].setdefault(handler_id, []).append(received)
    return groups


def _is_before_start(start_offsets: Mapping[tuple[str, int], int], record: Record) -> bool:
    """Return whether a record is older than the reaction, so that only its cursor advances."""
    return record.offset < start_offsets.get((record.topic, record.partition), 0)
