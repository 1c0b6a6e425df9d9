"""Commands between proposal and SK: verify, deliberate, approve, return, refuse, postpone, resume, cancel."""

from datetime import date
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.assessment.commands.proposal import require_unchanged
from services.graduation.assessment.errors import CaseNotScored
from services.graduation.case.commands.accompaniment import require_dampingan
from services.graduation.case.commands.evidence import use_for
from services.graduation.case.commands.transitions import Act, advance, load_case, read_entry_date
from services.graduation.case.models import BEFORE_DITETAPKAN, Graduasi, GraduasiState, Stage
from services.graduation.case.rules import (
    require_approvable,
    require_deliberable,
    require_postponed,
    require_verifiable,
)
from services.graduation.exit_proposal.commands import build_proposer, retry_waiting
from services.graduation.exit_proposal.models import ExitProposal, ExitTaken
from services.graduation.family_end.models import FamilyEnd
from services.graduation.policy.models.policy import Policy
from services.graduation.review.errors import EvidenceRequired
from services.graduation.review.models import (
    CancellationGround,
    Grounds,
    Musyawarah,
    MusyawarahTerms,
    RefusalGround,
    WithdrawalGround,
)
from services.graduation.review.rules import latest_stage
from services.graduation.tables import CaseReason
from services.graduation.term.commands import SYSTEM, announce_case, continue_term
from shared.access import Actor, Scope
from shared.clock import moment_of
from shared.contracts.caseload import ExitProposalWithdrawn, KepesertaanVoided
from shared.contracts.graduation import GraduasiClosed
from shared.contracts.kinds import ClosedAs, ExitReason
from shared.database import uuid7, write
from shared.dates import require_not_future
from shared.evidence import EvidenceKind, require_evidence
from shared.messaging import emit


async def verify(
    session: AsyncSession, actor: Actor, graduasi_id: UUID, note: str | None, evidence_sha256: str | None
) -> Graduasi:
    """Record that the team lead has verified the case by name and address.

    Raises:
        IllegalTransition, SamePersonTwice, FamilyAccompaniedLately, FileNotUploaded
    """
    case, policy = await load_case(session, graduasi_id)
    require_verifiable(case, policy)
    await require_evidence(session, evidence_sha256, use_for(case, actor, EvidenceKind.VERIFIKASI))
    act = Act(actor, await moment_of(session), Stage.VERIFIKASI, note, evidence_sha256)
    await advance(session, [(case, policy)], [GraduasiState.DIVERIFIKASI_KETIM], act)
    return case


async def deliberate(
    session: AsyncSession, actor: Actor, graduasi_id: UUID, terms: MusyawarahTerms
) -> Graduasi:
    """Record the village's musyawarah with its berita acara.

    Until the approval another one replaces it.

    Raises:
        MusyawarahNotRequired, IllegalTransition, SamePersonTwice, FamilyAccompaniedLately, FileNotUploaded,
        DateInTheFuture, DateTooEarly
    """
    case, policy = await load_case(session, graduasi_id)
    require_deliberable(case, policy)
    now = await moment_of(session)
    verified_on = await read_entry_date(session, case, GraduasiState.DIVERIFIKASI_KETIM)
    require_not_future(terms.held_on, now.latest_on, "/body/held_on", earliest=verified_on)
    use = use_for(case, actor, EvidenceKind.BERITA_ACARA, terms.graduasi_ids)
    await require_evidence(session, terms.evidence_sha256, use)
    act = Act(actor, now, Stage.MUSYAWARAH, terms.berita_acara_no, terms.evidence_sha256)
    await advance(session, [(case, policy)], [GraduasiState.DIMUSYAWARAHKAN], act)
    await write(session, _build_musyawarah(case, terms, act))
    return case


def _build_musyawarah(case: Graduasi, terms: MusyawarahTerms, act: Act) -> Musyawarah:
    return Musyawarah(
        **dict(terms),
        musyawarah_id=uuid7(),
        graduasi_id=case.graduasi_id,
        kode_wilayah=case.kode_wilayah,
        at=act.moment.at,
    )


