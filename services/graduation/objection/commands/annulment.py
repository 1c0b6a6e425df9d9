"""Commands that annul an SK for one family (DIPULIHKAN)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.approval.models import ApprovalRequest, RequestedOrder
from services.graduation.case.commands.transitions import Act, advance, load_case
from services.graduation.case.errors import SamePersonTwice
from services.graduation.case.models import Graduasi, GraduasiState, Stage
from services.graduation.case.queries import find_accompanied
from services.graduation.certificate.models import Certificate
from services.graduation.credit.commands import reverse_credit
from services.graduation.exit_proposal.commands import retry_waiting
from services.graduation.objection.errors import BackPayNotConcerned, BackPayUndecided, SanggahStillOpen
from services.graduation.objection.models.annulment import (
    Annulment,
    AnnulmentGround,
    BackPayment,
    BackPaymentFields,
    BackPaymentTerms,
)
from services.graduation.objection.queries import read_tahap_concerned, select_open_sanggah
from services.graduation.policy.models.policy import Policy
from services.graduation.review.models import StageAct
from services.graduation.tables import CaseReason
from services.graduation.term.commands import cancel_due_work
from shared.access import Actor
from shared.clock import moment_of
from shared.contracts.graduation import BackPay, GraduasiAnnulled
from shared.contracts.kinds import BackPayReason
from shared.database import vault_of
from shared.messaging import emit


@dataclass(frozen=True, slots=True)
class AnnulmentTerms:
    """The ground of an annulment, and whether the family receives each withheld tahap."""

    ground: AnnulmentGround
    back_pay: Sequence[BackPaymentTerms]
    sanggah_id: UUID | None = None
    approval_request_id: UUID | None = None


async def annul_case(
    session: AsyncSession, case: Graduasi, policy: Policy, act: Act, terms: AnnulmentTerms
) -> Annulment:
    """Move a locked case to DIPULIHKAN, reverse its credit, close its tasks and emit GraduasiAnnulled.

    Raises:
        IllegalTransition, SamePersonTwice, FamilyAccompaniedLately, BackPayUndecided, BackPayNotConcerned
    """
    case.require_transition(GraduasiState.DIPULIHKAN)
    await _check_tahap(session, case, act.moment.on, terms.back_pay)
    annulment = await _undo_decree(session, case, policy, act, terms)
    await retry_waiting(session, case)
    return annulment


async def annul_after_death(session: AsyncSession, case: Graduasi, policy: Policy, act: Act) -> None:
    """Annul the SK of a locked case whose family has died. Nothing is paid back.

    The exit proposals that wait for the case keep waiting, for the case of the death.

    Raises:
        IllegalTransition
    """
    concerned = await read_tahap_concerned(session, case.graduasi_id, act.moment.on)
    reason, code = f"Anggota tunggal meninggal ({act.reason}).", BackPayReason.MENINGGAL
    unpaid = [
        BackPaymentTerms(tahap=tahap, paid=False, reason=reason, reason_code=code) for tahap in concerned
    ]
    await _undo_decree(session, case, policy, act, AnnulmentTerms(AnnulmentGround.MENINGGAL, unpaid))


async def _undo_decree(
    session: AsyncSession, case: Graduasi, policy: Policy, act: Act, terms: AnnulmentTerms
) -> Annulment:
    annulment = await _build_annulment(session, case, act, terms)
    case.outcome = None
    undoing = replace(act, code=CaseReason(terms.ground.value))
    await advance(session, [(case, policy)], [GraduasiState.DIPULIHKAN], undoing)
    session.add(annulment)
    await session.flush()
    add_back_pay(session, case, terms.back_pay, revision=1)
    await cancel_due_work(session, case, act.moment.on)
    await reverse_credit(session, case, terms.ground, act.moment.on)
    emit(session, to_annulled_event(case, annulment, terms.back_pay))
    return annulment


def add_back_pay(
    session: AsyncSession, case: Graduasi, back_pay: Sequence[BackPaymentTerms], *, revision: int
) -> None:
    """Add a revision of the decision on withheld tahap, with sealed reasons."""
    for one in back_pay:
        row = BackPayment(
            **{name: getattr(one, name) for name in BackPaymentFields.model_fields},
            graduasi_id=case.graduasi_id,
            kode_wilayah=case.kode_wilayah,
            revision=revision,
        )
        place = {"table": "back_payment", "column": "reason", "row_id": row.text_id}
        row.reason_sealed = vault_of(session).seal(one.reason, **place)
        session.add(row)


async def require_annullable(
    session: AsyncSession, actor: Actor, graduasi_id: UUID, terms: RequestedOrder
) -> str:
    """Raise what refuses an annulment without a sanggah today, and return the case's area.

    The actor must have acted in no stage of the case, and not have accompanied the family lately.

    Raises:
        NotFound, IllegalTransition, SamePersonTwice, FamilyAccompaniedLately, SanggahStillOpen, BackPayUndecided,
        BackPayNotConcerned
    """
    case, _ = await load_case(session, graduasi_id)
    today = (await moment_of(session)).on
    await require_annullable_case(session, actor, case, today)
    await _check_tahap(session, case, today, terms.back_pay)
    return case.kode_wilayah


async def require_annullable_case(session: AsyncSession, actor: Actor, case: Graduasi, today: date) -> None:
    """Check that the SK may be annulled for the family, by this actor.

    Raises:
        IllegalTransition, SamePersonTwice, FamilyAccompaniedLately, SanggahStillOpen
    """
    if (sanggah_id := await session.scalar(select_open_sanggah(case.graduasi_id).limit(1))) is not None:
        raise SanggahStillOpen(sanggah_id=sanggah_id)
    case.require_transition(GraduasiState.DIPULIHKAN)
    await require_no_stage(session, case, actor.person, actor.sub)
    for refusal in (await find_accompanied(session, actor, [case.kpm_id], today)).values():
        raise refusal


async def annul(
    session: AsyncSession, actor: Actor, request: ApprovalRequest, terms: RequestedOrder
) -> Graduasi:
    """Annul an SK for one family by an approved request.

    Requester and approver must have acted in no stage of the case.

    Raises:
        Those of `require_annullable`.
    """
    await require_annullable(session, actor, request.subject_id, terms)
    case, policy = await load_case(session, request.subject_id)
    await require_no_stage(session, case, request.requested_by, request.requested_by_sub)
    act = Act(actor, await moment_of(session), Stage.SANGGAH, terms.reason, terms.evidence_sha256)
    ground = AnnulmentGround(terms.ground.value)
    order = AnnulmentTerms(ground, terms.back_pay, approval_request_id=request.approval_request_id)
    await annul_case(session, case, policy, act, order)
    return case


async def require_no_stage(session: AsyncSession, case: Graduasi, person: str, sub: str) -> None:
    """Check that a person or an account acted in no other stage of the case.

    The exclusion constraints do not check this if the policy lets one person act in two stages. Even then nobody
    decides a sanggah against their own act (docs/decisions/0015-separation-of-duties-in-the-database.md).

    Raises:
        SamePersonTwice
    """
    statement = sa.select(StageAct.stage_act_id).where(
        StageAct.graduasi_id == case.graduasi_id,
        sa.or_(StageAct.person == person, StageAct.sub == sub),
        StageAct.stage != Stage.SANGGAH,
    )
    if await session.scalar(statement.limit(1)) is not None:
        raise SamePersonTwice


async def _check_tahap(
    session: AsyncSession, case: Graduasi, on: date, back_pay: Sequence[BackPaymentTerms]
) -> None:
    require_tahap(await read_tahap_concerned(session, case.graduasi_id, on), back_pay)


def require_tahap(concerned: Sequence[str], back_pay: Sequence[BackPaymentTerms]) -> None:
    """Require a decision on each tahap concerned, and on no other.

    Raises:
        BackPayUndecided, BackPayNotConcerned
    """
    decided = {one.tahap for one in back_pay}
    if missing := [tahap for tahap in concerned if tahap not in decided]:
        raise BackPayUndecided("/body/back_pay", tahap=missing)
    refuse_back_pay(back_pay, concerned)


def refuse_back_pay(back_pay: Sequence[BackPaymentTerms], concerned: Sequence[str] = ()) -> None:
    """Refuse a decision on a tahap that is not concerned.

    Raises:
        BackPayNotConcerned
    """
    others = [(number, one.tahap) for number, one in enumerate(back_pay) if one.tahap not in concerned]
    if others:
        pointers = [f"/body/back_pay/{number}" for number, _ in others]
        raise BackPayNotConcerned(tahap=[tahap for _, tahap in others], pointers=pointers)


async def _build_annulment(
    session: AsyncSession, case: Graduasi, act: Act, terms: AnnulmentTerms
) -> Annulment:
    place = {"table": "annulment", "column": "reason", "row_id": case.graduasi_id}
    return Annulment(
        graduasi_id=case.graduasi_id,
        sanggah_id=terms.sanggah_id,
        approval_request_id=terms.approval_request_id,
        kode_wilayah=case.kode_wilayah,
        ground=terms.ground,
        reason_sealed=vault_of(session).seal(act.reason or "", **place),
        was_effective=await was_effective(session, case.graduasi_id),
        annulled_on=act.moment.on,
        annulled_by=act.actor.person,
        at=act.moment.at,
    )


async def was_effective(session: AsyncSession, graduasi_id: UUID) -> bool:
    """Return whether the exit was effective at any time.

    A certificate proves it: it is issued when the exit becomes effective, and never deleted.
    """
    statement = sa.select(Certificate.certificate_no).where(Certificate.graduasi_id == graduasi_id)
    return await session.scalar(statement) is not None


def to_event_items(back_pay: Sequence[BackPaymentTerms]) -> list[BackPay]:
    """Return the decisions on withheld tahap as events have them, with codes only."""
    decided = sorted(back_pay, key=lambda one: one.tahap)
    return [BackPay(tahap=one.tahap, paid=one.paid, reason=one.reason_code) for one in decided]


def to_annulled_event(
    case: Graduasi, annulment: Annulment, back_pay: Sequence[BackPaymentTerms]
) -> GraduasiAnnulled:
    """Return the event of an annulment with its decision on each withheld tahap."""
    return GraduasiAnnulled.of(
        case,
        reason=annulment.ground.value,
        was_effective=annulment.was_effective,
        back_pay_tahap=sorted(one.tahap for one in back_pay if one.paid),
        back_pay=to_event_items(back_pay),
        annulled_on=annulment.annulled_on,
    )
