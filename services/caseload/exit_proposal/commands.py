"""Proposals to end a membership on evidence, without a score (docs/decisions/0019-exit-proposals-wait-behind-a-case.md)."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.exit_proposal.errors import (
    ExitAlreadyProposed,
    ExitDetermined,
    ExitNotOpen,
    ExitNotProposable,
    ProposalFollowsFact,
    ProposalOfAnotherPerson,
)
from services.caseload.exit_proposal.models import (
    ExitGround,
    ExitProposal,
    ExitProposalState,
    ExitProposalTerms,
)
from services.caseload.family.commands.evidence import use_for
from services.caseload.family.errors import FamilyHasOtherMembers
from services.caseload.family.models import Kpm, KpmAnggota
from services.caseload.history import append_history
from services.caseload.membership.errors import DateBeforeMembership, MembershipHasEnded, MembershipVoided
from services.caseload.membership.models import CaseMark, CaseState, Kepesertaan
from services.caseload.membership.rules import exit_proposal_of
from services.caseload.replicas.models import StatusRange
from services.caseload.visibility import LockedFamily, lock_family, open_family_rows
from shared import clock
from shared.access import Actor
from shared.accompaniment import require_voidable
from shared.contracts.caseload import ExitProposalWithdrawn, ExitProposed
from shared.contracts.kinds import ExitReason, FamilyEndReason
from shared.database import insert, load, uuid7, vault_of
from shared.dates import require_not_future
from shared.errors import CaseAlreadyOpen, NotFound
from shared.evidence import EvidenceKind, require_evidence
from shared.messaging import emit

REPLACED = "Bukti diganti."
SK_STATES = (CaseState.DETERMINED, CaseState.EFFECTIVE)
ACTIVE_STATES = (CaseState.OPEN, *SK_STATES)


async def propose_exit(session: AsyncSession, actor: Actor, terms: ExitProposalTerms) -> ExitProposal:
    """Propose on evidence to end a membership. Graduation opens a case for it.

    Raises:
        NotFound, PendampingInactive, FamilyHasEnded, FileNotUploaded, ExitNotProposable, FamilyHasOtherMembers,
        DateInTheFuture, DateBeforeMembership, MembershipHasEnded, CaseAlreadyOpen, ExitAlreadyProposed.
    """
    family = await lock_family(session, actor, terms.kpm_id, ended=(FamilyEndReason.BERGABUNG,))
    kepesertaan = await lock_open_membership(session, terms.kpm_id, terms.kepesertaan_id, terms.on)
    await require_ground(session, terms.kpm_id, terms.exit_reason)
    use = use_for(family.kpm, actor, EvidenceKind.USULAN_KELUAR)
    await require_evidence(session, terms.evidence_sha256, use)
    return await insert_proposal(session, actor, family, kepesertaan, terms)


async def insert_proposal(
    session: AsyncSession,
    actor: Actor,
    family: LockedFamily,
    kepesertaan: Kepesertaan,
    terms: ExitProposalTerms,
    fact_id: UUID | None = None,
) -> ExitProposal:
    """Insert a proposal and emit it.

    `fact_id` is the act of the history that it follows from.

    Raises:
        ExitAlreadyProposed: the membership has an open proposal, or one of a death.
    """
    penugasan_id, pendamping_id = family.placement
    proposal_id, location = uuid7(), {"table": "exit_proposal", "column": "note"}
    proposal = ExitProposal(
        **terms.model_dump(exclude={"on", "note"}),
        exit_proposal_id=proposal_id,
        bansos=kepesertaan.bansos,
        happened_on=terms.on,
        note_sealed=vault_of(session).seal(terms.note, row_id=proposal_id, **location)
        if terms.note
        else None,
        proposer=actor.person,
        proposer_sub=actor.sub,
        pendamping_id=pendamping_id,
        penugasan_id=penugasan_id,
        proposed_on=await clock.today(session),
        state=ExitProposalState.PROPOSED,
        changed_at=await clock.now(session),
        fact_id=fact_id,
    )
    await insert(session, proposal, uq_exit_proposal_open=ExitAlreadyProposed("/body/kepesertaan_id"))
    await publish_proposal(session, actor, proposal, family.kpm.kode_wilayah)
    return proposal


async def propose_after_death(
    session: AsyncSession,
    kpm: Kpm,
    fact_id: UUID,
    *,
    on: date,
    evidence_sha256: str,
    notes: Mapping[UUID, str | None],
) -> list[ExitProposal]:
    """Propose to end each membership of a family whose only member has died.

    The service's own actor proposes, and names the act of the death (docs/case-lifecycle.md#end-of-a-family). A
    membership that an SK about an earlier, undone record of the death ends needs no other one.
    """
    in_sk = sa.exists().where(
        ExitProposal.kepesertaan_id == Kepesertaan.kepesertaan_id,
        ExitProposal.exit_reason == ExitReason.MENINGGAL,
        ExitProposal.state == ExitProposalState.PROPOSED,
    )
    active = sa.select(Kepesertaan).where(
        Kepesertaan.kpm_id == kpm.kpm_id,
        sa.func.coalesce(Kepesertaan.valid_to > await clock.today(session), True),
        Kepesertaan.cancelled_from.is_(None),
        Kepesertaan.exit_reason.is_distinct_from(ExitReason.MENINGGAL),
        ~in_sk,
    )
    actor, family = Actor.system("caseload"), LockedFamily(kpm, None)
    proposals: list[ExitProposal] = []
    for row in (await session.scalars(active.order_by(Kepesertaan.kepesertaan_id))).all():
        terms = ExitProposalTerms(
            kpm_id=kpm.kpm_id,
            kepesertaan_id=row.kepesertaan_id,
            exit_reason=ExitReason.MENINGGAL,
            evidence_sha256=evidence_sha256,
            on=on,
            note=notes.get(row.kepesertaan_id),
        )
        proposals.append(await insert_proposal(session, actor, family, row, terms, fact_id))
    return proposals


async def withdraw_after_reversal(session: AsyncSession, fact_id: UUID, *, reason: str) -> None:
    """Withdraw the open proposals that follow from an act which was undone.

    One in an SK stays.
    """
    statement = sa.select(ExitProposal).where(
        ExitProposal.fact_id == fact_id, ExitProposal.state == ExitProposalState.PROPOSED
    )
    for proposal in (await session.scalars(statement.with_for_update(key_share=True))).all():
        if await read_sk_no(session, proposal) is None:
            await store_withdrawal(session, Actor.system("caseload"), proposal, reason)


async def withdraw_replaced(session: AsyncSession, actor: Actor, terms: ExitProposalTerms) -> None:
    """Withdraw the open proposal of a death that one with other evidence replaces.

    Raises:
        ExitAlreadyProposed: it has this evidence. ExitDetermined: it is in an SK.
    """
    statement = sa.select(ExitProposal).where(
        ExitProposal.kepesertaan_id == terms.kepesertaan_id,
        ExitProposal.exit_reason == terms.exit_reason,
        ExitProposal.state == ExitProposalState.PROPOSED,
    )
    for proposal in (await session.scalars(statement.with_for_update(key_share=True))).all():
        if proposal.evidence_sha256 == terms.evidence_sha256:
            raise ExitAlreadyProposed("/body/evidence_sha256", exit_proposal_id=proposal.exit_proposal_id)
        if (sk_no := await read_sk_no(session, proposal)) is not None:
            raise ExitDetermined(sk_no=sk_no)
        await store_withdrawal(session, actor, proposal, REPLACED)
        await session.flush()


async def publish_proposal(
    session: AsyncSession, actor: Actor, proposal: ExitProposal, kode_wilayah: str
) -> None:
    """Append the proposal to the family's history and emit it."""
    entry = (proposal.kpm_id, "exit_proposal", proposal.exit_proposal_id, "PROPOSED")
    detail = {"kepesertaan_id": str(proposal.kepesertaan_id), "evidence_sha256": proposal.evidence_sha256}
    await append_history(session, *entry, actor=actor, why=proposal.exit_reason.value, **detail)
    emit(session, ExitProposed.of(proposal, kode_wilayah=kode_wilayah))


