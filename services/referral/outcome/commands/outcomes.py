"""Record outcomes, close rujukan, and report relapses."""

from datetime import UTC, date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.deadline.commands import CLOSE_RUJUKAN
from services.referral.follow_up.commands import close_tasks
from services.referral.follow_up.models import Outcome, OutcomeTask, OutcomeTerms, RelapseReport, RelapseTerms
from services.referral.outcome.errors import (
    OutcomeAlreadyRecorded,
    OutcomeNotAsked,
    OutcomeTooEarly,
    RelapseAlreadyReported,
    RelapseAlreadyVoided,
)
from services.referral.rujukan import rules
from services.referral.rujukan.commands import Move, move_rujukan_program
from services.referral.rujukan.errors import RujukanNotOpen
from services.referral.rujukan.models import ENDED, Rujukan, RujukanProgram, RujukanState
from services.referral.tables import MoveReason
from services.referral.visibility import require_family_access
from shared import clock
from shared.access import Actor, Scope
from shared.contracts.caseload_activity import VoidReason
from shared.contracts.referral import OutcomeRecorded, RelapseReported
from shared.contracts.rujukan_kinds import RujukanProgramState
from shared.database import insert, load, uuid7
from shared.dates import require_not_future
from shared.errors import NotAllowed
from shared.jobs import schedule
from shared.messaging import emit


async def record_outcome(
    session: AsyncSession, rujukan_program_id: UUID, terms: OutcomeTerms, actor: Actor
) -> Outcome:
    """Record the outcome of a month that is due. The last one closes the offer.

    Raises:
        NotFound, FamilyNotAccompanied, AidNotDelivered, AidWithdrawn, OutcomeNotAsked, OutcomeTooEarly,
        OutcomeAlreadyRecorded
    """
    row = await load(session, RujukanProgram, rujukan_program_id, noun="rujukan")
    await require_family_access(session, actor, row.kpm_id)
    due_days = await _read_due_days(session, row, terms.month)
    today, due_on = await clock.today(session), due_days[terms.month]
    if today < due_on:
        raise OutcomeTooEarly("/body/month", month=terms.month, due_on=due_on)
    is_late = row.state is RujukanProgramState.TUTUP
    recorded = {"recorded_on": today, "late": is_late}
    outcome = Outcome(**dict(terms), **recorded, rujukan_program_id=rujukan_program_id, recorded_by=actor.sub)
    await insert(session, outcome, pk_outcome=OutcomeAlreadyRecorded("/body/month", month=terms.month))
    is_last = terms.month == max(due_days) and not is_late
    # Of an offer that ends, months that were missed are asked for no more.
    await close_tasks(session, rujukan_program_id, today, None if is_last else terms.month)
    emit(session, OutcomeRecorded.of(row, **dict(terms), **recorded, corrected=False, voided=False))
    if is_last:
        await move_rujukan_program(
            session, row, RujukanProgramState.TUTUP, Move(actor, today, MoveReason.HASIL_TERAKHIR)
        )
        await schedule(session, CLOSE_RUJUKAN, datetime.now(UTC), subject_id=row.rujukan_id, clock="real")
    return outcome


async def _read_due_days(session: AsyncSession, row: RujukanProgram, month: int) -> dict[int, date]:
    """Return the day of each month for which an outcome is asked.

    `month` is among them.
    """
    rules.require_outcomes_asked(row)
    statement = sa.select(OutcomeTask.month, OutcomeTask.due_on)
    statement = statement.where(OutcomeTask.rujukan_program_id == row.rujukan_program_id).order_by(
        OutcomeTask.month
    )
    due_days = {row.month: row.due_on for row in await session.execute(statement)}
    if month not in due_days:
        raise OutcomeNotAsked("/body/month", month=month, months=list(due_days))
    return due_days


async def close_rujukan(session: AsyncSession, rujukan_id: UUID) -> None:
    """Close the rujukan if all offers have ended, or open it again.

    The worker calls it, because it sees the offers of every partner.
    """
    rujukan = await load(session, Rujukan, rujukan_id)
    open_offers = sa.select(RujukanProgram.rujukan_program_id).where(
        RujukanProgram.rujukan_id == rujukan_id, RujukanProgram.state.not_in(ENDED)
    )
    is_open = await session.scalar(open_offers.limit(1)) is not None
    if rujukan.state is (RujukanState.TUTUP if is_open else RujukanState.TERBUKA):
        rujukan.move_to(RujukanState.TERBUKA if is_open else RujukanState.TUTUP)


async def report_relapse(
    session: AsyncSession, rujukan_id: UUID, terms: RelapseTerms, actor: Actor
) -> RelapseReport:
    """Report that the family may have relapsed. Graduation checks it, and caseload visits the family.

    Raises:
        NotFound, FamilyNotAccompanied, RujukanNotOpen: the graduation was annulled. DateInTheFuture,
        DateTooEarly, RelapseAlreadyReported
    """
    rujukan = await load(session, Rujukan, rujukan_id, noun="rujukan")
    await require_family_access(session, actor, rujukan.kpm_id, acted_on=terms.reported_on)
    if rujukan.state is RujukanState.DICABUT:
        raise RujukanNotOpen(state=rujukan.state)
    latest = await clock.latest_today(session)
    require_not_future(terms.reported_on, latest, "/body/reported_on", earliest=rujukan.sk_on)
    report = RelapseReport(
        **dict(terms), relapse_report_id=uuid7(), rujukan_id=rujukan_id, reported_by=actor.sub
    )
    await insert(session, report, uq_relapse_report_day=RelapseAlreadyReported("/body/reported_on"))
    emit(session, RelapseReported.of(rujukan, **dict(terms), voided=False))
    return report


async def void_relapse(
    session: AsyncSession, relapse_report_id: UUID, reason: VoidReason, actor: Actor
) -> RelapseReport:
    """Void a report that was a mistake. A partner voids its own ones.

    It is emitted unless another report of the month asks for the same visit.

    Raises:
        NotFound, NotAllowed, FamilyNotAccompanied, RelapseAlreadyVoided
    """
    report = await load(session, RelapseReport, relapse_report_id, noun="relapse report")
    rujukan = await session.get_one(Rujukan, report.rujukan_id)
    await require_family_access(session, actor, rujukan.kpm_id)
    if actor.scope is Scope.PARTNER and report.reported_by != actor.sub:
        raise NotAllowed
    if report.voided_on is not None:
        raise RelapseAlreadyVoided(on=report.voided_on)
    report.voided_on, report.voided_by = await clock.today(session), actor.sub
    report.void_reason = reason
    await session.flush()
    same = (RelapseReport.rujukan_id == report.rujukan_id, RelapseReport.month == report.month)
    others = sa.select(RelapseReport.relapse_report_id).where(*same, RelapseReport.voided_on.is_(None))
    if await session.scalar(others.limit(1)) is None:
        terms = {name: getattr(report, name) for name in RelapseTerms.model_fields}
        emit(session, RelapseReported.of(rujukan, **terms, voided=True))
    return report
