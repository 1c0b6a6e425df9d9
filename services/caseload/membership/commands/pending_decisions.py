"""Decisions whether other memberships stay when a family leaves one bansos (docs/decisions/0018-membership-end-follows-from-all-facts.md)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.history import append_history
from services.caseload.membership.errors import NothingPending
from services.caseload.membership.models import (
    CaseMark,
    CaseState,
    Kepesertaan,
    KepesertaanPending,
    PendingKey,
    PendingOutcome,
)
from services.caseload.visibility import lock_family
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import Bansos, FamilyEndReason
from shared.database import raw, uuid7, vault_of
from shared.errors import NotFound

OPEN_DECISIONS = """
INSERT INTO kepesertaan_pending (pending_id, kpm_id, kepesertaan_id, graduasi_id, since)
SELECT uuidv7(), k.kpm_id, k.kepesertaan_id, $1, $3 FROM kepesertaan k
JOIN kepesertaan leaving ON leaving.kepesertaan_id = $2 AND leaving.kpm_id = k.kpm_id AND leaving.bansos <> k.bansos
WHERE upper_inf(k.valid) ORDER BY k.kepesertaan_id
ON CONFLICT (kepesertaan_id, graduasi_id) DO NOTHING
"""
DECIDED = frozenset({CaseState.DETERMINED, CaseState.EFFECTIVE})


async def update_pending_decisions(session: AsyncSession, mark: CaseMark) -> None:
    """Open or drop pending decisions after a case changed its state.

    An SK opens a decision for each other membership of the family. An undone case drops them. A case in effect also
    drops the decisions about the membership that it ends.
    """
    if mark.state in DECIDED:
        # Fast path: one statement opens all decisions of a case (bench: delivery).
        connection: Any = await raw(session)
        await session.flush()
        await connection.execute(
            OPEN_DECISIONS, mark.graduasi_id, mark.kepesertaan_id, await clock.today(session)
        )
    elif mark.state is not CaseState.OPEN:
        await drop_decisions(session, KepesertaanPending.graduasi_id == mark.graduasi_id)
    if mark.state is CaseState.EFFECTIVE:
        await drop_decisions(session, KepesertaanPending.kepesertaan_id == mark.kepesertaan_id)


async def open_decisions_after_joining(session: AsyncSession, kpm_id: UUID, joined_kpm_id: UUID) -> None:
    """Open a decision about each membership after the last member joined another family."""
    today = await clock.today(session)
    active = sa.select(Kepesertaan).where(
        Kepesertaan.kpm_id == kpm_id,
        Kepesertaan.cancelled_from.is_(None),
        sa.func.coalesce(Kepesertaan.valid_to > today, True),
    )
    for row in await session.scalars(active.order_by(Kepesertaan.kepesertaan_id)):
        session.add(
            KepesertaanPending(
                pending_id=uuid7(),
                kpm_id=kpm_id,
                kepesertaan_id=row.kepesertaan_id,
                joined_kpm_id=joined_kpm_id,
                since=today,
            )
        )


async def drop_decisions_after_reversal(session: AsyncSession, kpm_id: UUID) -> None:
    """Drop the pending decisions that the end of a family opened, which is undone."""
    of_family = KepesertaanPending.kpm_id == kpm_id
    await drop_decisions(session, sa.and_(of_family, KepesertaanPending.joined_kpm_id.is_not(None)))


async def drop_decisions_after_re_entry(session: AsyncSession, kpm_id: UUID, bansos: Bansos) -> None:
    """Drop pending decisions that the family's exits from a bansos opened, after its re-entry."""
    await drop_decisions(session, follows_exits(kpm_id, bansos))


async def reopen_decisions_after_void(session: AsyncSession, kpm_id: UUID, bansos: Bansos) -> None:
    """Open the decisions again that a voided re-entry had dropped."""
    without_end = sa.select(Kepesertaan.kepesertaan_id).where(sa.func.upper_inf(Kepesertaan.valid))
    reopened = sa.update(KepesertaanPending).where(
        follows_exits(kpm_id, bansos, CaseMark.state.in_(DECIDED)),
        KepesertaanPending.outcome == PendingOutcome.MOOT,
        KepesertaanPending.kepesertaan_id.in_(without_end),
    )
    await session.execute(reopened.values(outcome=None, decided_on=None))


def follows_exits(kpm_id: UUID, bansos: Bansos, *cases: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Return the condition that an exit from a bansos opened a decision."""
    exits = (
        sa.select(CaseMark.graduasi_id)
        .join(Kepesertaan, Kepesertaan.kepesertaan_id == CaseMark.kepesertaan_id)
        .where(CaseMark.kpm_id == kpm_id, Kepesertaan.bansos == bansos, *cases)
    )
    return sa.and_(KepesertaanPending.kpm_id == kpm_id, KepesertaanPending.graduasi_id.in_(exits))


async def drop_decisions(session: AsyncSession, condition: sa.ColumnElement[bool]) -> None:
    """Close open decisions that match the condition as MOOT."""
    moot = sa.update(KepesertaanPending).where(condition, KepesertaanPending.outcome.is_(None))
    await session.execute(moot.values(outcome=PendingOutcome.MOOT, decided_on=await clock.today(session)))


async def decide_stay(
    session: AsyncSession, actor: Actor, kepesertaan_id: UUID, *, reason: str
) -> Sequence[KepesertaanPending]:
    """Decide that a membership stays, and return the pending decisions that this closes.

    Raises:
        NotFound, PendampingInactive, FamilyHasEnded, NothingPending.
    """
    row = await session.get(Kepesertaan, kepesertaan_id)
    if row is None:
        raise NotFound("kepesertaan")
    await lock_family(session, actor, row.kpm_id, ended=(FamilyEndReason.BERGABUNG,))
    statement = sa.select(KepesertaanPending).where(
        KepesertaanPending.kepesertaan_id == kepesertaan_id, KepesertaanPending.outcome.is_(None)
    )
    decisions = (await session.scalars(statement.with_for_update(key_share=True))).all()
    if not decisions:
        raise NothingPending
    for decision in decisions:
        await store_decision(session, actor, decision, reason)
    return decisions


async def store_decision(
    session: AsyncSession, actor: Actor, decision: KepesertaanPending, reason: str
) -> None:
    """Store that the membership stays, with the sealed reason, and append it to the history."""
    location = {"table": "kepesertaan_pending", "column": "reason", "row_id": decision.pending_id}
    decision.outcome, decision.decided_by = PendingOutcome.STAYS, actor.person
    decision.decided_on = await clock.today(session)
    decision.reason_sealed = vault_of(session).seal(reason, **location)
    entry = (decision.kpm_id, "kepesertaan", decision.kepesertaan_id, "STAYS")
    causes = {name: getattr(decision, name) for name in PendingKey.model_fields}
    causes = {name: str(value) for name, value in causes.items() if value}
    await append_history(session, *entry, actor=actor, why=None, **causes)
