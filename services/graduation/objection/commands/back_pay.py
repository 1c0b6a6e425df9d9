"""Correct which withheld tahap a family receives (docs/case-lifecycle.md#annulment)."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.approval.models import ApprovalRequest, RequestedBackPay
from services.graduation.case.commands.transitions import Act, load_case, record_act
from services.graduation.case.models import Graduasi, Stage
from services.graduation.case.queries import find_accompanied
from services.graduation.objection.commands.annulment import (
    add_back_pay,
    require_no_stage,
    require_tahap,
    to_annulled_event,
)
from services.graduation.objection.errors import CaseNotAnnulled
from services.graduation.objection.models.annulment import Annulment, BackPayment
from shared import clock
from shared.access import Actor
from shared.clock import moment_of
from shared.messaging import emit


async def require_correctable(
    session: AsyncSession, actor: Actor, graduasi_id: UUID, terms: RequestedBackPay
) -> str:
    """Raise what refuses a correction of the decided tahap today, and return the case's area.

    Raises:
        NotFound, CaseNotAnnulled, SamePersonTwice, FamilyAccompaniedLately, BackPayUndecided, BackPayNotConcerned
    """
    case, _ = await load_case(session, graduasi_id)
    await require_annulled_case(session, actor, case, await clock.today(session))
    statement = sa.select(BackPayment.tahap).where(BackPayment.graduasi_id == graduasi_id).distinct()
    require_tahap(sorted(await session.scalars(statement)), terms.back_pay)
    return case.kode_wilayah


async def require_annulled_case(session: AsyncSession, actor: Actor, case: Graduasi, today: date) -> None:
    """Check that the case was annulled, and that this actor may correct its tahap.

    Raises:
        CaseNotAnnulled, SamePersonTwice, FamilyAccompaniedLately
    """
    if await session.get(Annulment, case.graduasi_id) is None:
        raise CaseNotAnnulled
    await require_no_stage(session, case, actor.person, actor.sub)
    for refusal in (await find_accompanied(session, actor, [case.kpm_id], today)).values():
        raise refusal


async def correct_back_pay(
    session: AsyncSession, actor: Actor, request: ApprovalRequest, terms: RequestedBackPay
) -> Annulment:
    """Replace the decision on withheld tahap, and emit the annulment again.

    Raises:
        Those of `require_correctable`.
    """
    await require_correctable(session, actor, request.subject_id, terms)
    case, policy = await load_case(session, request.subject_id)
    annulment = await session.get_one(Annulment, request.subject_id)
    last = sa.select(sa.func.max(BackPayment.revision)).where(BackPayment.graduasi_id == case.graduasi_id)
    add_back_pay(session, case, terms.back_pay, revision=(await session.scalar(last) or 0) + 1)
    act = Act(actor, await moment_of(session), reason=terms.reason, evidence=terms.evidence_sha256)
    await record_act(session, case, policy, act, Stage.SANGGAH)
    emit(session, to_annulled_event(case, annulment, terms.back_pay))
    return annulment
