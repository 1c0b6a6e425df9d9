"""Commands that decide a sanggah (docs/decisions/0016-objection-by-the-date-on-the-paper.md)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.case.commands.transitions import Act, advance, load_case, record_act
from services.graduation.case.models import Graduasi, GraduasiState, Stage
from services.graduation.decree.models import Penetapan
from services.graduation.monitoring.commands.tasks import move_tasks
from services.graduation.objection.commands.annulment import (
    AnnulmentTerms,
    annul_case,
    refuse_back_pay,
    require_no_stage,
    to_event_items,
    was_effective,
)
from services.graduation.objection.errors import DeathUndone, SanggahAlreadyDecided
from services.graduation.objection.models.annulment import AnnulmentGround, BackPaymentTerms
from services.graduation.objection.models.sanggah import Sanggah, SanggahDecision, SanggahState
from services.graduation.objection.queries import has_scan_by
from services.graduation.policy.models.policy import Policy
from services.graduation.policy.rules import term_settled_on
from services.graduation.tables import CaseReason
from services.graduation.term.commands import (
    SYSTEM,
    is_cutoff_within,
    make_effective,
    schedule_term_end,
    set_effective_tahap,
)
from shared.access import Actor
from shared.clock import moment_of
from shared.contracts.graduation import BackPay, SanggahDecided
from shared.contracts.kinds import SanggahOutcome
from shared.database import load, vault_of
from shared.errors import DecidedByLodger, NotFound
from shared.messaging import emit
from shared.privacy import Vault


@dataclass(frozen=True, slots=True)
class Ruling:
    """The decision on a sanggah, its reason, and which withheld tahap the family receives."""

    outcome: SanggahOutcome
    reason: str
    back_pay: Sequence[BackPaymentTerms] = ()


async def decide_sanggah(session: AsyncSession, actor: Actor, sanggah_id: UUID, ruling: Ruling) -> Sanggah:
    """Decide a sanggah.

    An accepted sanggah annuls the SK for the family. A refused one ends the suspension, and so does one that was
    recorded in error. The right one can be recorded after it.

    Raises:
        NotFound, SanggahAlreadyDecided, SamePersonTwice, FamilyAccompaniedLately, DecidedByLodger, BackPayUndecided,
        BackPayNotConcerned, TahapNotPlanned
        DeathUndone: The sanggah is not accepted although the death on which the SK rests was undone.
    """
    case, policy, sanggah = await _lock_sanggah(session, sanggah_id)
    await require_decidable(session, actor, case, sanggah)
    moment, code = await moment_of(session), CaseReason.SANGGAH_DIPUTUS
    act = Act(actor, moment, Stage.SANGGAH, ruling.reason, sanggah.evidence_sha256, code)
    sanggah.transition_to(SanggahState(ruling.outcome.value))
    session.add(_build_decision(sanggah, act, vault_of(session)))
    if ruling.outcome is SanggahOutcome.DITERIMA:
        await _accept(session, case, policy, sanggah, act, ruling.back_pay)
    else:
        if case.fact_undone_on is not None:
            raise DeathUndone("/body/outcome", on=case.fact_undone_on)
        # Only an accepted sanggah annuls the SK, so that withheld tahap are paid.
        refuse_back_pay(ruling.back_pay)
        await _continue_case(session, case, policy, sanggah, act)
    return sanggah


async def require_decidable(session: AsyncSession, actor: Actor, case: Graduasi, sanggah: Sanggah) -> None:
    """Check that a sanggah is undecided, and that this actor has taken no part.

    Raises:
        SanggahAlreadyDecided, SamePersonTwice, DecidedByLodger
    """
    if sanggah.state is not SanggahState.DIAJUKAN:
        raise SanggahAlreadyDecided
    await require_no_stage(session, case, actor.person, actor.sub)
    if await session.scalar(sa.select(has_scan_by(actor, sanggah.sanggah_id))):
        raise DecidedByLodger


async def _accept(
    session: AsyncSession,
    case: Graduasi,
    policy: Policy,
    sanggah: Sanggah,
    act: Act,
    back_pay: Sequence[BackPaymentTerms],
) -> None:
    emit(session, _to_decided_event(case, sanggah, act, back_pay=to_event_items(back_pay)))
    terms = AnnulmentTerms(AnnulmentGround.SANGGAH_DITERIMA, back_pay, sanggah.sanggah_id)
    await annul_case(session, case, policy, act, terms)
    undone = Act(SYSTEM, act.moment, reason=str(sanggah.sanggah_id))
    await lapse_sanggah(session, case, undone)


async def _continue_case(
    session: AsyncSession, case: Graduasi, policy: Policy, sanggah: Sanggah, act: Act
) -> None:
    if sanggah.suspends:
        await _end_suspension(session, case, policy, sanggah, act)
    else:
        await record_act(session, case, policy, act, Stage.SANGGAH)
        emit(session, _to_decided_event(case, sanggah, act))


async def _lock_sanggah(session: AsyncSession, sanggah_id: UUID) -> tuple[Graduasi, Policy, Sanggah]:
    # The case is locked first, as by every command, so that a decision and the end of the term see each other.
    graduasi_id = await session.scalar(sa.select(Sanggah.graduasi_id).where(Sanggah.sanggah_id == sanggah_id))
    if graduasi_id is None:
        raise NotFound("sanggah")
    case, policy = await load_case(session, graduasi_id)
    return case, policy, await load(session, Sanggah, sanggah_id, noun="sanggah")


async def _end_suspension(
    session: AsyncSession, case: Graduasi, policy: Policy, sanggah: Sanggah, act: Act
) -> None:
    """Move the case back to MASA_SANGGAH during the term, else to EFEKTIF.

    The effective tahap depends on the later of the day after the term and the decision. One that was recorded in error
    leaves an effect as it was, unless a cut-off has passed meanwhile.
    """
    penetapan, on = await load(session, Penetapan, case.graduasi_id), act.moment.on
    effective = await was_effective(session, case.graduasi_id)
    in_error = sanggah.state is SanggahState.SALAH_CATAT
    if not (effective and in_error) or await is_cutoff_within(session, sanggah.typed_on, on):
        await set_effective_tahap(session, penetapan, max(term_settled_on(penetapan.term_ends_on), on))
        await move_tasks(session, case, policy, penetapan.effective_on)
    emit(session, _to_decided_event(case, sanggah, act, penetapan))
    if effective or on > penetapan.term_ends_on:
        await make_effective(session, case, policy, penetapan, act)
    else:
        await advance(session, [(case, policy)], [GraduasiState.MASA_SANGGAH], act)
        await schedule_term_end(session, [penetapan])


async def lapse_sanggah(session: AsyncSession, case: Graduasi, act: Act) -> None:
    """Close the undecided sanggah of a locked case as GUGUR."""
    statement = sa.select(Sanggah).where(
        Sanggah.graduasi_id == case.graduasi_id, Sanggah.state == SanggahState.DIAJUKAN
    )
    await session.flush()
    for sanggah in (await session.scalars(statement.with_for_update(key_share=True))).all():
        sanggah.transition_to(SanggahState.GUGUR)
        session.add(_build_decision(sanggah, act, vault_of(session)))
        emit(session, _to_decided_event(case, sanggah, act))


def _build_decision(sanggah: Sanggah, act: Act, vault: Vault) -> SanggahDecision:
    place = {"table": "sanggah_decision", "column": "reason", "row_id": sanggah.sanggah_id}
    return SanggahDecision(
        sanggah_id=sanggah.sanggah_id,
        typed_by=sanggah.typed_by,
        typed_by_sub=sanggah.typed_by_sub,
        graduasi_id=sanggah.graduasi_id,
        kode_wilayah=sanggah.kode_wilayah,
        decided_on=act.moment.on,
        decided_by=act.actor.person,
        decided_by_sub=act.actor.sub,
        role=act.actor.role,
        reason_sealed=vault.seal(act.reason or "", **place),
        at=act.moment.at,
    )


def _to_decided_event(
    case: Graduasi,
    sanggah: Sanggah,
    act: Act,
    penetapan: Penetapan | None = None,
    back_pay: Sequence[BackPay] = (),
) -> SanggahDecided:
    return SanggahDecided.of(
        case,
        sanggah_id=sanggah.sanggah_id,
        outcome=SanggahOutcome(sanggah.state.value),
        decided_on=act.moment.on,
        effective_tahap=penetapan.effective_tahap if penetapan else None,
        effective_on=penetapan.effective_on if penetapan else None,
        last_payable_tahap=penetapan.last_payable_tahap if penetapan else None,
        back_pay=list(back_pay),
    )
