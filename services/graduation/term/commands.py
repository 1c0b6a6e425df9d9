"""Commands at the announcement, the term's end and the tahap's start."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.case.commands.transitions import Act, advance, load_case
from services.graduation.case.models import Graduasi, GraduasiState, Outcome
from services.graduation.certificate.commands import issue_certificate
from services.graduation.certificate.models import Certificate
from services.graduation.decree.models import Penetapan
from services.graduation.family_end.models import FamilyEnd, outcome_of
from services.graduation.monitoring.commands.results import complete_without_visit
from services.graduation.monitoring.commands.tasks import (
    close_tasks,
    create_follow_ups,
    create_monthly_tasks,
    move_tasks,
)
from services.graduation.policy.commands.calendar import set_tahap
from services.graduation.policy.models.calendar import TahapCalendar, TahapTerms
from services.graduation.policy.models.policy import Policy
from services.graduation.policy.rules import (
    effective_tahap_after,
    hold_calendar,
    last_payable,
    term_ends_on,
    term_settled_on,
)
from services.graduation.tables import CaseReason
from shared import jobs
from shared.access import Actor
from shared.clock import Moment, moment_of
from shared.contracts.graduation import KpmGraduated
from shared.database import load
from shared.dates import midnight
from shared.jobs import Job, Step
from shared.messaging import emit

ANNOUNCE = "graduasi.announce"
END_TERM = "graduasi.end_term"
START_MONITORING = "graduasi.start_monitoring"
MOVE_EXITS, STEP_SIZE = "tahap.move_exits", 100
# States of an exit that has a certificate and has not begun. A sanggah may suspend it.
SETTLED = (GraduasiState.EFEKTIF, GraduasiState.DISANGGAH)
SYSTEM = Actor.system("graduation")


async def start_terms(
    session: AsyncSession, cases: Sequence[tuple[Graduasi, Policy]], penetapan: Sequence[Penetapan], act: Act
) -> None:
    """Start the terms of determined cases that are announced together, or schedule their announcement."""
    announced_on = penetapan[0].announced_on
    if announced_on <= act.moment.on:
        code = CaseReason.PENGUMUMAN
        await advance(session, cases, [GraduasiState.MASA_SANGGAH], replace(act, stage=None, code=code))
        await schedule_term_end(session, penetapan)
    else:
        due_times: dict[object, datetime] = {one.graduasi_id: midnight(announced_on) for one in penetapan}
        await jobs.schedule_many(session, ANNOUNCE, due_times)


async def schedule_term_end(session: AsyncSession, penetapan: Sequence[Penetapan]) -> None:
    """Schedule the effect of each case for the day after its term."""
    due_times: dict[object, datetime] = {
        one.graduasi_id: midnight(term_settled_on(one.term_ends_on)) for one in penetapan
    }
    await jobs.schedule_many(session, END_TERM, due_times)


async def announce(session: AsyncSession, graduasi_id: UUID) -> None:
    """Move a case from DITETAPKAN to MASA_SANGGAH on the day of its announcement."""
    await announce_case(session, *await load_case(session, graduasi_id), await moment_of(session))


async def announce_case(session: AsyncSession, case: Graduasi, policy: Policy, now: Moment) -> None:
    """Move a case from DITETAPKAN to MASA_SANGGAH from its announcement on.

    Do nothing if the case is in another state. An objection or a postponement from that day on does not wait for the
    worker.
    """
    penetapan = await session.get(Penetapan, case.graduasi_id)
    if penetapan is not None and case.state is GraduasiState.DITETAPKAN:
        act = Act(SYSTEM, now)
        await start_terms(session, [(case, policy)], [penetapan], act)


async def continue_term(session: AsyncSession, case: Graduasi, policy: Policy, act: Act) -> None:
    """Continue the term of a resumed case, or its announcement.

    If the day of the announcement passed while the case was postponed, it is announced today, so that the family has
    the whole term.
    """
    penetapan = await load(session, Penetapan, case.graduasi_id)
    if case.state is GraduasiState.MASA_SANGGAH:
        await schedule_term_end(session, [penetapan])
        return
    if penetapan.announced_on < act.moment.on:
        penetapan.announced_on = act.moment.on
        penetapan.term_ends_on = term_ends_on(policy, act.moment.on)
        await set_effective_tahap(session, penetapan, term_settled_on(penetapan.term_ends_on))
    await start_terms(session, [(case, policy)], [penetapan], act)


async def take_effect(session: AsyncSession, graduasi_id: UUID) -> None:
    """Move a case from MASA_SANGGAH to EFEKTIF.

    Do nothing if the case is in another state.
    """
    case, policy = await load_case(session, graduasi_id)
    if case.state is not GraduasiState.MASA_SANGGAH:
        return
    penetapan = await load(session, Penetapan, graduasi_id)
    act = Act(SYSTEM, await moment_of(session), code=CaseReason.MASA_SANGGAH_BERAKHIR)
    await set_effective_tahap(session, penetapan, max(term_settled_on(penetapan.term_ends_on), act.moment.on))
    await make_effective(session, case, policy, penetapan, act)


async def set_effective_tahap(session: AsyncSession, penetapan: Penetapan, settled_on: date) -> None:
    """Set the effective tahap of a penetapan, whose case is locked.

    It is never earlier than the tahap that was set before. `settled_on` is the latest of the day after the term, the
    day of a decision on an objection, and the day on which the case becomes EFEKTIF.

    Raises:
        TahapNotPlanned
    """
    calendar = await hold_calendar(session)
    tahap = effective_tahap_after(calendar, settled_on, penetapan.effective_tahap)
    penetapan.effective_tahap, penetapan.effective_on = tahap.tahap, tahap.starts_on
    penetapan.last_payable_tahap = last_payable(calendar, tahap)


async def is_cutoff_within(session: AsyncSession, since: date, until: date) -> bool:
    """Return whether the cut-off of a tahap lies in a period, `until` excluded."""
    return any(since <= tahap.cutoff_on < until for tahap in await hold_calendar(session))


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
    for kind in (ANNOUNCE, END_TERM, START_MONITORING):
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
    act = Act(SYSTEM, await moment_of(session), code=CaseReason.TAHAP_DIMULAI)
    await advance(session, [(case, policy)], [GraduasiState.PEMANTAUAN], act)
    if (end := await session.get(FamilyEnd, case.kpm_id)) is not None:
        # A sanggah may have suspended it with open tasks, and a check may have been opened before.
        await close_tasks(session, case, act.moment.on)
        await complete_without_visit(session, case, policy, act, outcome_of(end.end_reason))
        return
    await create_monthly_tasks(session, case, policy, penetapan)
    if not policy.monitoring_months:
        case.outcome = Outcome.TIDAK_DIPANTAU
        await advance(session, [(case, policy)], [GraduasiState.SELESAI], act)
        await create_follow_ups(session, case, policy)


async def move_tahap(session: AsyncSession, actor: Actor, terms: TahapTerms) -> TahapCalendar:
    """Set a tahap.

    If its start has moved, a job moves the exits that are settled for it.

    Raises:
        Those of `set_tahap`.
    """
    tahap, has_moved = await set_tahap(session, actor, terms)
    if has_moved:
        await jobs.enqueue(session, MOVE_EXITS, {"year": tahap.year, "number": tahap.number}, actor)
    return tahap


async def move_next_exits(session: AsyncSession, job: Job) -> Step:
    """Move the next exits of a moved tahap to its start, and emit them again."""
    tahap = await session.get_one(TahapCalendar, (job.params["year"], job.params["number"]))
    statement = (
        sa.select(Graduasi, Policy, Penetapan, Certificate.certificate_no)
        .join(Penetapan, Penetapan.graduasi_id == Graduasi.graduasi_id)
        .join(Policy, Policy.policy_id == Graduasi.policy_id)
        .join(Certificate, Certificate.graduasi_id == Graduasi.graduasi_id)
        .where(Graduasi.state.in_(SETTLED), Penetapan.effective_tahap == tahap.tahap)
        .where(Penetapan.effective_on != tahap.starts_on)
        .order_by(Graduasi.graduasi_id)
        .with_for_update(key_share=True, of=Graduasi)
    )
    rows = (await session.execute(statement.limit(STEP_SIZE))).all()
    for case, policy, penetapan, certificate_no in rows:
        penetapan.effective_on = tahap.starts_on
        await move_tasks(session, case, policy, penetapan.effective_on)
        starts_at = midnight(penetapan.effective_on)
        await jobs.schedule(session, START_MONITORING, starts_at, subject_id=case.graduasi_id)
        emit(session, _to_event(case, policy, penetapan, certificate_no))
    return Step(done=len(rows), finished=len(rows) < STEP_SIZE)
