"""An operator's verbs on a stopped key: retry it, skip what it stops at, or name the position to trust."""

from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from shared.access import Actor
from shared.database import Database, constraint_of, raw, sqlstate_of
from shared.errors import DomainError
from shared.messaging import parking
from shared.messaging.cursors import Place, judge, know_the_start, lock_places, move
from shared.messaging.envelope import Received
from shared.messaging.handling import is_transient, run_handlers
from shared.messaging.subscription import Subscription

log = structlog.get_logger()

FAILED_AGAIN = """
UPDATE platform.parked SET attempts = attempts + 1, reason = 'POISON', error = $2, sqlstate = $3, constraint_name = $4
WHERE parked_id = $1
"""


class NothingToTrust(DomainError):
    """409: this key has no divergence, so there is no position to choose."""

    en = "The key stands at {place} without a divergence; there is nothing to resume."
    id = "Aliran ini berada di {place} tanpa perbedaan; tidak ada yang perlu dilanjutkan."


async def retry(database: Database, subscription: Subscription, topic: str, key: str) -> int:
    """Apply what is parked of a key, in order, until one fails again. Returns how many were applied."""
    async with database.transaction(Actor.system(database.service)) as session:
        return await drain(session, subscription, topic, key)


async def skip(database: Database, subscription: Subscription, topic: str, key: str) -> int:
    """Pass over what a key stops at, for good, and apply the rest in order.

    That is the first parked event (logged), or, in a gap, the events that never came.
    """
    async with database.transaction(Actor.system(database.service)) as session:
        return await skip_first(session, subscription, topic, key)


async def skip_first(session: AsyncSession, subscription: Subscription, topic: str, key: str) -> int:
    """As `skip`, in a transaction of the caller's."""
    place = (await lock_places(session, subscription.name, [(topic, key)]))[topic, key]
    items = await parking.waiting(session, subscription.name, topic, key)
    if items:
        number, received = items[0]
        connection = await raw(session)
        verdict = judge(place, received)
        if verdict == "gap":
            place.epoch, place.seq, place.event_id = received.meta.epoch, received.meta.seq - 1, None
            place.moved = True
        else:
            await parking.forget(connection, [number])
        if verdict == "apply":
            place.follow(received)
        await move(connection, subscription.name, {(topic, key): place})
        log.warning(
            "parked_skipped",
            subscription=subscription.name,
            key=key,
            event_id=str(received.meta.event_id),
            missing=verdict == "gap",
        )
    return await drain(session, subscription, topic, key)


async def resume(
    database: Database,
    subscription: Subscription,
    topic: str,
    key: str,
    position: tuple[int, int],
    event_id: UUID,
) -> int:
    """After a divergence: trust `position` (epoch, seq) of `event_id`, and go on behind it.

    What is parked at or before that position belongs to the story not trusted, and is dropped (logged).

    Raises:
        NothingToTrust: the key has no divergence.
    """
    async with database.transaction(Actor.system(database.service)) as session:
        place = (await lock_places(session, subscription.name, [(topic, key)]))[topic, key]
        if place.state != "DIVERGED":
            raise NothingToTrust(place=f"({place.epoch}, {place.seq})")
        place.epoch, place.seq, place.event_id = *position, event_id
        place.turn("PARKED")
        connection = await raw(session)
        await move(connection, subscription.name, {(topic, key): place})
        passed = [
            (number, received)
            for number, received in await parking.waiting(session, subscription.name, topic, key)
            if parking.position_of(received) <= position
        ]
        await parking.forget(connection, [number for number, _ in passed])
        log.warning(
            "divergence_resumed",
            subscription=subscription.name,
            key=key,
            epoch=position[0],
            seq=position[1],
            dropped=[str(received.meta.event_id) for _, received in passed],
        )
        return await drain(session, subscription, topic, key)


async def drain(session: AsyncSession, subscription: Subscription, topic: str, key: str) -> int:
    """Apply parked events of a key in order under its cursor's lock; stop at the first that fails or is missing."""
    await know_the_start(session, subscription)
    place = (await lock_places(session, subscription.name, [(topic, key)]))[topic, key]
    connection = await raw(session)
    applied, state = 0, "OPEN"
    for number, received in await parking.waiting(session, subscription.name, topic, key):
        verdict = judge(place, received)
        if verdict in {"gap", "divergence"}:
            state = "GAP" if verdict == "gap" else "DIVERGED"
            break
        if verdict == "apply" and not await _try(session, subscription, number, received):
            state = "PARKED"
            break
        if verdict == "apply":
            place.follow(received)
            applied += 1
        await parking.forget(connection, [number])
    await _close(connection, subscription.name, (topic, key), place, state)
    return applied


async def _close(connection: Any, name: str, at: tuple[str, str], place: Place, state: str) -> None:
    place.turn(state)
    await move(connection, name, {at: place})


async def _try(
    session: AsyncSession, subscription: Subscription, number: int, received: Received[Any]
) -> bool:
    try:
        async with session.begin_nested():
            await run_handlers(session, subscription, [received])
    except Exception as error:
        if is_transient(error):
            raise
        await (await raw(session)).execute(
            FAILED_AGAIN,
            number,
            type(error).__name__,
            sqlstate_of(error) or None,
            constraint_of(error) or None,
        )
        return False
    return True
