"""End of a family whose only member has died or joined another family (docs/case-lifecycle.md#end-of-a-family)."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.commands.ends import end_all_dampingan, read_open_dampingan
from services.caseload.dampingan.commands.gap import fill_gaps
from services.caseload.exit_proposal import commands as exit_proposal
from services.caseload.exit_proposal.models import ExitProposal, ExitProposalTerms
from services.caseload.family.commands.changes import change_family
from services.caseload.family.commands.evidence import use_for
from services.caseload.family.models import EndReason, Kpm, KpmAnggota, KpmHistory
from services.caseload.member.commands.ends import MemberEnd, end_members
from services.caseload.membership.errors import MembershipHasEnded
from services.caseload.task.commands import finish_open_tugas
from services.caseload.visibility import lock_family, open_family_rows
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import ExitReason, FamilyEndReason
from shared.evidence import EvidenceKind, require_evidence

FAMILY_ENDED = "KELUARGA_BERAKHIR"


async def propose_exit(session: AsyncSession, actor: Actor, terms: ExitProposalTerms) -> ExitProposal:
    """Propose on evidence to end a membership.

    A death is recorded as the end of the only member. After it, better evidence replaces a proposal of the death that
    is in no SK.

    Raises:
        Those of `exit_proposal.commands.propose_exit`, except CaseAlreadyOpen after a death: the death goes first.
        ExitDetermined: the proposal of the death is in an SK.
    """
    if terms.exit_reason is not ExitReason.MENINGGAL:
        return await exit_proposal.propose_exit(session, actor, terms)
    family = await lock_family(session, actor, terms.kpm_id, ended=(FamilyEndReason.MENINGGAL,))
    row = await exit_proposal.lock_membership(session, terms.kpm_id, terms.kepesertaan_id, terms.on)
    if (end := row.valid_to) is not None and end <= await clock.today(session):
        raise MembershipHasEnded("/body/kepesertaan_id", valid_to=end)
    await exit_proposal.require_ground(session, terms.kpm_id, terms.exit_reason)
    use = use_for(family.kpm, actor, EvidenceKind.USULAN_KELUAR)
    await require_evidence(session, terms.evidence_sha256, use)
    if family.kpm.ended_on is not None:
        await exit_proposal.withdraw_replaced(session, actor, terms)
        act = await read_family_end(session, terms.kpm_id)
        return await exit_proposal.insert_proposal(session, actor, family, row, terms, act.history_id)
    only = sa.select(KpmAnggota.anggota_id).where(
        KpmAnggota.kpm_id == terms.kpm_id, KpmAnggota.left_on.is_(None)
    )
    end = MemberEnd((await session.scalars(only)).one(), EndReason.MENINGGAL, terms.on)
    notes = {terms.kepesertaan_id: terms.note}
    proposals = await record_end(session, actor, family.kpm, end, terms.evidence_sha256, notes)
    return next(made for made in proposals if made.kepesertaan_id == terms.kepesertaan_id)


async def record_end(
    session: AsyncSession,
    actor: Actor,
    kpm: Kpm,
    end: MemberEnd,
    evidence_sha256: str | None,
    notes: Mapping[UUID, str | None] | None = None,
) -> list[ExitProposal]:
    """End a member of a locked family.

    The death of the only member ends the family and proposes its exits.
    """
    (ended,) = await end_members(session, [end])
    detail = ended.detail() | {"on": str(end.on), "evidence_sha256": evidence_sha256}
    if ended.last:
        detail |= await end_family(session, kpm, FamilyEndReason.MENINGGAL, ended.left_on)
    subject = ("anggota", end.anggota_id)
    fact_id = await change_family(session, kpm, actor, subject, "LEFT", end.reason.value, **detail)
    if not ended.last or evidence_sha256 is None:
        return []
    await session.flush()
    facts = {"on": end.on, "evidence_sha256": evidence_sha256, "notes": notes or {}}
    return await exit_proposal.propose_after_death(session, kpm, fact_id, **facts)


async def end_family(session: AsyncSession, kpm: Kpm, reason: FamilyEndReason, on: date) -> dict[str, Any]:
    """End a family without a member: its dampingan, gap and tasks.

    The service's own actor ends them. Return what ended, for the history. The caller emits the facts of the family.
    """
    actor = Actor.system("caseload")
    # The pendamping who records the end no longer accompanies the family after it.
    await open_family_rows(session, kpm.kpm_id)
    today = await clock.today(session)
    kpm.ended_on, kpm.end_reason, kpm.end_recorded_on = on, reason, today
    await session.flush()
    rows = await read_open_dampingan(session, kpm.kpm_id)
    ended = await end_all_dampingan(session, actor, rows, reason=FAMILY_ENDED)
    await fill_gaps(session, actor, [(kpm.kpm_id, today)])
    await finish_open_tugas(session, actor, None, kpm.kpm_id)
    return {"family_end": reason.value, "dampingan": [str(dampingan_id) for dampingan_id in ended]}


async def read_family_end(session: AsyncSession, kpm_id: UUID) -> KpmHistory:
    """Return the act that ended a family, with what ended with it."""
    statement = sa.select(KpmHistory).where(
        KpmHistory.kpm_id == kpm_id, KpmHistory.act == "LEFT", KpmHistory.detail.has_key("family_end")
    )
    return (await session.scalars(statement.order_by(KpmHistory.history_id.desc()).limit(1))).one()
