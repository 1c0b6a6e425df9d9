"""Command that keeps the earlier states of replicated rows."""

from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database import upsert
from shared.database.tables import Model
from shared.dates import day_of
from shared.messaging import Received
from shared.messaging.subscription import BatchHandler


def keep_history(history: type[Model], then: BatchHandler) -> BatchHandler:
    """Return a handler that writes the state after each business day, and then calls `then`.

    The last event of a day decides its state. A repeated event, or a rebuild, writes the same rows again.
    """
    columns = cast("sa.Table", history.__table__).columns
    key = [column.name for column in columns if column.primary_key]
    names = [column.name for column in columns if column.name != "from_on"]

    async def keep(session: AsyncSession, received: list[Received[Any]]) -> None:
        rows = [
            {name: fields.get(name) for name in names} | {"from_on": day_of(event.meta.occurred_at)}
            for event in received
            for fields in (event.fields,)
        ]
        await upsert(session, history, rows, key=key)
        await then(session, received)

    return keep
