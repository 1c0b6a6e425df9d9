"""What falls due in a case: the day after the term it takes effect, at the tahap's start the monitoring begins."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.case.commands.transitions import Act, advance, load_case
from services.graduation.case.models import Graduasi, GraduasiState, Outcome
from services.graduation.certificate.commands import issue
from services.graduation.decree.models import Penetapan
from services.graduation.monitoring.commands import set_follow_ups, set_tasks
from services.graduation.policy.models.policy import Policy
from services.graduation.policy.rules import calendar_of, effective_tahap, last_payable
from shared import jobs
from shared.access import Actor
from shared.clock import moment_of
from shared.contracts.graduation import KpmGraduated
from shared.database import load
from shared.dates import midnight
from shared.messaging import emit

TERM_ENDED = "graduasi_term_ended"
TAHAP_STARTED = "graduasi_tahap_started"
SYSTEM = Actor.system("graduation")


async def schedule_term_end(
    session: AsyncSession, penetapan: Sequence[Penetapan], settled_on: date | None = None
) -> None:
    """Schedule each case's effect for the day after its term.

    `settled_on` is the day of a decision that may be later than the term's end.
    """
    due: dict[object, datetime] = {
        one.graduasi_id: midnight(one.term_ends_on + timedelta(days=1)) for one in penetapan
    }
    payload = {"settled_on": settled_on.isoformat()} if settled_on else {}
    await jobs.schedule_many(session, TERM_ENDED, due, payload=payload)


async def take_effect(session: AsyncSession, graduasi_id: UUID, settled_on: date | None = None) -> None:
    """MASA_SANGGAH to EFEKTIF: tahap fixed, certificate issued, told. A case that is elsewhere by now stays there."""
    case, policy = await load_case(session, graduasi_id)
    if case.state is not GraduasiState.MASA_SANGGAH:
        return
    penetapan = await load(session, Penetapan, graduasi_id)
    await settle_tahap(session, penetapan, max(penetapan.term_ends_on, settled_on or penetapan.term_ends_on))
    act = Act(SYSTEM, await moment_of(session), reason="the term has ended")
    await bring_into_effect(session, case, policy, penetapan, act)


async def settle_tahap(session: AsyncSession, penetapan: Penetapan, settled_on: date) -> None:
    """Write from which tahap a locked penetapan counts, settled on the term's end or a later decision.

    Raises:
        TahapNotPlanned
    """
    planned = await calendar_of(session)
    tahap = effective_tahap(planned, settled_on)
    penetapan.effective_tahap, penetapan.effective_on = tahap.tahap, tahap.starts_on
    penetapan.last_payable_tahap = last_payable(planned, tahap)


async def bring_into_effect(
    session: AsyncSession, case: Graduasi, policy: Policy, penetapan: Penetapan, act: Act
) -> None:
    """EFEKTIF: the first time a certificate is issued and the exit told; the monitoring waits for the tahap."""
    await advance(session, [(case, policy)], [GraduasiState.EFEKTIF], act)
    await jobs.schedule(session, TAHAP_STARTED, midnight(penetapan.effective_on), subject_id=case.graduasi_id)
    certificate = await issue(session, case, act.moment.on)
    if certificate is not None:
        emit(session, _graduated(case, policy, penetapan, certificate.certificate_no))


def _graduated(case: Graduasi, policy: Policy, penetapan: Penetapan, certificate_no: str) -> KpmGraduated:
    return KpmGraduated.of(
        case,
        effective_on=penetapan.effective_on,
        effective_tahap=penetapan.effective_tahap,
        last_payable_tahap=penetapan.last_payable_tahap,
        certificate_no=certificate_no,
        monitoring_months=policy.monitoring_months,
    )


async def begin_monitoring(session: AsyncSession, graduasi_id: UUID) -> None:
    """EFEKTIF to PEMANTAUAN on `effective_on`: one task a month, as many as the policy says; none: on to SELESAI."""
    case, policy = await load_case(session, graduasi_id)
    if case.state is not GraduasiState.EFEKTIF:
        return
    penetapan = await load(session, Penetapan, graduasi_id)
    act = Act(SYSTEM, await moment_of(session), reason="the tahap has begun")
    await advance(session, [(case, policy)], [GraduasiState.PEMANTAUAN], act)
    await set_tasks(session, case, policy, penetapan)
    if not policy.monitoring_months:
        case.outcome = Outcome.TIDAK_DIPANTAU
        await advance(session, [(case, policy)], [GraduasiState.SELESAI], act)
        await set_follow_ups(session, case, policy)