async def lock_open_membership(
    session: AsyncSession, kpm_id: UUID, kepesertaan_id: UUID, on: date
) -> Kepesertaan:
    """Lock a membership of the family that has neither an end nor a case.

    Raises:
        NotFound, MembershipHasEnded, DateInTheFuture, DateBeforeMembership, CaseAlreadyOpen.
    """
    row = await lock_membership(session, kpm_id, kepesertaan_id, on)
    if (end := row.valid_to) is not None:
        raise MembershipHasEnded("/body/kepesertaan_id", valid_to=end)
    active_case = sa.select(CaseMark.graduasi_id).where(
        CaseMark.kepesertaan_id == kepesertaan_id, CaseMark.state.in_(ACTIVE_STATES)
    )
    if (graduasi_id := await session.scalar(active_case.limit(1))) is not None:
        raise CaseAlreadyOpen("/body/kepesertaan_id", graduasi_id=graduasi_id)
    return row


async def lock_membership(session: AsyncSession, kpm_id: UUID, kepesertaan_id: UUID, on: date) -> Kepesertaan:
    """Lock a membership that began by a day, also with an end or a case.

    Raises:
        NotFound, MembershipVoided, DateInTheFuture, DateBeforeMembership.
    """
    row = await session.get(Kepesertaan, kepesertaan_id, with_for_update={"key_share": True})
    if row is None or row.kpm_id != kpm_id:
        raise NotFound("kepesertaan", "/body/kepesertaan_id")
    if row.cancelled_from is not None:
        raise MembershipVoided("/body/kepesertaan_id")
    require_not_future(on, await clock.latest_today(session))
    if on < row.valid_from:
        raise DateBeforeMembership("/body/on", on=on, valid_from=row.valid_from)
    return row


