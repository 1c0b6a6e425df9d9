"""Compare how far the replica and the reaction of one topic have read a key."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from shared import schema


async def find_behind(
    session: AsyncSession, topic: str, keys: Collection[UUID], *, replica: str, reaction: str
) -> set[UUID]:
    """Return the keys of which the reaction has applied more events than the replica.

    The reaction will not react again to what the replica shows as it was before these events.
    """
    own, theirs = schema.cursor.alias("reaction"), schema.cursor.alias("replica")
    same_key = sa.and_(theirs.c.subscription == replica, theirs.c.topic == topic, theirs.c.key == own.c.key)
    is_behind = sa.tuple_(own.c.epoch, own.c.seq) > sa.tuple_(
        sa.func.coalesce(theirs.c.epoch, 0), sa.func.coalesce(theirs.c.seq, 0)
    )
    statement = sa.select(own.c.key).select_from(own.outerjoin(theirs, same_key))
    read = (own.c.subscription == reaction, own.c.topic == topic, own.c.key.in_([str(key) for key in keys]))
    return {UUID(key) for key in await session.scalars(statement.where(*read, is_behind))}
