"""The objection in term: it suspends what the SK began; a person of no stage decides it (chain.md 3 and 4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.case.commands.accompaniment import require_dampingan
from services.graduation.case.commands.transitions import Act, advance, load_case
from services.graduation.case.models import Graduasi, GraduasiState, Stage
from services.graduation.decree.models import Penetapan
from services.graduation.objection.commands.annulment import (
    Undoing,
    require_no_stage,
    undo,
    was_effective,
)
from services.graduation.objection.errors import (
    BackPayNotConcerned,
    PaperAlreadyTaken,
    SanggahAfterTheEnd,
    SanggahAlreadyDecided,
    SanggahOutOfTerm,
    SanggahStillOpen,
    SanggahWhilePostponed,
)
from services.graduation.objection.models import (
    AnnulmentGround,
    BackPaymentTerms,
    Sanggah,
    SanggahDecision,
    SanggahState,
    SanggahTerms,
)
from services.graduation.policy.models.policy import Policy
from services.graduation.term.commands import bring_into_effect, schedule_term_end, settle_tahap
from shared.access import Actor, Scope
from shared.clock import moment_of
from shared.contracts.graduation import SanggahDecided, SanggahLodged
from shared.contracts.kinds import SanggahOutcome
from shared.database import load, refusing, uuid7
from shared.dates import require_past
from shared.errors import DecidedByLodger, DomainError, NotFound
from shared.files import require_evidence
from shared.messaging import emit


@dataclass(frozen=True, slots=True)
class Ruling:
    """What was decided on an objection, why, and what becomes of each tahap between."""

    outcome: SanggahOutcome
    reason: str
    back_pay: Sequence[BackPaymentTerms] = ()


# An objection in term that chain.md 4 knows no move for now: the refusal says where the right goes on.
NOT_NOW: dict[GraduasiState, type[DomainError]] = {
    GraduasiState.DITUNDA: SanggahWhilePostponed,
    GraduasiState.SELESAI: SanggahAfterTheEnd,
}


async def lodge_sanggah(
    session: AsyncSession, actor: Actor, graduasi_id: UUID, paper: SanggahTerms
) -> Sanggah:
    """Take in an objection dated in term, however late it is typed in; it suspends until it is decided.

    Raises:
        NotFound, FamilyNotAccompanied, SanggahStillOpen, SanggahOutOfTerm, SanggahWhilePostponed, SanggahAfterTheEnd,
        DateTooEarly, DateInTheFuture, IllegalTransition, FileNotUploaded, PaperAlreadyTaken
    """
    case, policy = await load_case(session, graduasi_id)
    act = Act(actor, await moment_of(session), None, paper.ground.value, paper.evidence_sha256)
    if actor.scope is Scope.OWN_FAMILIES:
        await require_dampingan(session, actor, case.kpm_id, case.kode_wilayah, act.moment.on)
    await _check_in_term(session, case, paper.lodged_on, act.moment.on)
    await require_evidence(session, paper.evidence_sha256)
    sanggah = _sanggah(case, paper, act)
    session.add(sanggah)
    with refusing(uq_sanggah_one_paper=PaperAlreadyTaken):
        await session.flush()
    await advance(session, [(case, policy)], [GraduasiState.DISANGGAH], act)
    emit(session, _lodged(case, sanggah))
    return sanggah


async def _check_in_term(session: AsyncSession, case: Graduasi, lodged_on: date, today: date) -> None:
    if case.state is GraduasiState.DISANGGAH:
        raise SanggahStillOpen
    penetapan = await session.get(Penetapan, case.graduasi_id)
    if penetapan is None:
        case.expect(GraduasiState.DISANGGAH)
        return
    require_past(lodged_on, today, "/body/lodged_on", earliest=penetapan.announced_on)
    if lodged_on > penetapan.term_ends_on:
        raise SanggahOutOfTerm("/body/lodged_on", on=lodged_on, ended=penetapan.term_ends_on)
    if (waits := NOT_NOW.get(case.state)) is not None:
        raise waits(on=lodged_on, ended=penetapan.term_ends_on)
    case.expect(GraduasiState.DISANGGAH)


def _sanggah(case: Graduasi, paper: SanggahTerms, act: Act) -> Sanggah:
    return Sanggah(
        **dict(paper),
        sanggah_id=uuid7(),
        graduasi_id=case.graduasi_id,
        kpm_id=case.kpm_id,
        kode_wilayah=case.kode_wilayah,
        typed_by=act.actor.person,
        typed_by_sub=act.actor.sub,
        typed_on=act.moment.on,
        at=act.moment.at,
        state=SanggahState.DIAJUKAN,
    )


def _lodged(case: Graduasi, sanggah: Sanggah) -> SanggahLodged:
    return SanggahLodged.of(case, sanggah_id=sanggah.sanggah_id, lodged_on=sanggah.lodged_on, suspends=True)


async def decide_sanggah(session: AsyncSession, actor: Actor, sanggah_id: UUID, ruling: Ruling) -> Sanggah:
    """Decide an objection: accepted, the SK is undone for the family; refused, what was suspended goes on.

    Raises:
        NotFound, SanggahAlreadyDecided, SamePersonTwice, DecidedByLodger, BackPayUndecided, BackPayNotConcerned,
        TahapNotPlanned
    """
    case, policy, sanggah = await _locked(session, sanggah_id)
    if sanggah.state is not SanggahState.DIAJUKAN:
        raise SanggahAlreadyDecided
    await require_no_stage(session, case, actor)
    if actor.is_same_as(sanggah.typed_by, sanggah.typed_by_sub):
        raise DecidedByLodger
    act = Act(actor, await moment_of(session), Stage.SANGGAH, ruling.reason, sanggah.evidence_sha256)
    sanggah.state = SanggahState(ruling.outcome.value)
    session.add(_decision(sanggah, act))
    if ruling.outcome is SanggahOutcome.DITERIMA:
        emit(session, _decided(case, sanggah, act))
        undoing = Undoing(AnnulmentGround.SANGGAH_DITERIMA, ruling.back_pay, sanggah_id)
        await undo(session, case, policy, act, undoing)
    else:
        _check_nothing_paid(ruling)
        await _go_on(session, case, policy, sanggah, act)
    return sanggah


async def _locked(session: AsyncSession, sanggah_id: UUID) -> tuple[Graduasi, Policy, Sanggah]:
    """The case first, as everybody locks it: a decision and the end of the term see each other."""
    graduasi_id = await session.scalar(sa.select(Sanggah.graduasi_id).where(Sanggah.sanggah_id == sanggah_id))
    if graduasi_id is None:
        raise NotFound("sanggah")
    case, policy = await load_case(session, graduasi_id)
    return case, policy, await load(session, Sanggah, sanggah_id, noun="sanggah")


def _check_nothing_paid(ruling: Ruling) -> None:
    """A refused objection undoes nothing, so that no tahap is paid back by it."""
    if ruling.back_pay:
        raise BackPayNotConcerned("/body/back_pay", tahap=", ".join(one.tahap for one in ruling.back_pay))


async def _go_on(session: AsyncSession, case: Graduasi, policy: Policy, sanggah: Sanggah, act: Act) -> None:
    """Back to the term while it runs, else into effect; the tahap follows the later of term and decision."""
    penetapan = await load(session, Penetapan, case.graduasi_id)
    settled = max(penetapan.term_ends_on, act.moment.on)
    await settle_tahap(session, penetapan, settled)
    emit(session, _decided(case, sanggah, act, penetapan))
    if act.moment.on > penetapan.term_ends_on or await was_effective(session, case.graduasi_id):
        await bring_into_effect(session, case, policy, penetapan, act)
    else:
        await advance(session, [(case, policy)], [GraduasiState.MASA_SANGGAH], act)
        await schedule_term_end(session, [penetapan], settled)


def _decision(sanggah: Sanggah, act: Act) -> SanggahDecision:
    return SanggahDecision(
        sanggah_id=sanggah.sanggah_id,
        typed_by=sanggah.typed_by,
        typed_by_sub=sanggah.typed_by_sub,
        graduasi_id=sanggah.graduasi_id,
        kode_wilayah=sanggah.kode_wilayah,
        decided_on=act.moment.on,
        decided_by=act.actor.person,
        decided_by_sub=act.actor.sub,
        role=act.role,
        reason=act.reason or "",
        at=act.moment.at,
    )


def _decided(
    case: Graduasi, sanggah: Sanggah, act: Act, penetapan: Penetapan | None = None
) -> SanggahDecided:
    return SanggahDecided.of(
        case,
        sanggah_id=sanggah.sanggah_id,
        outcome=SanggahOutcome(sanggah.state.value),
        decided_on=act.moment.on,
        effective_tahap=penetapan.effective_tahap if penetapan else None,
        effective_on=penetapan.effective_on if penetapan else None,
        last_payable_tahap=penetapan.last_payable_tahap if penetapan else None,
    )