async def require_ground(session: AsyncSession, kpm_id: UUID, exit_reason: ExitReason) -> None:
    """Raise ExitNotProposable or FamilyHasOtherMembers if policy does not allow the reason."""
    today = await clock.today(session)
    ground = sa.select(ExitGround.only_alone).where(
        ExitGround.exit_reason == exit_reason, ExitGround.valid.contains(today)
    )
    only_alone = await session.scalar(ground)
    if only_alone is None:
        raise ExitNotProposable("/body/exit_reason", exit_reason=exit_reason.value)
    count = sa.select(sa.func.count()).where(KpmAnggota.kpm_id == kpm_id, KpmAnggota.left_on.is_(None))
    if only_alone and (members := await session.scalar(count) or 0) > 1:
        raise FamilyHasOtherMembers("/body/exit_reason", members=members)


async def withdraw_exit(
    session: AsyncSession, actor: Actor, exit_proposal_id: UUID, *, reason: str
) -> ExitProposal:
    """Withdraw the actor's own proposal, also of a family that has another pendamping by now.

    The reason is stored sealed.

    If graduation has issued an SK and its event has not arrived yet, the SK prevails and the membership ends.

    Raises:
        ProposalFollowsFact, ProposalOfAnotherPerson, PendampingInactive, ExitNotOpen, ExitDetermined. NotFound: the
        family has moved out of the actor's areas.
    """
    proposal = await load(session, ExitProposal, exit_proposal_id, noun="exit proposal")
    if proposal.fact_id is not None:
        raise ProposalFollowsFact
    if not actor.is_same_as(proposal.proposer, proposal.proposer_sub):
        raise ProposalOfAnotherPerson
    await require_voidable(session, actor, proposal.pendamping_id, StatusRange)
    await open_family_rows(session, proposal.kpm_id)
    if await session.get(Kpm, proposal.kpm_id) is None:
        raise NotFound("exit proposal")
    if proposal.state is not ExitProposalState.PROPOSED:
        raise ExitNotOpen(state=proposal.state.value)
    if (sk_no := await read_sk_no(session, proposal)) is not None:
        raise ExitDetermined(sk_no=sk_no)
    await store_withdrawal(session, actor, proposal, reason)
    return proposal


async def store_withdrawal(session: AsyncSession, actor: Actor, proposal: ExitProposal, reason: str) -> None:
    """Withdraw a proposal, store the sealed reason and emit it."""
    proposal.transition_to(ExitProposalState.WITHDRAWN)
    proposal.withdrawn_on, proposal.changed_at = await clock.today(session), await clock.now(session)
    location = {"table": "exit_proposal", "column": "withdrawal_reason", "row_id": proposal.exit_proposal_id}
    proposal.withdrawal_reason_sealed = vault_of(session).seal(reason, **location)
    await publish_withdrawal(session, proposal, actor)


async def read_sk_no(session: AsyncSession, proposal: ExitProposal) -> str | None:
    """Return the SK of the case that the proposal opened, None without one.

    A proposal that waits behind the case of another one has none.
    """
    statement = sa.select(CaseMark).where(
        CaseMark.kepesertaan_id == proposal.kepesertaan_id, CaseMark.state.in_(SK_STATES)
    )
    marks = (await session.scalars(statement)).all()
    own = [mark for mark in marks if exit_proposal_of(mark.facts) == proposal.exit_proposal_id]
    return own[0].sk_no or "?" if own else None


async def publish_withdrawal(session: AsyncSession, proposal: ExitProposal, actor: Actor) -> None:
    """Append the withdrawal to the family's history and emit it."""
    entry = (proposal.kpm_id, "exit_proposal", proposal.exit_proposal_id, "WITHDRAWN")
    await append_history(session, *entry, actor=actor, why=proposal.exit_reason.value)
    kpm = await session.get_one(Kpm, proposal.kpm_id)
    others = {"kode_wilayah": kpm.kode_wilayah, "withdrawn_by": actor.person}
    emit(session, ExitProposalWithdrawn.of(proposal, **others))
