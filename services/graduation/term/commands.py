"""Commands that make an exit effective after its term, and start its monitoring."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.case.commands.transitions import Act, advance, load_case
from services.graduation.case.models import Graduasi, GraduasiState, Outcome
from services.graduation.certificate.commands import issue_certificate
from services.graduation.decree.models import Penetapan
from services.graduation.family_end.models import FamilyEnd, outcome_of
from services.graduation.monitoring.commands import (
    close_tasks,
    complete_without_visit,
    create_follow_ups,
    create_monthly_tasks,
)
from services.graduation.policy.models.policy import Policy
from services.graduation.policy.rules import effective_tahap, last_payable, read_calendar
from shared import jobs
from shared.access import Actor
from shared.clock import moment_of
from shared.contracts.graduation import KpmGraduated
from shared.database import load
from shared.dates import midnight
from shared.messaging import emit

END_TERM = "graduasi.end_term"
START_MONITORING = "graduasi.start_monitoring"
SYSTEM = Actor.system("graduation")


async def schedule_term_end(
    session: AsyncSession, penetapan: Sequence[Penetapan], settled_on: date | None = None
) -> None:
    """Schedule the effect of each case for the day after its term.

    `settled_on` is the date of a sanggah decision or a resumption, which may be later than the term's end.
    """
    due_times: dict[object, datetime] = {
        one.graduasi_id: midnight(one.term_ends_on + timedelta(days=1)) for one in penetapan
    }
    payload = {"settled_on": settled_on.isoformat()} if settled_on else {}
    await jobs.schedule_many(session, END_TERM, due_times, payload=payload)


async def take_effect(session: AsyncSession, graduasi_id: UUID, settled_on: date | None = None) -> None:
    """Move a case from MASA_SANGGAH to EFEKTIF.

    Do nothing if the case is in another state.
    """
    case, policy = await load_case(session, graduasi_id)
    if case.state is not GraduasiState.MASA_SANGGAH:
        return
    penetapan = await load(session, Penetapan, graduasi_id)
    await set_effective_tahap(
        session, penetapan, max(penetapan.term_ends_on, settled_on or penetapan.term_ends_on)
    )
    act = Act(SYSTEM, await moment_of(session), reason="the term has ended")
    await make_effective(session, case, policy, penetapan, act)


async def set_effective_tahap(session: AsyncSession, penetapan: Penetapan, settled_on: date) -> None:
    """Set the effective tahap of a penetapan, whose case is locked.

    `settled_on` is the term's end, or the date of a later decision.

    Raises:
        TahapNotPlanned
    """
    calendar = await read_calendar(session)
    tahap = effective_tahap(calendar, settled_on)
    penetapan.effective_tahap, penetapan.effective_on = tahap.tahap, tahap.starts_on
    penetapan.last_payable_tahap = last_payable(calendar, tahap)


async def make_effective(
    session: AsyncSession, case: Graduasi, policy: Policy, penetapan: Penetapan, act: Act
) -> None:
    """Move a case to EFEKTIF, and schedule its monitoring.

    The first time also issue the certificate and emit KpmGraduated.
    """
    await advance(session, [(case, policy)], [GraduasiState.EFEKTIF], act)
    await jobs.schedule(
        session, START_MONITORING, midnight(penetapan.effective_on), subject_id=case.graduasi_id
    )
    certificate = await issue_certificate(session, case, act.moment.on)
    if certificate is not None:
        emit(session, _to_event(case, policy, penetapan, certificate.certificate_no))


def _to_event(case: Graduasi, policy: Policy, penetapan: Penetapan, certificate_no: str) -> KpmGraduated:
    return KpmGraduated.of(
        case,
        effective_on=penetapan.effective_on,
        effective_tahap=penetapan.effective_tahap,
        last_payable_tahap=penetapan.last_payable_tahap,
        certificate_no=certificate_no,
        monitoring_months=policy.monitoring_months,
    )


async def cancel_due_work(session: AsyncSession, case: Graduasi, on: date) -> None:
    """Close the open tasks of a case, and cancel its scheduled moves."""
    await close_tasks(session, case, on)
    for kind in (END_TERM, START_MONITORING):
        await jobs.unschedule(session, kind, case.graduasi_id)


async def start_monitoring(session: AsyncSession, graduasi_id: UUID) -> None:
    """Move a case from EFEKTIF to PEMANTAUAN and create its monthly tasks.

    A case moves on to SELESAI if its policy has no monitoring months, or if its family has ended. Do nothing if the
    case is in another state.
    """
    case, policy = await load_case(session, graduasi_id)
    if case.state is not GraduasiState.EFEKTIF:
        return
    penetapan = await load(session, Penetapan, graduasi_id)
    act = Act(SYSTEM, await moment_of(session), reason="the tahap has started")
    await advance(session, [(case, policy)], [GraduasiState.PEMANTAUAN], act)
    if (end := await session.get(FamilyEnd, case.kpm_id)) is not None:
        await complete_without_visit(session, case, policy, act, outcome_of(end.end_reason))
        return
    await create_monthly_tasks(session, case, policy, penetapan)
    if not policy.monitoring_months:
        case.outcome = Outcome.TIDAK_DIPANTAU
        await advance(session, [(case, policy)], [GraduasiState.SELESAI], act)
        await create_follow_ups(session, case, policy)
