"""Enqueue a job, and cancel it between two steps."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from shared import schema
from shared.access import Actor, Role, Scope
from shared.access.actor import SYSTEM
from shared.errors import DomainError, NotFound
from shared.field_classes import FieldClass
from shared.remedies import WAIT, nothing

MAX_OPEN_JOBS = 10
QUEUED_CHANNEL = "pilar_queued"
NOTIFY_WORKERS = sa.select(sa.func.pg_notify(QUEUED_CHANNEL, ""))
LOCK_JOBS_OF_ACTOR = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('pilar jobs ' || :sub, 0))")


class TooManyJobs(DomainError):
    """409: the account has as many open jobs as it may have."""

    en = "You have {count} jobs that have not ended. Wait until one has, or cancel one, then send this again."
    id = "Ada {count} pekerjaan Anda yang belum selesai. Tunggu sampai satu selesai atau batalkan satu, lalu kirim lagi."
    more_params = ("job_ids",)
    remedy = WAIT
    retry_after = 30


class JobEnded(DomainError):
    """409: the job has ended, and what it did stays."""

    en = "This job is {state}; it cannot be cancelled. What it did stays."
    id = "Pekerjaan ini sudah {state}; tidak dapat dibatalkan. Yang sudah dikerjakan tetap berlaku."
    remedy = nothing("The job has ended.", "Pekerjaan sudah selesai.")


def as_json(actor: Actor) -> dict[str, Any]:
    """Return the actor as JSON, so that later steps act with the same rights."""
    return {
        "sub": actor.sub,
        "roles": sorted(actor.roles),
        "areas": list(actor.areas),
        "ditjen": actor.ditjen,
        "pendamping_id": str(actor.pendamping_id) if actor.pendamping_id else None,
        "partner_id": str(actor.partner_id) if actor.partner_id else None,
        "scope": actor.scope,
        "fields": actor.fields,
    }


def from_json(fields: Mapping[str, Any]) -> Actor:
    """Return the actor who enqueued a job."""
    return Actor(
        sub=fields["sub"],
        roles=frozenset(Role(role) for role in fields["roles"]),
        areas=tuple(fields["areas"]),
        ditjen=fields["ditjen"],
        pendamping_id=UUID(fields["pendamping_id"]) if fields["pendamping_id"] else None,
        partner_id=UUID(fields["partner_id"]) if fields["partner_id"] else None,
        scope=Scope(fields["scope"]),
        fields=FieldClass(fields["fields"]),
    )


async def enqueue(
    session: AsyncSession,
    kind: str,
    params: Mapping[str, Any],
    actor: Actor,
    *,
    total: int | None = None,
    ordered_before: bool = False,
) -> UUID:
    """Enqueue a job, which a worker starts after the commit.

    `ordered_before` marks a job that an earlier request has scheduled for today. It starts however many jobs
    are open.

    Returns:
        the job's id, for `GET /v1/jobs/{id}`.

    Raises:
        TooManyJobs
    """
    if not ordered_before and not actor.sub.startswith(SYSTEM):
        await _require_room(session, actor)
    job_id = uuid7()
    await session.execute(
        sa.insert(schema.job).values(
            job_id=job_id,
            kind=kind,
            params=dict(params),
            total=total,
            actor_sub=actor.sub,
            actor=as_json(actor),
            areas=list(actor.areas),
        )
    )
    # PostgreSQL sends it with the commit, so a worker that is woken finds the job.
    await session.execute(NOTIFY_WORKERS)
    return job_id


async def _require_room(session: AsyncSession, actor: Actor) -> None:
    await session.execute(LOCK_JOBS_OF_ACTOR, {"sub": actor.sub})
    job = schema.job.c
    # As text: the partial index of open jobs is only used for its own condition.
    still_open = sa.text("state IN ('QUEUED', 'RUNNING')")
    counted = sa.select(sa.func.count()).select_from(schema.job).where(job.actor_sub == actor.sub, still_open)
    if (count := await session.scalar(counted) or 0) >= MAX_OPEN_JOBS:
        oldest = sa.select(job.job_id).where(job.actor_sub == actor.sub, still_open).order_by(job.job_id)
        raise TooManyJobs(count=count, job_ids=list(await session.scalars(oldest)))


async def request_cancellation(session: AsyncSession, job_id: UUID) -> None:
    """Ask to stop a job between two steps. What was done stays.

    Raises:
        NotFound, JobEnded
    """
    table = schema.job
    state = await session.scalar(sa.select(table.c.state).where(table.c.job_id == job_id).with_for_update())
    if state is None:
        raise NotFound("job")
    if state not in {"QUEUED", "RUNNING"}:
        raise JobEnded(state=state)
    await session.execute(sa.update(table).where(table.c.job_id == job_id).values(cancel_requested=True))
