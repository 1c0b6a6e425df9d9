"""Running a subscription's handlers, and telling the event's fault from the world's."""

from collections.abc import Sequence
from typing import Any, cast

import asyncpg
from sqlalchemy.exc import DBAPIError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database import sqlstate_of
from shared.messaging.cursors import PositionMoved, before_the_start
from shared.messaging.envelope import Received
from shared.messaging.subscription import BatchHandler, OneHandler, Subscription
from shared.transaction import context_of

# Connections, rollbacks of the server's choice, resources, operators and the system: none of these is the event's fault.
TRANSIENT_CLASSES = frozenset({"08", "40", "53", "57", "58", "XX"})
TRANSIENT = frozenset({"55P03", "25P03", "25006"})
STATEMENT_TIMEOUT = "57014"
TIMEOUTS_BEFORE_PARKING = 5


class ReplicaTold(Exception):
    """A replica's handler emitted: told again at every rebuild, it would be a lie."""


class TooManyParked(Exception):
    """Over 50 keys parked within five minutes: a bad release, not bad events."""


def is_transient(error: BaseException) -> bool:
    """Whether trying the same again, later, may succeed without anybody's act."""
    if isinstance(error, PositionMoved | TooManyParked | OSError | TimeoutError | NoConnection):
        return True
    if isinstance(error, PendingRollbackError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    ):
        return True
    origin = getattr(error, "orig", error)
    cause = getattr(origin, "__cause__", None) or origin
    if isinstance(cause, asyncpg.InvalidCachedStatementError):
        return True  # a migration changed a table under a prepared statement
    if isinstance(cause, asyncpg.InterfaceError) and not isinstance(cause, ValueError):
        return True
    state = sqlstate_of(error)
    return state != STATEMENT_TIMEOUT and (state in TRANSIENT or state[:2] in TRANSIENT_CLASSES)


_timeouts: dict[tuple[str, str, str, str, int, int], int] = {}


def may_park(service: str, subscription: str, received: Received[Any], error: BaseException) -> bool:
    """Whether this failure counts as the event's own; a statement timeout does only after five tries."""
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
    """Run the handlers of new facts. Order is kept within a key; batch handlers get lists over many keys."""
    context = context_of(session)
    for group in rounds(session, subscription, ready):
        for received in group.values():
            kind, handler = subscription.handlers[received[0].meta.wire]
            context.cause = received[0].meta
            if kind == "batch":
                await cast("BatchHandler", handler)(session, received)
                continue
            for fact in received:
                context.cause = fact.meta
                await cast("OneHandler", handler)(session, fact.event, fact.meta)
    context.cause = None
    if subscription.kind == "replica" and context.events:
        raise ReplicaTold(subscription.name)


def rounds(
    session: AsyncSession, subscription: Subscription, ready: Sequence[Received[Any]]
) -> list[dict[int, list[Received[Any]]]]:
    """Group facts by handler so that, within a key, none overtakes another of a different handler."""
    found: list[dict[int, list[Received[Any]]]] = []
    last: dict[str, tuple[int, int]] = {}  # one topic has a key's facts in order, and so has the whole batch
    several = len(subscription.topics) > 1
    for received in ready:
        meta = received.meta
        handler = subscription.handlers.get(meta.wire)
        if handler is None or before_the_start(session, received.record):
            continue
        at, mark = f"{meta.topic} {meta.key}" if several else meta.key, id(handler[1])
        number, previous = last.get(at, (0, mark))
        number += previous != mark
        last[at] = (number, mark)
        while len(found) <= number:
            found.append({})
        found[number].setdefault(mark, []).append(received)
    return found
