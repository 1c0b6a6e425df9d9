"""Tasks: opened once for each cause, finished by the family's pendamping of that day."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.models import Dampingan
from services.caseload.family.models import Kpm
from services.caseload.history import append_history
from services.caseload.tables import new_id
from services.caseload.task.errors import TugasSettled
from services.caseload.task.models import OFFICE_KINDS, Tugas, TugasKind, TugasTerm
from services.caseload.task.queries import is_settled
from services.caseload.task.rules import require_done, require_open
from services.caseload.visibility import require_not_ended
from shared import clock
from shared.access import Actor, Scope
from shared.database import load, raw, vault_of
from shared.errors import NotFound

INSERT_TASKS = """
INSERT INTO tugas (tugas_id, kpm_id, kind, cause_id, due_on, opened_on)
SELECT tugas_id, kpm_id, $3, cause_id, $4, $5 FROM unnest($1::uuid[], $2::uuid[], $6::uuid[]) AS t(tugas_id, kpm_id, cause_id)
JOIN kpm USING (kpm_id) WHERE kpm.ended_on IS NULL ORDER BY kpm_id
ON CONFLICT (kpm_id, kind, cause_id) DO NOTHING
"""


async def open_tugas(session: AsyncSession, kind: TugasKind, kpm_id: UUID, cause_id: UUID) -> None:
    """Open a task for a family, due within the term of its kind.

    Nothing happens if a task for this cause exists.
    """
    await open_many(session, kind, [(kpm_id, cause_id)])


async def open_many(session: AsyncSession, kind: TugasKind, causes: Sequence[tuple[UUID, UUID]]) -> None:
    """Open a task for each (kpm_id, cause_id).

    A family that has ended, or is not in the database, gets none.
    """
    if not causes:
        return
    # Fast path: one statement opens the tasks of all families.
    today, connection = await clock.today(session), await raw(session)
    await session.flush()
    due_on = today + timedelta(days=await read_term(session, kind, today))
    ids, kpm_ids, cause_ids = [new_id() for _ in causes], [k for k, _ in causes], [c for _, c in causes]
    await connection.execute(INSERT_TASKS, ids, kpm_ids, kind.value, due_on, today, cause_ids)


async def read_term(session: AsyncSession, kind: TugasKind, day: date) -> int:
    """Return the term of a kind in days.

    The migration makes sure that one is in force.
    """
    rule = sa.select(TugasTerm.days).where(TugasTerm.kind == kind, TugasTerm.valid.contains(day))
    return (await session.execute(rule)).scalar_one()


async def finish_tugas(session: AsyncSession, actor: Actor, tugas_id: UUID, note: str | None) -> Tugas:
    """Mark a task as done. The note is stored sealed.

    Raises:
        NotFound, TugasAlreadyDone.
    """
    tugas = await load_actors_task(session, actor, tugas_id)
    require_open(tugas.done_at)
    vault = vault_of(session)
    await mark_done(session, actor, tugas)
    tugas.note_sealed = vault.seal(note, table="tugas", column="note", row_id=tugas_id) if note else None
    return tugas


async def mark_done(session: AsyncSession, actor: Actor, tugas: Tugas) -> None:
    """Mark an open task as done, with an entry in the history of its family."""
    tugas.done_at, tugas.done_by, tugas.version = await clock.now(session), actor.sub, tugas.version + 1
    await append_done(session, actor, [(tugas.kpm_id, tugas.tugas_id, tugas.kind)])


async def append_done(session: AsyncSession, actor: Actor, tasks: Iterable[tuple[UUID, UUID, str]]) -> None:
    """Append to the history of each family that a task is done.

    `tasks` has kpm_id, tugas_id and kind of each.
    """
    for kpm_id, tugas_id, kind in tasks:
        await append_history(
            session, kpm_id, "tugas", tugas_id, "DONE", actor=actor, why=None, kind=str(kind)
        )


async def reopen_tugas(session: AsyncSession, actor: Actor, tugas_id: UUID) -> Tugas:
    """Open a task again that was marked as done in error.

    Raises:
        NotFound, TugasNotDone, FamilyHasEnded, TugasSettled.
    """
    tugas = await load_actors_task(session, actor, tugas_id)
    require_done(tugas.done_at)
    require_not_ended(await session.get_one(Kpm, tugas.kpm_id))
    if await is_settled(session, tugas):
        raise TugasSettled
    detail = {"kind": tugas.kind.value, "done_by": tugas.done_by}
    tugas.done_at = tugas.done_by = None
    tugas.version += 1
    await append_history(
        session, tugas.kpm_id, "tugas", tugas_id, "REOPENED", actor=actor, why=None, **detail
    )
    return tugas


async def load_actors_task(session: AsyncSession, actor: Actor, tugas_id: UUID) -> Tugas:
    """Lock and return a task.

    Raises:
        NotFound: it does not exist, or it is not the actor's task.
    """
    tugas = await load(session, Tugas, tugas_id, noun="tugas")
    if not await is_actors_task(session, actor, tugas):
        raise NotFound("tugas")
    return tugas


async def is_actors_task(session: AsyncSession, actor: Actor, tugas: Tugas) -> bool:
    """Return whether the actor may finish a task.

    Officials may finish tasks of their areas. A pendamping may finish those of their families,
    except those of the office.
    """
    if actor.scope is not Scope.OWN_FAMILIES:
        return True
    today = await clock.today(session)
    accompanied = sa.select(Dampingan.dampingan_id).where(
        Dampingan.kpm_id == tugas.kpm_id,
        Dampingan.pendamping_id == actor.pendamping_id,
        Dampingan.valid.contains(today),
    )
    return tugas.kind not in OFFICE_KINDS and await session.scalar(accompanied) is not None


async def finish_open_tugas(
    session: AsyncSession, actor: Actor, kind: TugasKind | None, kpm_id: UUID
) -> None:
    """Mark a family's open tasks of a kind, or all, as done."""
    statement = sa.select(Tugas).where(Tugas.kpm_id == kpm_id, Tugas.done_at.is_(None))
    statement = statement.where(Tugas.kind == kind) if kind is not None else statement
    for tugas in await session.scalars(statement.with_for_update(key_share=True)):
        await mark_done(session, actor, tugas)
