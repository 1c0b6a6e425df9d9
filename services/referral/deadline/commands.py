"""Deadlines of an offer on the business clock: set when the partner's turn begins, still while a sanggah is open."""

from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.deadline.models import Deadline, DeadlineKind, Escalation, SlaTerm
from services.referral.program.models import Program
from services.referral.rujukan.models import WAITS_FOR_ANSWER, WAITS_FOR_DELIVERY, Rujukan, RujukanProgram
from shared import clock
from shared.contracts.kinds import RujukanProgramState
from shared.database import upsert
from shared.dates import midnight
from shared.jobs import schedule
from shared.validity import holds_on

CLOSING = "rujukan.close"
S = RujukanProgramState
DUE_KIND = {kind: f"sla.{kind.lower()}" for kind in DeadlineKind}
ASKED_BACK = frozenset({S.PERLU_DATA, S.DAFTAR_TUNGGU})
BEGINS_A_TURN = ASKED_BACK | WAITS_FOR_DELIVERY | {S.TERKIRIM}


async def follow(session: AsyncSession, row: RujukanProgram, left: RujukanProgramState, on: date) -> None:
    """Set the deadlines anew where a turn begins: sent, asked back, taken up again, approved; end what it answers."""
    if row.state in BEGINS_A_TURN or left in ASKED_BACK:
        await _begin(session, row, on)
    if row.state not in WAITS_FOR_ANSWER:
        mine = (Escalation.rujukan_program_id == row.rujukan_program_id, Escalation.settled_on.is_(None))
        await session.execute(sa.update(Escalation).where(*mine).values(settled_on=on))


async def _begin(session: AsyncSession, row: RujukanProgram, on: date) -> None:
    program = await session.get_one(Program, row.program_id)
    term = await term_of(session, row.program_code, on)
    delivers = row.state in WAITS_FOR_DELIVERY
    row.sla_due_on = sla = on + timedelta(days=term.deliver_within_days if delivers else program.sla_days)
    due = {
        DeadlineKind.REMINDER: sla - timedelta(days=term.remind_before_days),
        DeadlineKind.ESCALATION: sla + timedelta(days=term.escalate_after_days),
    }
    if not delivers:  # what was approved never runs out
        due[DeadlineKind.EXPIRY] = sla + timedelta(days=term.expire_after_days)
    await session.flush()
    paused = await session.scalar(sa.select(Rujukan.paused).where(Rujukan.rujukan_id == row.rujukan_id))
    for kind, due_on in due.items():
        await _set(session, row.rujukan_program_id, kind, on, max(due_on, on), term.sla_term_id)
        if not paused:
            await fall_due(session, row.rujukan_program_id, kind, max(due_on, on))


async def _set(
    session: AsyncSession, subject: UUID, kind: DeadlineKind, on: date, due_on: date, term: UUID
) -> None:
    place: dict[str, object] = {"rujukan_program_id": subject, "kind": kind}
    running = {"started_on": on, "due_on": due_on, "sla_term_id": term, "passed_on": None}
    await upsert(session, Deadline, [place | running], key=place)


async def fall_due(session: AsyncSession, subject: UUID, kind: DeadlineKind, due_on: date) -> None:
    """Let a deadline fall due as its day begins in Jakarta."""
    await schedule(session, DUE_KIND[kind], midnight(due_on), subject_id=subject)


async def ask_closing(session: AsyncSession, row: RujukanProgram) -> None:
    """Let the case be looked at some time after one of its offers has ended: nothing else may be going on then."""
    today = await clock.today(session)
    term = await term_of(session, row.program_code, today)
    due_at = midnight(today + timedelta(days=term.close_after_days))
    await schedule(session, CLOSING, due_at, subject_id=row.rujukan_id)


async def term_of(session: AsyncSession, program_code: str, on: date) -> SlaTerm:
    """Return the term that holds for a program on a day: its own, or that of all."""
    holds = holds_on(SlaTerm.valid_from, SlaTerm.valid_to, on)
    whose = sa.or_(SlaTerm.program_code == program_code, SlaTerm.program_code.is_(None))
    own_first = sa.select(SlaTerm).where(holds, whose).order_by(SlaTerm.program_code.asc().nulls_last())
    return (await session.scalars(own_first.limit(1))).one()