async def approve(session: AsyncSession, actor: Actor, graduasi_id: UUID, note: str | None) -> Graduasi:
    """Record the approval by Dinsos, after the musyawarah if the policy requires one.

    Raises:
        IllegalTransition, MusyawarahMissing, SamePersonTwice, FamilyAccompaniedLately
        FactsChanged, AssessmentAuthorBarred, ProposerBarred, EvidenceFlagged: What the case was proposed on no longer holds.
    """
    case, policy = await load_case(session, graduasi_id)
    require_approvable(case, policy)
    act = Act(actor, await moment_of(session), Stage.PERSETUJUAN, note)
    await require_unchanged(session, case, policy, act.moment.on, area="case")
    await advance(session, [(case, policy)], [GraduasiState.DISETUJUI_DINSOS], act)
    return case


async def return_case(
    session: AsyncSession, actor: Actor, graduasi_id: UUID, grounds: Grounds, *, new_assessment: bool
) -> Graduasi:
    """Return a proposed case to its pendamping, as an act in the official's stage.

    With `new_assessment` it is proposed again only after the family was assessed again. Another return of a returned
    case replaces both.

    Raises:
        CaseNotScored, IllegalTransition, SamePersonTwice, FamilyAccompaniedLately, EvidenceRequired, FileNotUploaded
    """
    case, policy = await load_case(session, graduasi_id)
    if new_assessment and not policy.needs_score:
        raise CaseNotScored(exit_reason=case.exit_reason, what="asesmen")
    act = await _judge_act(session, actor, grounds, CaseReason.PERTIMBANGAN, latest_stage(actor))
    await move_to_side_state(
        session, case, policy, GraduasiState.DIKEMBALIKAN, act, assess_again=new_assessment
    )
    return case


async def _judge_act(
    session: AsyncSession, actor: Actor, grounds: Grounds, ground: StrEnum, stage: Stage | None = None
) -> Act:
    moment, code = await moment_of(session), CaseReason(ground.value)
    return Act(actor, moment, stage, grounds.reason, grounds.evidence_sha256, code)


async def move_to_side_state(
    session: AsyncSession,
    case: Graduasi,
    policy: Policy,
    target: GraduasiState,
    act: Act,
    *,
    assess_again: bool | None = None,
) -> None:
    """Move a locked case to DIKEMBALIKAN, DITOLAK, DITUNDA or DIBATALKAN.

    Raises:
        IllegalTransition, SamePersonTwice, FamilyAccompaniedLately, EvidenceRequired, FileNotUploaded
    """
    case.require_transition(target)
    if act.evidence is None and target in policy.evidence_for:
        raise EvidenceRequired("/body/evidence_sha256", exit_reason=case.exit_reason, target=target)
    await require_evidence(session, act.evidence, use_for(case, act.actor, EvidenceKind.SURAT))
    if assess_again is not None:
        # Not before: a query would write it while the case is still proposed.
        case.assess_again = assess_again
    await advance(session, [(case, policy)], [target], act)


async def refuse(
    session: AsyncSession, actor: Actor, graduasi_id: UUID, ground: RefusalGround, grounds: Grounds
) -> Graduasi:
    """Refuse a proposed case, as an act in the official's stage.

    Another case may be opened.

    Raises:
        IllegalTransition, SamePersonTwice, FamilyAccompaniedLately, EvidenceRequired, FileNotUploaded
    """
    case, policy = await load_case(session, graduasi_id)
    act = await _judge_act(session, actor, grounds, ground, latest_stage(actor))
    await move_to_side_state(session, case, policy, GraduasiState.DITOLAK, act)
    emit(session, to_closed_event(case, ClosedAs.DITOLAK, ground))
    await retry_waiting(session, case)
    return case


async def postpone(session: AsyncSession, actor: Actor, graduasi_id: UUID, grounds: Grounds) -> Graduasi:
    """Postpone a case before its effect.

    If its term ends, or its announcement comes, it continues only after the resumption.

    Raises:
        IllegalTransition, EvidenceRequired, FileNotUploaded
    """
    case, policy = await load_case(session, graduasi_id)
    act = await _judge_act(session, actor, grounds, CaseReason.PERTIMBANGAN)
    await announce_case(session, case, policy, act.moment)
    await move_to_side_state(session, case, policy, GraduasiState.DITUNDA, act)
    return case


async def resume(session: AsyncSession, actor: Actor, graduasi_id: UUID, grounds: Grounds) -> Graduasi:
    """Move a postponed case back to the state in which it was postponed.

    Raises:
        CaseNotPostponed, FileNotUploaded
        FactsChanged, AssessmentAuthorBarred, ProposerBarred, EvidenceFlagged: The case is held, and what holds it has not changed back.
    """
    case, policy = await load_case(session, graduasi_id)
    act = await _judge_act(session, actor, grounds, CaseReason.PERTIMBANGAN)
    target = await require_resumable(session, case, policy, act.moment.on)
    await require_evidence(session, grounds.evidence_sha256, use_for(case, actor, EvidenceKind.SURAT))
    await advance(session, [(case, policy)], [target], act, resuming=True)
    if target not in BEFORE_DITETAPKAN:
        await continue_term(session, case, policy, act)
    return case


