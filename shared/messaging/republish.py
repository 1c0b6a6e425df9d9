"""Send the outbox again, to a topic that was lost.

The job has a publisher of its own and does not change `unsent`.
"""

from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from shared.database import raw
from shared.events import SEALED_TOPIC
from shared.jobs import Job, Step, StepFunction
from shared.messaging.relay import Publisher, Unsent

KIND = "platform.republish"
CHUNK = 1_000

READ = f"""
SELECT shard, outbox_id, recorded_at, event_id, topic, key, body FROM platform.outbox
WHERE outbox_id > $1 AND recorded_at >= coalesce($2::text::timestamptz, '-infinity') AND topic <> '{SEALED_TOPIC}'
ORDER BY outbox_id LIMIT $3
"""  # noqa: S608 (a constant)


class PublisherFactory(Protocol):
    """A transport, as far as the job uses it."""

    def publisher(self) -> Publisher: ...


def republish_step(transport: PublisherFactory) -> StepFunction:
    """Return the job's step. Every reader's cursor drops the events that arrive twice."""
    publisher: Publisher | None = None

    async def step(session: AsyncSession, job: Job) -> Step:
        nonlocal publisher
        publisher = publisher or transport.publisher()
        connection = await raw(session)
        last = int(job.place.get("outbox_id", 0))
        rows = [Unsent(*row) for row in await connection.fetch(READ, last, job.params.get("since"), CHUNK)]
        failed = await publisher.publish(connection, rows) if rows else set[int]()
        if failed:
            message = f"{len(failed)} events were not acknowledged"
            raise ValueError(message)
        if len(rows) < CHUNK:
            await publisher.close()
            publisher = None
        place: dict[str, Any] = {"outbox_id": rows[-1].outbox_id if rows else last}
        return Step(done=len(rows), place=place, finished=len(rows) < CHUNK)

    return step
