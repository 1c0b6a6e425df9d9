"""Commands that lodge and decide a sanggah (docs/decisions/0016-objection-by-the-date-on-the-paper.md)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.case.commands.accompaniment import require_dampingan
from services.graduation.case.commands.evidence import use_for
from services.graduation.case.commands.transitions import Act, advance, load_case
from services.graduation.case.models import Graduasi, GraduasiState, Stage
from services.graduation.decree.models import Penetapan, Sk
from services.graduation.objection.commands.annulment import (
    AnnulmentTerms,
    annul_case,
    require_no_stage,
    was_effective,
)
from services.graduation.objection.errors import (
    BackPayNotConcerned,
    SanggahAfterCaseEnd,
    SanggahAlreadyDecided,
    SanggahAlreadyLodged,
    SanggahBeforeAnnouncement,
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
from services.graduation.policy.rules import term_settled_on
from services.graduation.term.commands import (
    announce_case,
    make_effective,
    schedule_term_end,
    set_effective_tahap,
)
from shared.access import Actor, Scope
from shared.clock import Moment, moment_of
from shared.contracts.graduation import SanggahDecided, SanggahLodged
from shared.contracts.kinds import SanggahOutcome
from shared.database import load, refuse_violations, uuid7
from shared.dates import require_not_future
from shared.errors import DecidedByLodger, DomainError, NotFound
from shared.evidence import EvidenceKind, require_evidence
from shared.messaging import emit


@dataclass(frozen=True, slots=True)
class Ruling:
    """The decision on a sanggah, its reason, and which withheld tahap the family receives."""

    outcome: SanggahOutcome
    reason: str
    back_pay: Sequence[BackPaymentTerms] = ()


# States without a transition to DISANGGAH (docs/case-lifecycle.md#objections), in which a sanggah in term has a refusal of its own.
STATE_REFUSALS: dict[GraduasiState, type[DomainError]] = {
    GraduasiState.DITUNDA: SanggahWhilePostponed,
    GraduasiState.SELESAI: SanggahAfterCaseEnd,
}


async def lodge_sanggah(
    session: AsyncSession, actor: Actor, graduasi_id: UUID, terms: SanggahTerms
) -> Sanggah:
    """Record a sanggah whose paper is dated in the term, and suspend the case.

    Raises:
        NotFound, FamilyNotAccompanied, SanggahStillOpen, SanggahBeforeAnnouncement, SanggahOutOfTerm,
        SanggahWhilePostponed, SanggahAfterCaseEnd, DateTooEarly, DateInTheFuture, IllegalTransition, FileNotUploaded,
        SanggahAlreadyLodged
    """
    case, policy = await load_case(session, graduasi_id)
    act = Act(actor, await moment_of(session), None, terms.ground.value, terms.evidence_sha256)
    if actor.scope is Scope.OWN_FAMILIES:
        await require_dampingan(session, actor, case.kpm_id, case.kode_wilayah, act.moment.on)
    await announce_case(session, case, policy, act.moment)
    await _require_in_term(session, case, terms.lodged_on, act.moment)
    await require_evidence(session, terms.evidence_sha256, use_for(case, actor, EvidenceKind.SANGGAH))
    sanggah = _build_sanggah(case, terms, act)
    session.add(sanggah)
    with refuse_violations(uq_sanggah_one_paper=SanggahAlreadyLodged):
        await session.flush()
    await advance(session, [(case, policy)], [GraduasiState.DISANGGAH], act)
    emit(session, _to_lodged_event(case, sanggah))
    return sanggah


async def _require_in_term(session: AsyncSession, case: Graduasi, lodged_on: date, now: Moment) -> None:
    if case.state is GraduasiState.DISANGGAH:
        raise SanggahStillOpen
    penetapan = await session.get(Penetapan, case.graduasi_id)
    if penetapan is None:
        case.require_transition(GraduasiState.DISANGGAH)
        return
    if now.on < penetapan.announced_on:
        raise SanggahBeforeAnnouncement(on=penetapan.announced_on)
    # A case that was postponed at the announcement of its SK is announced later, but the SK has been public since.
    earliest = (await session.get_one(Sk, penetapan.sk_id)).announced_on
    require_not_future(lodged_on, now.latest_on, "/body/lodged_on", earliest=earliest)
    if lodged_on > penetapan.term_ends_on:
        raise SanggahOutOfTerm("/body/lodged_on", on=lodged_on, ended=penetapan.term_ends_on)
    if (refusal := STATE_REFUSALS.get(case.state)) is not None:
        raise refusal(on=lodged_on, ended=penetapan.term_ends_on)
    case.require_transition(GraduasiState.DISANGGAH)


def _build_sanggah(case: Graduasi, terms: SanggahTerms, act: Act) -> Sanggah:
    return Sanggah(
        **dict(terms),
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


def _to_lodged_event(case: Graduasi, sanggah: Sanggah) -> SanggahLodged:
    return SanggahLodged.of(case, sanggah_id=sanggah.sanggah_id, lodged_on=sanggah.lodged_on, suspends=True)


async def decide_sanggah(session: AsyncSession, actor: Actor, sanggah_id: UUID, ruling: Ruling) -> Sanggah:
    """Decide a sanggah.

    An accepted sanggah annuls the SK for the family. A refused one ends the suspension.

    Raises:
        NotFound, SanggahAlreadyDecided, SamePersonTwice, FamilyAccompaniedLately, DecidedByLodger, BackPayUndecided,
        BackPayNotConcerned, TahapNotPlanned
    """
    case, policy, sanggah = await _lock_sanggah(session, sanggah_id)
    if sanggah.state is not SanggahState.DIAJUKAN:
        raise SanggahAlreadyDecided
    await require_no_stage(session, case, actor)
    if actor.is_same_as(sanggah.typed_by, sanggah.typed_by_sub):
        raise DecidedByLodger
    act = Act(actor, await moment_of(session), Stage.SANGGAH, ruling.reason, sanggah.evidence_sha256)
    sanggah.transition_to(SanggahState(ruling.outcome.value))
    session.add(_build_decision(sanggah, act))
    if ruling.outcome is SanggahOutcome.DITERIMA:
        emit(session, _to_decided_event(case, sanggah, act))
        terms = AnnulmentTerms(AnnulmentGround.SANGGAH_DITERIMA, ruling.back_pay, sanggah_id)
        await annul_case(session, case, policy, act, terms)
    else:
        _refuse_back_pay(ruling)
        await _end_suspension(session, case, policy, sanggah, act)
    return sanggah


async def _lock_sanggah(session: AsyncSession, sanggah_id: UUID) -> tuple[Graduasi, Policy, Sanggah]:
    # The case is locked first, as by every command, so that a decision and the end of the term see each other.
    graduasi_id = await session.scalar(sa.select(Sanggah.graduasi_id).where(Sanggah.sanggah_id == sanggah_id))
    if graduasi_id is None:
        raise NotFound("sanggah")
    case, policy = await load_case(session, graduasi_id)
    return case, policy, await load(session, Sanggah, sanggah_id, noun="sanggah")


def _refuse_back_pay(ruling: Ruling) -> None:
    # A refused sanggah annuls nothing, so that no withheld tahap is paid.
    if ruling.back_pay:
        raise BackPayNotConcerned("/body/back_pay", tahap=", ".join(one.tahap for one in ruling.back_pay))


async def _end_suspension(
    session: AsyncSession, case: Graduasi, policy: Policy, sanggah: Sanggah, act: Act
) -> None:
    """Move the case back to MASA_SANGGAH during the term, else to EFEKTIF.

    The effective tahap depends on the later of the day after the term and the decision.
    """
    penetapan = await load(session, Penetapan, case.graduasi_id)
    settled_on = max(term_settled_on(penetapan.term_ends_on), act.moment.on)
    await set_effective_tahap(session, penetapan, settled_on)
    emit(session, _to_decided_event(case, sanggah, act, penetapan))
    if act.moment.on > penetapan.term_ends_on or await was_effective(session, case.graduasi_id):
        await make_effective(session, case, policy, penetapan, act)
    else:
        await advance(session, [(case, policy)], [GraduasiState.MASA_SANGGAH], act)
        await schedule_term_end(session, [penetapan])


async def lapse_sanggah(session: AsyncSession, case: Graduasi, act: Act) -> None:
    """Close the undecided sanggah of a locked case as GUGUR. Do nothing without one."""
    statement = sa.select(Sanggah).where(
        Sanggah.graduasi_id == case.graduasi_id, Sanggah.state == SanggahState.DIAJUKAN
    )
    sanggah = (await session.scalars(statement.with_for_update(key_share=True))).one_or_none()
    if sanggah is not None:
        sanggah.transition_to(SanggahState.GUGUR)
        session.add(_build_decision(sanggah, act))
        emit(session, _to_decided_event(case, sanggah, act))


def _build_decision(sanggah: Sanggah, act: Act) -> SanggahDecision:
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


def _to_decided_event(
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