async def require_resumable(session: AsyncSession, case: Graduasi, policy: Policy, on: date) -> GraduasiState:
    """Return the state in which a postponed case is resumed.

    Raises:
        CaseNotPostponed
        FactsChanged, AssessmentAuthorBarred, ProposerBarred, EvidenceFlagged: what holds the case has not changed back.
    """
    target = require_postponed(case, policy)
    if case.held_for is not None:
        await require_unchanged(session, case, policy, on)
    return target


async def cancel(
    session: AsyncSession, actor: Actor, graduasi_id: UUID, ground: CancellationGround, grounds: Grounds
) -> Graduasi:
    """Cancel a case before its SK.

    A pendamping may cancel only cases of families they accompany.

    Raises:
        IllegalTransition, FamilyNotAccompanied, EvidenceRequired, FileNotUploaded
    """
    case, policy = await load_case(session, graduasi_id)
    act = await _judge_act(session, actor, grounds, ground)
    await _require_own_family(session, case, act)
    await move_to_side_state(session, case, policy, GraduasiState.DIBATALKAN, act)
    emit(session, to_closed_event(case, ClosedAs.DIBATALKAN, ground))
    await retry_waiting(session, case)
    return case


async def _require_own_family(session: AsyncSession, case: Graduasi, act: Act) -> None:
    if act.actor.scope is Scope.OWN_FAMILIES:
        await require_dampingan(session, act.actor, case.kpm_id, case.kode_wilayah, act.moment.on)


def to_closed_event(case: Graduasi, closed_as: ClosedAs, ground: StrEnum) -> GraduasiClosed:
    """Return the event of a case that ended without a penetapan.

    It contains the coded ground, and not the written reason (docs/architecture.md#personal-data).
    """
    return GraduasiClosed.of(case, closed_as=closed_as, reason=ground.value)


async def apply_withdrawal(session: AsyncSession, event: ExitProposalWithdrawn) -> None:
    """Cancel the case that a withdrawn exit proposal opened, or mark the proposal as withdrawn.

    A case that is already in an SK is not changed.
    """
    proposal = await session.get(ExitProposal, event.exit_proposal_id, with_for_update=True)
    if proposal is None:
        return
    if proposal.graduasi_id is None:
        proposal.taken, proposal.behind_id = ExitTaken.WITHDRAWN, None
        return
    case, policy = await load_case(session, proposal.graduasi_id)
    if (case.postponed_from or case.state) in BEFORE_DITETAPKAN:
        ground = WithdrawalGround.USULAN_DITARIK
        moment, code = await moment_of(session), CaseReason(ground.value)
        act = Act(build_proposer(proposal), moment, code=code)
        await advance(session, [(case, policy)], [GraduasiState.DIBATALKAN], act)
        emit(session, to_closed_event(case, ClosedAs.DIBATALKAN, ground))
        died = case.exit_reason is ExitReason.MENINGGAL and await session.get(FamilyEnd, case.kpm_id)
        # Of a death that is not undone, the proposal with better evidence follows, and goes first.
        if not died:
            await retry_waiting(session, case)


async def cancel_cases_of_voided(session: AsyncSession, event: KepesertaanVoided) -> None:
    """Cancel the case that was opened while its membership was voided.

    A case that is already in an SK is not changed.
    """
    open_case = sa.select(Graduasi.graduasi_id).where(
        Graduasi.kepesertaan_id == event.kepesertaan_id,
        Graduasi.state.in_([*BEFORE_DITETAPKAN, GraduasiState.DITUNDA]),
    )
    ground = CancellationGround.DASAR_GUGUR
    for graduasi_id in (await session.scalars(open_case)).all():
        case, policy = await load_case(session, graduasi_id)
        if (case.postponed_from or case.state) in BEFORE_DITETAPKAN:
            act = Act(SYSTEM, await moment_of(session), code=CaseReason(ground.value))
            await advance(session, [(case, policy)], [GraduasiState.DIBATALKAN], act)
            emit(session, to_closed_event(case, ClosedAs.DIBATALKAN, ground))
