"""An operator's actions on a stopped key: retry, skip, or resume from a position."""

from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from shared.access import Actor
from shared.database import Database, constraint_of, raw, sqlstate_of
from shared.errors import DomainError
from shared.messaging import parked_events
from shared.messaging.cursors import Cursor, classify, load_start_offsets, lock_cursors, store_cursors
from shared.messaging.dispatch import is_transient, run_handlers
from shared.messaging.envelope import Received
from shared.messaging.subscription import Subscription
from shared.remedies import nothing

log = structlog.get_logger()

RECORD_FAILURE = """
UPDATE platform.parked SET attempts = attempts + 1, reason = 'POISON', error = $2, sqlstate = $3, constraint_name = $4
WHERE parked_id = $1
"""


class KeyNotDiverged(DomainError):
    """409: the key has no divergence, so there is no position to choose."""

    en = "The key is at {place} without a divergence; there is nothing to resume."
    id = "Aliran ini berada di {place} tanpa perbedaan; tidak ada yang perlu dilanjutkan."
    remedy = nothing("There is nothing to resume.", "Tidak ada yang perlu dilanjutkan.")


async def retry(database: Database, subscription: Subscription, topic: str, key: str) -> int:
    """Apply the parked events of a key in order, until one fails.

    Returns:
        how many were applied.
    """
    async with database.transaction(Actor.system(database.service)) as session:
        return await apply_parked(session, subscription, topic, key)


async def skip(database: Database, subscription: Subscription, topic: str, key: str) -> int:
    """Skip for good what a key is stopped by, and apply the rest in order.

    Skipped is the first parked event (logged), or, in a gap, the missing events.
    """
    async with database.transaction(Actor.system(database.service)) as session:
        return await skip_in_transaction(session, subscription, topic, key)


async def skip_in_transaction(session: AsyncSession, subscription: Subscription, topic: str, key: str) -> int:
    """Skip as `skip` does, in the caller's transaction."""
    cursor = (await lock_cursors(session, subscription.name, [(topic, key)]))[topic, key]
    items = await parked_events.load(session, subscription.name, topic, key)
    if items:
        number, received = items[0]
        connection = await raw(session)
        kind = classify(cursor, received)
        if kind == "gap":
            cursor.epoch, cursor.seq, cursor.event_id = received.meta.epoch, received.meta.seq - 1, None
            cursor.moved = True
        else:
            await parked_events.delete(connection, [number])
        if kind == "apply":
            cursor.advance_to(received)
        await store_cursors(connection, subscription.name, {(topic, key): cursor})
        log.warning(
            "parked_skipped",
            subscription=subscription.name,
            key=key,
            event_id=str(received.meta.event_id),
            missing=kind == "gap",
        )
    return await apply_parked(session, subscription, topic, key)


async def resume(
    database: Database,
    subscription: Subscription,
    topic: str,
    key: str,
    position: tuple[int, int],
    event_id: UUID,
) -> int:
    """Resolve a divergence: accept `position` (epoch, seq) of `event_id`, and continue after it.

    Events parked at or before that position are dropped (logged).

    Raises:
        KeyNotDiverged: the key has no divergence.
    """
    async with database.transaction(Actor.system(database.service)) as session:
        cursor = (await lock_cursors(session, subscription.name, [(topic, key)]))[topic, key]
        if cursor.state != "DIVERGED":
            raise KeyNotDiverged(place=f"({cursor.epoch}, {cursor.seq})")
        cursor.epoch, cursor.seq, cursor.event_id = *position, event_id
        cursor.set_state("PARKED")
        connection = await raw(session)
        await store_cursors(connection, subscription.name, {(topic, key): cursor})
        dropped = [
            (number, received)
            for number, received in await parked_events.load(session, subscription.name, topic, key)
            if parked_events.position_of(received) <= position
        ]
        await parked_events.delete(connection, [number for number, _ in dropped])
        log.warning(
            "divergence_resumed",
            subscription=subscription.name,
            key=key,
            epoch=position[0],
            seq=position[1],
            dropped=[str(received.meta.event_id) for _, received in dropped],
        )
        return await apply_parked(session, subscription, topic, key)


async def apply_parked(session: AsyncSession, subscription: Subscription, topic: str, key: str) -> int:
    """Apply parked events of a key in order, until one fails or is missing."""
    await load_start_offsets(session, subscription)
    cursor = (await lock_cursors(session, subscription.name, [(topic, key)]))[topic, key]
    connection = await raw(session)
    applied, state = 0, "OPEN"
    for number, received in await parked_events.load(session, subscription.name, topic, key):
        kind = classify(cursor, received)
        if kind in {"gap", "divergence"}:
            state = "GAP" if kind == "gap" else "DIVERGED"
            break
        if kind == "apply" and not await _apply_one(session, subscription, number, received):
            state = "PARKED"
            break
        if kind == "apply":
            cursor.advance_to(received)
            applied += 1
        await parked_events.delete(connection, [number])
    await _store_state(connection, subscription.name, (topic, key), cursor, state)
    return applied


async def _store_state(connection: Any, name: str, at: tuple[str, str], cursor: Cursor, state: str) -> None:
    cursor.set_state(state)
    await store_cursors(connection, name, {at: cursor})


async def _apply_one(
    session: AsyncSession, subscription: Subscription, number: int, received: Received[Any]
) -> bool:
    try:
        async with session.begin_nested():
            await run_handlers(session, subscription, [received])
    except Exception as error:
        if is_transient(error):
            raise
        await (await raw(session)).execute(
            RECORD_FAILURE,
            number,
            type(error).__name__,
            sqlstate_of(error) or None,
            constraint_of(error) or None,
        )
        return False
    return True
