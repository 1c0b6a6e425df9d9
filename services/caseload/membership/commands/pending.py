"""An exit from one bansos asks of the family's others whether they stay: nothing cascades, somebody decides (chain.md 1)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.history import remember
from services.caseload.membership.errors import NothingPending
from services.caseload.membership.models import (
    CaseMark,
    CaseState,
    Kepesertaan,
    KepesertaanPending,
    PendingOutcome,
)
from services.caseload.visibility import family_in_hand
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import Bansos
from shared.database import raw, vault_of
from shared.errors import NotFound

ASK = """
INSERT INTO kepesertaan_pending (pending_id, kpm_id, kepesertaan_id, graduasi_id, since)
SELECT uuidv7(), k.kpm_id, k.kepesertaan_id, $1, $3 FROM kepesertaan k
JOIN kepesertaan leaving ON leaving.kepesertaan_id = $2 AND leaving.kpm_id = k.kpm_id AND leaving.bansos <> k.bansos
WHERE upper_inf(k.valid) ORDER BY k.kepesertaan_id
ON CONFLICT (kepesertaan_id, graduasi_id) DO NOTHING
"""
DECIDED = frozenset({CaseState.DETERMINED, CaseState.EFFECTIVE})


async def ask_of_others(session: AsyncSession, mark: CaseMark) -> None:
    """An SK ends one membership: ask of the family's others. Undone, or in effect on what was asked of: no question."""
    if mark.state in DECIDED:
        # Fast path: one statement asks for the end of a case mark (bench: delivery).
        connection: Any = await raw(session)
        await session.flush()
        await connection.execute(ASK, mark.graduasi_id, mark.kepesertaan_id, await clock.today(session))
    elif mark.state is not CaseState.OPEN:
        await drop(session, KepesertaanPending.graduasi_id == mark.graduasi_id)
    if mark.state is CaseState.EFFECTIVE:
        await drop(session, KepesertaanPending.kepesertaan_id == mark.kepesertaan_id)


async def came_back(session: AsyncSession, kpm_id: UUID, bansos: Bansos) -> None:
    """The family is a member of a bansos again: what its exit from it asked of the others is asked no more."""
    exits = (
        sa.select(CaseMark.graduasi_id)
        .join(Kepesertaan, Kepesertaan.kepesertaan_id == CaseMark.kepesertaan_id)
        .where(CaseMark.kpm_id == kpm_id, Kepesertaan.bansos == bansos)
    )
    mine = KepesertaanPending.kpm_id == kpm_id
    await drop(session, sa.and_(mine, KepesertaanPending.graduasi_id.in_(exits)))


async def drop(session: AsyncSession, which: sa.ColumnElement[bool]) -> None:
    """Close questions that nobody has to answer any more."""
    moot = sa.update(KepesertaanPending).where(which, KepesertaanPending.outcome.is_(None))
    await session.execute(moot.values(outcome=PendingOutcome.MOOT, decided_on=await clock.today(session)))


async def decide_it_stays(
    session: AsyncSession, actor: Actor, kepesertaan_id: UUID, *, reason: str
) -> Sequence[KepesertaanPending]:
    """Decide that a membership goes on although the family leaves another bansos; return the questions answered by it.

    Raises:
        NotFound, NothingPending.
    """
    row = await session.get(Kepesertaan, kepesertaan_id)
    if row is None:
        raise NotFound("kepesertaan")
    await family_in_hand(session, actor, row.kpm_id)
    asked = sa.select(KepesertaanPending).where(
        KepesertaanPending.kepesertaan_id == kepesertaan_id, KepesertaanPending.outcome.is_(None)
    )
    questions = (await session.scalars(asked.with_for_update(key_share=True))).all()
    if not questions:
        raise NothingPending
    for question in questions:
        await answer(session, actor, question, reason)
    return questions


async def answer(session: AsyncSession, actor: Actor, question: KepesertaanPending, reason: str) -> None:
    """Write one answer, and add it to the family's history; its words are sealed."""
    place = {"table": "kepesertaan_pending", "column": "reason", "row_id": question.pending_id}
    question.outcome, question.decided_by = PendingOutcome.STAYS, actor.person
    question.decided_on = await clock.today(session)
    question.reason_sealed = vault_of(session).seal(reason, **place)
    of = (question.kpm_id, "kepesertaan", question.kepesertaan_id, "STAYS")
    await remember(session, *of, who=actor.person, why=None, graduasi_id=str(question.graduasi_id))
