"""The stages between proposal and SK: verification, the village's deliberation, approval; and the ways back."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.case.commands.accompaniment import require_dampingan
from services.graduation.case.commands.transitions import Act, advance, load_case, stands_since
from services.graduation.case.models import BEFORE_DITETAPKAN, Graduasi, GraduasiState, Stage
from services.graduation.decree.models import Penetapan
from services.graduation.exit_proposal.commands import proposer_of, take_up_waiting
from services.graduation.exit_proposal.models import ExitProposal, ExitTaken
from services.graduation.policy.models.policy import Policy
from services.graduation.review.errors import (
    CaseNotPostponed,
    EvidenceAsked,
    MusyawarahMissing,
    MusyawarahNotAsked,
)
from services.graduation.review.models import Grounds, Musyawarah, MusyawarahTerms
from services.graduation.term.commands import schedule_term_end
from shared.access import Actor, Permission, Scope
from shared.clock import moment_of
from shared.contracts.caseload import ExitProposalWithdrawn
from shared.contracts.graduation import GraduasiClosed
from shared.contracts.kinds import ClosedAs
from shared.database import load, uuid7, write
from shared.dates import require_past
from shared.files import require_evidence
from shared.messaging import emit


class RefusalGround(StrEnum):
    """Why officials refuse; the words beside it stay in this service."""

    BELUM_LAYAK = "BELUM_LAYAK"
    BUKTI_LEMAH = "BUKTI_LEMAH"
    DATA_TIDAK_SESUAI = "DATA_TIDAK_SESUAI"
    LAINNYA = "LAINNYA"


class CancellationGround(StrEnum):
    """Why a case falls away before its SK."""

    KELUARGA_MENARIK_DIRI = "KELUARGA_MENARIK_DIRI"
    DASAR_GUGUR = "DASAR_GUGUR"
    LAINNYA = "LAINNYA"


STAGE_OF_PERMISSION = {
    Permission.GRADUASI_VERIFY: Stage.VERIFIKASI,
    Permission.GRADUASI_APPROVE: Stage.PERSETUJUAN,
    Permission.GRADUASI_DETERMINE: Stage.PENETAPAN,
}


async def verify(
    session: AsyncSession, actor: Actor, graduasi_id: UUID, note: str | None, evidence_sha256: str | None
) -> Graduasi:
    """The team lead has checked the case by name and address.

    Raises:
        IllegalTransition, SamePersonTwice, FileNotUploaded
    """
    case, policy = await load_case(session, graduasi_id)
    await require_evidence(session, evidence_sha256)
    act = Act(actor, await moment_of(session), Stage.VERIFIKASI, note, evidence_sha256)
    await advance(session, [(case, policy)], [GraduasiState.DIVERIFIKASI_KETIM], act)
    return case


async def deliberate(
    session: AsyncSession, actor: Actor, graduasi_id: UUID, paper: MusyawarahTerms
) -> Graduasi:
    """The village has deliberated; its berita acara is on file.

    Raises:
        MusyawarahNotAsked, IllegalTransition, SamePersonTwice, FileNotUploaded, DateInTheFuture, DateTooEarly
    """
    case, policy = await load_case(session, graduasi_id)
    if Stage.MUSYAWARAH not in policy.stages:
        raise MusyawarahNotAsked(exit_reason=case.exit_reason)
    case.expect(GraduasiState.DIMUSYAWARAHKAN)
    now = await moment_of(session)
    require_past(paper.held_on, now.on, "/body/held_on", earliest=await stands_since(session, case))
    await require_evidence(session, paper.evidence_sha256)
    act = Act(actor, now, Stage.MUSYAWARAH, paper.berita_acara_no, paper.evidence_sha256)
    await advance(session, [(case, policy)], [GraduasiState.DIMUSYAWARAHKAN], act)
    await write(session, _musyawarah(case, paper, act))
    return case


def _musyawarah(case: Graduasi, paper: MusyawarahTerms, act: Act) -> Musyawarah:
    return Musyawarah(
        **dict(paper),
        musyawarah_id=uuid7(),
        graduasi_id=case.graduasi_id,
        kode_wilayah=case.kode_wilayah,
        at=act.moment.at,
    )


async def approve(session: AsyncSession, actor: Actor, graduasi_id: UUID, note: str | None) -> Graduasi:
    """Dinsos approves; where the policy asks for a musyawarah, only after it.

    Raises:
        IllegalTransition, MusyawarahMissing, SamePersonTwice
    """
    case, policy = await load_case(session, graduasi_id)
    if case.state is GraduasiState.DIVERIFIKASI_KETIM and Stage.MUSYAWARAH in policy.stages:
        raise MusyawarahMissing
    act = Act(actor, await moment_of(session), Stage.PERSETUJUAN, note)
    await advance(session, [(case, policy)], [GraduasiState.DISETUJUI_DINSOS], act)
    return case


async def send_back(session: AsyncSession, actor: Actor, graduasi_id: UUID, why: Grounds) -> Graduasi:
    """Return a proposed case to its pendamping, who assesses or proposes anew; an act in the official's stage.

    Raises:
        IllegalTransition, SamePersonTwice, EvidenceAsked, FileNotUploaded
    """
    case, policy = await load_case(session, graduasi_id)
    act = Act(actor, await moment_of(session), stage_of(actor), why.reason, why.evidence_sha256)
    await leave(session, case, policy, GraduasiState.DIKEMBALIKAN, act)
    return case


async def leave(session: AsyncSession, case: Graduasi, policy: Policy, side: GraduasiState, act: Act) -> None:
    """Leave the way forward into a side state; on evidence, where the policy asks for it."""
    case.expect(side)
    if act.evidence is None and side in policy.evidence_for:
        raise EvidenceAsked("/body/evidence_sha256", exit_reason=case.exit_reason, wanted=side)
    await require_evidence(session, act.evidence)
    await advance(session, [(case, policy)], [side], act)


async def refuse(
    session: AsyncSession, actor: Actor, graduasi_id: UUID, ground: RefusalGround, why: Grounds
) -> Graduasi:
    """Refuse a proposed case for good; a new one may be opened. An act in the official's stage.

    Raises:
        IllegalTransition, SamePersonTwice, EvidenceAsked, FileNotUploaded
    """
    case, policy = await load_case(session, graduasi_id)
    act = Act(actor, await moment_of(session), stage_of(actor), why.reason, why.evidence_sha256)
    await leave(session, case, policy, GraduasiState.DITOLAK, act)
    emit(session, closed(case, ClosedAs.DITOLAK, ground))
    await take_up_waiting(session, case)
    return case


def stage_of(actor: Actor) -> Stage:
    """Return the latest stage in which the official may decide."""
    return next(stage for permission, stage in reversed(STAGE_OF_PERMISSION.items()) if actor.may(permission))


async def postpone(session: AsyncSession, actor: Actor, graduasi_id: UUID, why: Grounds) -> Graduasi:
    """Hold a case before its effect: conflict in the data, suspicion, dispute. A term that ends meanwhile waits.

    Raises:
        IllegalTransition, EvidenceAsked, FileNotUploaded
    """
    case, policy = await load_case(session, graduasi_id)
    act = Act(actor, await moment_of(session), reason=why.reason, evidence=why.evidence_sha256)
    await leave(session, case, policy, GraduasiState.DITUNDA, act)
    return case


async def resume(session: AsyncSession, actor: Actor, graduasi_id: UUID, why: Grounds) -> Graduasi:
    """Take a postponed case back to the state it left.

    Raises:
        CaseNotPostponed, FileNotUploaded
    """
    case, policy = await load_case(session, graduasi_id)
    if (left := case.postponed_from) is None:
        raise CaseNotPostponed(state=case.state)
    await require_evidence(session, why.evidence_sha256)
    act = Act(actor, await moment_of(session), reason=why.reason, evidence=why.evidence_sha256)
    await advance(session, [(case, policy)], [left], act, resuming=True)
    if left is GraduasiState.MASA_SANGGAH:
        penetapan = await load(session, Penetapan, graduasi_id)
        await schedule_term_end(session, [penetapan], act.moment.on)
    return case


async def cancel(
    session: AsyncSession, actor: Actor, graduasi_id: UUID, ground: CancellationGround, why: Grounds
) -> Graduasi:
    """Close a case before its SK: the family withdraws, or the ground falls away.

    Raises:
        IllegalTransition, FamilyNotAccompanied, EvidenceAsked, FileNotUploaded
    """
    case, policy = await load_case(session, graduasi_id)
    act = Act(actor, await moment_of(session), reason=why.reason, evidence=why.evidence_sha256)
    await _check_own(session, case, act)
    await leave(session, case, policy, GraduasiState.DIBATALKAN, act)
    emit(session, closed(case, ClosedAs.DIBATALKAN, ground))
    await take_up_waiting(session, case)
    return case


async def _check_own(session: AsyncSession, case: Graduasi, act: Act) -> None:
    """A pendamping cancels only for a family they accompany."""
    if act.actor.scope is Scope.OWN_FAMILIES:
        await require_dampingan(session, act.actor, case.kpm_id, case.kode_wilayah, act.moment.on)


def closed(case: Graduasi, closed_as: ClosedAs, ground: StrEnum) -> GraduasiClosed:
    """The fact that a case ended without a penetapan; it tells the coded ground, never the words (chain.md 6)."""
    return GraduasiClosed.of(case, closed_as=closed_as, reason=ground.value)


class WithdrawalGround(StrEnum):
    """Why the case fell away; the words stay in caseload."""

    USULAN_DITARIK = "USULAN_DITARIK"


async def hear_withdrawal(session: AsyncSession, told: ExitProposalWithdrawn) -> None:
    """Cancel the case that the proposal opened, or let it wait no more; an SK that was faster stands."""
    proposal = await session.get(ExitProposal, told.exit_proposal_id, with_for_update=True)
    if proposal is None:
        return
    if proposal.graduasi_id is None:
        proposal.taken, proposal.behind_id = ExitTaken.WITHDRAWN, None
        return
    case, policy = await load_case(session, proposal.graduasi_id)
    if (case.postponed_from or case.state) in BEFORE_DITETAPKAN:
        ground = WithdrawalGround.USULAN_DITARIK
        act = Act(proposer_of(proposal), await moment_of(session), reason=ground.value)
        await advance(session, [(case, policy)], [GraduasiState.DIBATALKAN], act)
        emit(session, closed(case, ClosedAs.DIBATALKAN, ground))
        await take_up_waiting(session, case)
