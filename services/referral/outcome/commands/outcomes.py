"""Did it help: outcomes at the months that the rule asks for, and reports that a family may have fallen back."""

from datetime import UTC, date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.deadline.commands import CLOSING
from services.referral.follow_up.commands import close_tasks
from services.referral.follow_up.models import Outcome, OutcomeTask, OutcomeTerms, RelapseReport, RelapseTerms
from services.referral.outcome.errors import (
    AidTakenBack,
    NothingDelivered,
    OutcomeAlreadyRecorded,
    OutcomeNotAsked,
    OutcomeTooEarly,
    RelapseAlreadyReported,
)
from services.referral.rujukan.commands import Move, walk
from services.referral.rujukan.errors import RujukanNotOpen
from services.referral.rujukan.models import ENDED, Rujukan, RujukanProgram, RujukanState
from services.referral.visibility import require_care
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import RujukanProgramState
from shared.contracts.referral import OutcomeRecorded, RelapseReported
from shared.database import insert, load
from shared.dates import require_past
from shared.jobs import schedule
from shared.messaging import emit


async def record_outcome(
    session: AsyncSession, rujukan_program_id: UUID, terms: OutcomeTerms, actor: Actor
) -> Outcome:
    """Record the outcome of a month that has come; the last one closes the rujukan.

    Raises:
        NotFound, FamilyNotAccompanied, NothingDelivered, AidTakenBack, OutcomeNotAsked, OutcomeTooEarly,
        OutcomeAlreadyRecorded
    """
    row = await load(session, RujukanProgram, rujukan_program_id, noun="rujukan")
    await require_care(session, actor, row.kpm_id)
    asked = await _asked(session, row, terms.month)
    today, due_on = await clock.today(session), asked[terms.month]
    if today < due_on:
        raise OutcomeTooEarly("/body/month", month=terms.month, due_on=due_on)
    outcome = Outcome(
        **dict(terms), rujukan_program_id=rujukan_program_id, recorded_on=today, recorded_by=actor.sub
    )
    await insert(session, outcome, pk_outcome=OutcomeAlreadyRecorded("/body/month", month=terms.month))
    await close_tasks(session, rujukan_program_id, today, terms.month)
    emit(session, OutcomeRecorded.of(row, **dict(terms), recorded_on=today))
    if terms.month == max(asked) and row.state is not RujukanProgramState.TUTUP:
        await walk(
            session, row, RujukanProgramState.TUTUP, Move(actor.sub, today, "the last outcome is known")
        )
        await schedule(session, CLOSING, datetime.now(UTC), subject_id=row.rujukan_id, clock="real")
    return outcome


async def _asked(session: AsyncSession, row: RujukanProgram, month: int) -> dict[int, date]:
    """Return the months for which an outcome is asked, each with its day; `month` is among them."""
    if row.delivered_on is None:
        raise NothingDelivered
    if row.state is RujukanProgramState.DICABUT:
        raise AidTakenBack(on=row.withdrawn_on)
    wanted = sa.select(OutcomeTask.month, OutcomeTask.due_on)
    mine = wanted.where(OutcomeTask.rujukan_program_id == row.rujukan_program_id).order_by(OutcomeTask.month)
    asked = {row.month: row.due_on for row in await session.execute(mine)}
    if month not in asked:
        raise OutcomeNotAsked("/body/month", month=month, months=", ".join(map(str, asked)))
    return asked


async def close_rujukan(session: AsyncSession, rujukan_id: UUID) -> None:
    """Close the case once nothing in it goes on any more; asked by the worker, which sees every partner's part."""
    rujukan = await load(session, Rujukan, rujukan_id)
    going_on = sa.select(RujukanProgram.rujukan_program_id).where(
        RujukanProgram.rujukan_id == rujukan_id, RujukanProgram.state.not_in(ENDED)
    )
    if rujukan.state is RujukanState.TERBUKA and (await session.scalar(going_on.limit(1))) is None:
        rujukan.close(RujukanState.TUTUP)


async def report_relapse(
    session: AsyncSession, rujukan_id: UUID, terms: RelapseTerms, actor: Actor
) -> RelapseReport:
    """Say that the family may have fallen back; graduation checks, caseload visits.

    Raises:
        NotFound, FamilyNotAccompanied, RujukanNotOpen: the graduation was undone. DateInTheFuture, DateTooEarly,
        RelapseAlreadyReported
    """
    rujukan = await load(session, Rujukan, rujukan_id, noun="rujukan")
    await require_care(session, actor, rujukan.kpm_id)
    if rujukan.state is RujukanState.DICABUT:
        raise RujukanNotOpen(state=rujukan.state)
    today = await clock.today(session)
    require_past(terms.reported_on, today, "/body/reported_on", earliest=rujukan.sk_on)
    report = RelapseReport(**dict(terms), rujukan_id=rujukan_id, reported_by=actor.sub)
    await insert(session, report, pk_relapse_report=RelapseAlreadyReported("/body/reported_on"))
    emit(session, RelapseReported.of(rujukan, **dict(terms)))
    return report
