"""An operator's verbs on a stopped key: retry it, skip its first event, or name the position to trust."""

from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.access import Actor
from shared.database import Database, constraint_of, raw, sqlstate_of
from shared.errors import DomainError
from shared.messaging import parking
from shared.messaging.applying import Place, judge, lock_places, move, run_handlers
from shared.messaging.subscription import BadData, Received, Subscription

log = structlog.get_logger()

FAILED_AGAIN = """
UPDATE platform.parked SET attempts = attempts + 1, reason = 'POISON', error = $2, sqlstate = $3, constraint_name = $4
WHERE parked_id = $1
"""


class NothingToTrust(DomainError):
    """409: that position is not one this key can go on from."""

    en = "The key stands at {place}; name a position at or behind which nothing waits, with its event id."
    id = "Aliran ini berada di {place}; sebutkan posisi tepercaya beserta id kejadiannya."


async def retry(database: Database, subscription: Subscription, topic: str, key: str) -> int:
    """Apply what is parked of a key, in order, until one fails again. Returns how many were applied."""
    async with database.transaction(Actor.system(database.service)) as session:
        return await drain(session, subscription, topic, key)


async def skip(database: Database, subscription: Subscription, topic: str, key: str) -> int:
    """Pass over the first parked event of a key for good (it is logged), and apply the rest in order."""
    async with database.transaction(Actor.system(database.service)) as session:
        return await skip_first(session, subscription, topic, key)


async def skip_first(session: AsyncSession, subscription: Subscription, topic: str, key: str) -> int:
    """As `skip`, in a transaction of the caller's."""
    place = (await lock_places(session, subscription.name, [(topic, key)]))[topic, key]
    items = await parking.waiting(session, subscription.name, topic, key)
    if items:
        number, received = items[0]
        connection = await raw(session)
        await parking.forget(connection, [number])
        place.follow(received)
        place.state = "PARKED"
        await move(connection, subscription.name, {(topic, key): place})
        log.warning(
            "parked_skipped", subscription=subscription.name, key=key, event_id=str(received.meta.event_id)
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
    """After a divergence: trust `position` (epoch, seq) of `event_id`, and go on behind it."""
    async with database.transaction(Actor.system(database.service)) as session:
        place = (await lock_places(session, subscription.name, [(topic, key)]))[topic, key]
        place.epoch, place.seq, place.event_id, place.moved, place.state = *position, event_id, True, "PARKED"
        await move(await raw(session), subscription.name, {(topic, key): place})
        log.warning(
            "divergence_resumed", subscription=subscription.name, key=key, epoch=position[0], seq=position[1]
        )
        return await drain(session, subscription, topic, key)


async def drain(session: AsyncSession, subscription: Subscription, topic: str, key: str) -> int:
    """Apply parked events of a key in order under its cursor's lock; stop at the first that fails or is missing."""
    session.info["subscription"] = subscription.name
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
    await _close(connection, subscription.name, topic, key, place, state)
    return applied


async def _close(connection: Any, name: str, topic: str, key: str, place: Place, state: str) -> None:
    place.state, place.moved = state, True
    await move(connection, name, {(topic, key): place})


async def _try(
    session: AsyncSession, subscription: Subscription, number: int, received: Received[Any]
) -> bool:
    try:
        async with session.begin_nested():
            await run_handlers(session, subscription, [received])
    except (
        SQLAlchemyError,
        DomainError,
        BadData,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        AssertionError,
    ) as e:
        await (await raw(session)).execute(
            FAILED_AGAIN, number, type(e).__name__, sqlstate_of(e) or None, constraint_of(e) or None
        )
        return False
    return True
