"""Tasks: opened once for their cause, done by whoever accompanies the family that day."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.models import Dampingan
from services.caseload.history import remember
from services.caseload.tables import new_id
from services.caseload.task.errors import TugasAlreadyDone
from services.caseload.task.models import Tugas, TugasKind, TugasTerm
from shared import clock
from shared.access import Actor, Scope
from shared.database import load, raw, vault_of
from shared.errors import NotFound

OPEN = """
INSERT INTO tugas (tugas_id, kpm_id, kind, cause_id, due_on, opened_on)
SELECT tugas_id, kpm_id, $3, cause_id, $4, $5 FROM unnest($1::uuid[], $2::uuid[], $6::uuid[]) AS t(tugas_id, kpm_id, cause_id)
JOIN kpm USING (kpm_id) ORDER BY kpm_id
ON CONFLICT (kpm_id, kind, cause_id) DO NOTHING
"""


async def open_tugas(session: AsyncSession, kind: TugasKind, kpm_id: UUID, cause_id: UUID) -> None:
    """Open a task for a family, due within the term of its kind; opened for this cause before: nothing."""
    await open_many(session, kind, [(kpm_id, cause_id)])


async def open_many(session: AsyncSession, kind: TugasKind, causes: Sequence[tuple[UUID, UUID]]) -> None:
    """Open a task a family (kpm_id, cause_id), in one statement; a family that is not known here gets none."""
    if not causes:
        return
    # Fast path: one statement opens the tasks of all families.
    today, connection = await clock.today(session), await raw(session)
    await session.flush()
    due_on = today + timedelta(days=await term_of(session, kind, today))
    ids, kpm_ids, cause_ids = [new_id() for _ in causes], [k for k, _ in causes], [c for _, c in causes]
    await connection.execute(OPEN, ids, kpm_ids, kind.value, due_on, today, cause_ids)


async def term_of(session: AsyncSession, kind: TugasKind, day: date) -> int:
    """Return the days within which a kind is to be done; one is always in force, by migration."""
    rule = sa.select(TugasTerm.days).where(TugasTerm.kind == kind, TugasTerm.valid.contains(day))
    return (await session.execute(rule)).scalar_one()


async def finish_tugas(session: AsyncSession, actor: Actor, tugas_id: UUID, note: str | None) -> Tugas:
    """Mark a task as done; what was noted is sealed.

    Raises:
        NotFound: there is none, or it is not the caller's. TugasAlreadyDone.
    """
    tugas = await load(session, Tugas, tugas_id, noun="tugas")
    if not await is_of(session, actor, tugas):
        raise NotFound("tugas")
    if tugas.done_at is not None:
        raise TugasAlreadyDone
    vault = vault_of(session)
    tugas.done_at, tugas.done_by, tugas.version = await clock.now(session), actor.sub, tugas.version + 1
    tugas.note_sealed = vault.seal(note, table="tugas", column="note", row_id=tugas_id) if note else None
    detail = {"kind": tugas.kind.value}
    await remember(session, tugas.kpm_id, "tugas", tugas_id, "DONE", who=actor.sub, why=None, **detail)
    return tugas


async def is_of(session: AsyncSession, actor: Actor, tugas: Tugas) -> bool:
    """Whether a task is the caller's: an official's by area, a pendamping's while he accompanies the family."""
    if actor.scope is not Scope.OWN_FAMILIES:
        return True
    today = await clock.today(session)
    mine = sa.select(Dampingan.dampingan_id).where(
        Dampingan.kpm_id == tugas.kpm_id,
        Dampingan.pendamping_id == actor.pendamping_id,
        Dampingan.valid.contains(today),
    )
    return tugas.kind is not TugasKind.PASANG_PENDAMPING and await session.scalar(mine) is not None


async def settle_tugas(session: AsyncSession, actor: Actor, kind: TugasKind, kpm_id: UUID) -> None:
    """Close a family's open tasks of a kind: what they asked for has been done, by this act."""
    waiting = sa.select(Tugas).where(Tugas.kpm_id == kpm_id, Tugas.kind == kind, Tugas.done_at.is_(None))
    for tugas in await session.scalars(waiting.with_for_update(key_share=True)):
        tugas.done_at, tugas.done_by, tugas.version = await clock.now(session), actor.sub, tugas.version + 1
