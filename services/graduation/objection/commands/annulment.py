"""DIPULIHKAN: the SK is undone for one family; what it counted is reversed, and each tahap between is decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.case.commands.transitions import Act, advance, load_case
from services.graduation.case.errors import SamePersonTwice
from services.graduation.case.models import Graduasi, GraduasiState, Stage, StageAct
from services.graduation.certificate.models import Certificate
from services.graduation.credit.commands import reverse_credit
from services.graduation.exit_proposal.commands import take_up_waiting
from services.graduation.monitoring.commands import close_tasks
from services.graduation.objection.errors import BackPayNotConcerned, BackPayUndecided, SanggahStillOpen
from services.graduation.objection.models import Annulment, AnnulmentGround, BackPayment, BackPaymentTerms
from services.graduation.objection.queries import tahap_concerned
from services.graduation.policy.models.policy import Policy
from services.graduation.term.commands import TAHAP_STARTED, TERM_ENDED
from shared import jobs
from shared.access import Actor
from shared.clock import moment_of
from shared.contracts.graduation import GraduasiAnnulled
from shared.database import acted_by
from shared.messaging import emit


@dataclass(frozen=True, slots=True)
class Undoing:
    """Why an SK is undone for a family, and what becomes of each tahap between."""

    ground: AnnulmentGround
    back_pay: Sequence[BackPaymentTerms]
    sanggah_id: UUID | None = None


async def undo(
    session: AsyncSession, case: Graduasi, policy: Policy, act: Act, undoing: Undoing
) -> Annulment:
    """Take a locked case to DIPULIHKAN: credit reversed, tasks closed, told; its certificate stands no longer.

    Raises:
        IllegalTransition, SamePersonTwice, BackPayUndecided, BackPayNotConcerned
    """
    case.expect(GraduasiState.DIPULIHKAN)
    await _check_each_tahap(session, case, act.moment.on, undoing.back_pay)
    annulment = await _annulment(session, case, act, undoing)
    case.outcome = None
    await advance(session, [(case, policy)], [GraduasiState.DIPULIHKAN], act)
    session.add(annulment)
    await session.flush()
    where = {"graduasi_id": case.graduasi_id, "kode_wilayah": case.kode_wilayah}
    session.add_all(BackPayment(**dict(one), **where) for one in undoing.back_pay)
    await _stop(session, case, act.moment.on)
    await reverse_credit(session, case, undoing.ground, act.moment.on)
    emit(session, _annulled(case, annulment, undoing.back_pay))
    await take_up_waiting(session, case)
    return annulment


async def annul(
    session: AsyncSession, actor: Actor, graduasi_id: UUID, reason: str, undoing: Undoing
) -> Graduasi:
    """Undo an SK for one family without a sanggah, as a person of no stage; a sanggah that is open is decided first.

    Raises:
        NotFound, IllegalTransition, SamePersonTwice, SanggahStillOpen, BackPayUndecided, BackPayNotConcerned
    """
    case, policy = await load_case(session, graduasi_id)
    if case.state is GraduasiState.DISANGGAH:
        raise SanggahStillOpen
    case.expect(GraduasiState.DIPULIHKAN)
    await require_no_stage(session, case, actor)
    act = Act(actor, await moment_of(session), Stage.SANGGAH, reason)
    await undo(session, case, policy, act, undoing)
    return case


async def require_no_stage(session: AsyncSession, case: Graduasi, actor: Actor) -> None:
    """Raise SamePersonTwice for who acted in a stage of the case; the exclusion constraints stand behind it.

    A policy may let one person do two stages, and yet nobody judges the objection to their own act (chain.md 4).
    """
    acted = sa.select(StageAct.stage_act_id).where(
        StageAct.graduasi_id == case.graduasi_id,
        acted_by(actor, StageAct.person, StageAct.sub),
        StageAct.stage != Stage.SANGGAH,
    )
    if await session.scalar(acted.limit(1)) is not None:
        raise SamePersonTwice


async def _check_each_tahap(
    session: AsyncSession, case: Graduasi, on: date, back_pay: Sequence[BackPaymentTerms]
) -> None:
    concerned = await tahap_concerned(session, case.graduasi_id, on)
    named = {one.tahap for one in back_pay}
    if missing := [tahap for tahap in concerned if tahap not in named]:
        raise BackPayUndecided("/body/back_pay", tahap=", ".join(missing))
    if foreign := sorted(named - set(concerned)):
        raise BackPayNotConcerned("/body/back_pay", tahap=", ".join(foreign))


async def _annulment(session: AsyncSession, case: Graduasi, act: Act, undoing: Undoing) -> Annulment:
    return Annulment(
        graduasi_id=case.graduasi_id,
        sanggah_id=undoing.sanggah_id,
        kode_wilayah=case.kode_wilayah,
        ground=undoing.ground,
        reason=act.reason or "",
        was_effective=await was_effective(session, case.graduasi_id),
        annulled_on=act.moment.on,
        annulled_by=act.actor.person,
        at=act.moment.at,
    )


async def was_effective(session: AsyncSession, graduasi_id: UUID) -> bool:
    """Whether the exit was in effect: since then it has a certificate, which is never taken back, only void."""
    known = sa.select(Certificate.certificate_no).where(Certificate.graduasi_id == graduasi_id)
    return await session.scalar(known) is not None


async def _stop(session: AsyncSession, case: Graduasi, on: date) -> None:
    """Nothing of an undone exit falls due any more."""
    await close_tasks(session, case, on)
    for kind in (TERM_ENDED, TAHAP_STARTED):
        await jobs.unschedule(session, kind, case.graduasi_id)


def _annulled(case: Graduasi, annulment: Annulment, back_pay: Sequence[BackPaymentTerms]) -> GraduasiAnnulled:
    return GraduasiAnnulled.of(
        case,
        reason=annulment.ground.value,
        was_effective=annulment.was_effective,
        back_pay_tahap=sorted(one.tahap for one in back_pay if one.paid),
        annulled_on=annulment.annulled_on,
    )
