"""Void a membership that was recorded in error (docs/case-lifecycle.md#wrong-memberships)."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.approval.models import ApprovalRequest
from services.caseload.dampingan.commands.assignment import change_purpose, read_purpose
from services.caseload.dampingan.commands.gap import finish_needless_tasks
from services.caseload.exit_proposal.errors import ExitAlreadyProposed
from services.caseload.exit_proposal.models import ExitProposal, ExitProposalState
from services.caseload.family.models import Kpm
from services.caseload.history import append_history
from services.caseload.membership.commands.pending_decisions import (
    drop_decisions,
    reopen_decisions_after_void,
)
from services.caseload.membership.errors import MembershipContinued, MembershipVoided
from services.caseload.membership.models import (
    CaseMark,
    CaseState,
    Kepesertaan,
    KepesertaanPending,
    MembershipVoidTerms,
)
from services.caseload.task.commands import open_tugas
from services.caseload.task.models import TugasKind
from services.caseload.visibility import lock_family
from shared import clock
from shared.access import Actor
from shared.contracts.caseload import KepesertaanVoided
from shared.contracts.kinds import Bansos, FamilyEndReason, PilarKind
from shared.errors import CaseAlreadyOpen, NotFound
from shared.messaging import emit

WITH_CASE = (CaseState.OPEN, CaseState.DETERMINED, CaseState.EFFECTIVE)


async def require_voidable_membership(
    session: AsyncSession, actor: Actor, kepesertaan_id: UUID, terms: MembershipVoidTerms
) -> str:
    """Return the area of the family of a membership that can be voided.

    Raises:
        NotFound, MembershipVoided, MembershipContinued, CaseAlreadyOpen, ExitAlreadyProposed.
    """
    del terms
    row = await session.get(Kepesertaan, kepesertaan_id)
    if row is None:
        raise NotFound("kepesertaan")
    kpm = (await lock_family(session, actor, row.kpm_id, ended=FamilyEndReason.known())).kpm
    await session.refresh(row, with_for_update={"key_share": True})
    if row.cancelled_from is not None:
        raise MembershipVoided
    continues = sa.exists().where(Kepesertaan.continued_by == kepesertaan_id)
    if row.continued_by is not None or await session.scalar(sa.select(continues)):
        raise MembershipContinued
    case = sa.exists().where(CaseMark.kepesertaan_id == kepesertaan_id, CaseMark.state.in_(WITH_CASE))
    if await session.scalar(sa.select(case)):
        raise CaseAlreadyOpen
    proposed = sa.exists().where(
        ExitProposal.kepesertaan_id == kepesertaan_id, ExitProposal.state == ExitProposalState.PROPOSED
    )
    if await session.scalar(sa.select(proposed)):
        raise ExitAlreadyProposed
    return kpm.kode_wilayah


async def void_membership(
    session: AsyncSession, actor: Actor, request: ApprovalRequest, terms: MembershipVoidTerms
) -> Kepesertaan:
    """Void a membership by an approved request.

    It then covers no day, and the right one can be recorded. A family without any membership gets a task for
    the office.

    Raises:
        Those of `require_voidable_membership`.
    """
    await require_voidable_membership(session, actor, request.subject_id, terms)
    row = await session.get_one(Kepesertaan, request.subject_id)
    kpm = await session.get_one(Kpm, row.kpm_id)
    row.cancelled_from, row.valid, row.version = row.valid_from, Range(empty=True), row.version + 1
    entry = (row.kpm_id, "kepesertaan", row.kepesertaan_id, "VOIDED")
    basis = {"evidence_sha256": request.evidence_sha256, "request_id": str(request.approval_request_id)}
    detail = {"bansos": row.bansos.value, "valid_from": str(row.cancelled_from)} | basis
    await append_history(session, *entry, actor=actor, why=terms.reason, **detail)
    await drop_decisions(session, KepesertaanPending.kepesertaan_id == row.kepesertaan_id)
    emit(session, KepesertaanVoided.of(row, kode_wilayah=kpm.kode_wilayah))
    await session.flush()
    await reopen_decisions_after_void(session, row.kpm_id, row.bansos)
    if row.bansos is Bansos.PKH:
        await correct_accompaniment(session, actor, row.kpm_id)
    if not await has_membership(session, row.kpm_id):
        await open_tugas(session, TugasKind.PUTUSKAN_KEPESERTAAN, row.kpm_id, row.kepesertaan_id)
    return row


async def correct_accompaniment(session: AsyncSession, actor: Actor, kpm_id: UUID) -> None:
    """Change the purpose of a family's dampingan to that without the voided membership."""
    today = await clock.today(session)
    purpose = await read_purpose(session, kpm_id, PilarKind.PKH_PENDAMPING, today)
    await change_purpose(session, kpm_id, purpose, why="MEMBERSHIP_VOIDED", graduasi_id=None)
    await finish_needless_tasks(session, actor, kpm_id, today)


async def has_membership(session: AsyncSession, kpm_id: UUID) -> bool:
    """Return whether a family has a membership that was not voided, also an ended one."""
    row = sa.exists().where(Kepesertaan.kpm_id == kpm_id, Kepesertaan.cancelled_from.is_(None))
    return bool(await session.scalar(sa.select(row)))
