"""What happens when a partner lets a term pass: it is reminded, officials are told, and at last the offer runs out.

What it approved and does not deliver is reminded of and told to officials alike; it does not run out.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.deadline.errors import EscalationAcknowledged
from services.referral.deadline.models import Awaited, Deadline, DeadlineKind, Escalation, SlaTerm
from services.referral.notice.commands import tell_partner
from services.referral.notice.models import REMINDERS, Notice
from services.referral.program.errors import ProgramUnknown
from services.referral.program.models import Program
from services.referral.rujukan.commands import SYSTEM, Move, facts, walk
from services.referral.rujukan.models import (
    TRANSITIONS,
    WAITS_FOR_DELIVERY,
    WAITS_FOR_PARTNER,
    Rujukan,
    RujukanProgram,
)
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import RujukanProgramState
from shared.contracts.referral import RujukanExpired
from shared.database import insert, load, uuid7, write_once
from shared.dates import require_ahead
from shared.errors import VersionNotLatest
from shared.messaging import emit
from shared.validity import end_previous


@dataclass(frozen=True, slots=True)
class Term:
    """Calendar days around the SLA; of one program, or of all that have no term of their own."""

    program_code: str | None
    remind_before_days: int
    escalate_after_days: int
    expire_after_days: int
    close_after_days: int
    deliver_within_days: int
    valid_from: date
    basis: str


async def remind_partner(session: AsyncSession, subject: UUID) -> None:
    """Remind the partner that its SLA ends soon, to answer or to deliver, if it is still its turn."""
    row = await passed(session, subject, DeadlineKind.REMINDER)
    if row is None or row.sla_due_on is None:
        return
    for reminder, turn in REMINDERS.items():
        if row.state in turn:
            await tell_partner(session, row, reminder, row.sla_due_on)


async def escalate(session: AsyncSession, subject: UUID) -> None:
    """Put the silent partner before officials, once for each SLA."""
    row = await passed(session, subject, DeadlineKind.ESCALATION)
    if row is None or row.state not in WAITS_FOR_PARTNER or row.sla_due_on is None:
        return
    names = ("rujukan_program_id", "rujukan_id", "partner_id", "program_code", "kode_wilayah", "sla_due_on")
    escalation = {
        "escalation_id": uuid7(),
        "raised_on": await clock.today(session),
        "awaited": Awaited.DELIVERY if row.state in WAITS_FOR_DELIVERY else Awaited.ANSWER,
        **{name: getattr(row, name) for name in names},
    }
    await write_once(session, Escalation, escalation)


async def expire(session: AsyncSession, subject: UUID) -> None:
    """Let the offer run out; the family's identity goes with it, and the partner is told."""
    row = await passed(session, subject, DeadlineKind.EXPIRY)
    if row is None or RujukanProgramState.KEDALUWARSA not in TRANSITIONS[row.state]:
        return
    today = await clock.today(session)
    await walk(session, row, RujukanProgramState.KEDALUWARSA, Move(SYSTEM, today, "its term has passed"))
    emit(session, RujukanExpired(**facts(row), expired_on=today))
    await tell_partner(session, row, Notice.KEDALUWARSA, today)


async def passed(session: AsyncSession, subject: UUID, kind: DeadlineKind) -> RujukanProgram | None:
    """Return the offer whose deadline has passed, locked; None where it stands still or was put later."""
    row = await load(session, RujukanProgram, subject)
    rujukan = await session.get_one(Rujukan, row.rujukan_id)
    deadline = await session.get_one(Deadline, (subject, kind))
    today = await clock.today(session)
    if rujukan.paused or deadline.passed_on is not None or deadline.due_on > today:
        return None
    deadline.passed_on = today
    return row


async def acknowledge(session: AsyncSession, escalation_id: UUID, note: str, actor: Actor) -> Escalation:
    """Say that somebody has taken it up.

    Raises:
        NotFound, EscalationAcknowledged
    """
    row = await load(session, Escalation, escalation_id, noun="escalation")
    if row.acknowledged_on is not None:
        raise EscalationAcknowledged(on=row.acknowledged_on)
    row.acknowledged_on, row.acknowledged_by, row.note = await clock.today(session), actor.sub, note
    return row


async def set_term(session: AsyncSession, new: Term, actor: Actor) -> SlaTerm:
    """Set the term of a program, or of all others; the one before ends the day this one begins.

    Deadlines that run keep the term under which they began.

    Raises:
        ProgramUnknown, VersionNotLatest, DateInThePast
    """
    require_ahead(new.valid_from, await clock.today(session))
    if new.program_code is not None and await _unpublished(session, new.program_code):
        raise ProgramUnknown("/body/program_code", code=new.program_code)
    taken_from = VersionNotLatest("/body/valid_from", on=new.valid_from)
    older = sa.select(SlaTerm).where(
        SlaTerm.program_code.is_not_distinct_from(new.program_code), SlaTerm.valid_to.is_(None)
    )
    last = await session.scalar(older.with_for_update())
    if last is not None:
        await end_previous(session, last, new.valid_from, taken_from)
    row = SlaTerm(
        sla_term_id=uuid7(), set_by=actor.sub, **{name: getattr(new, name) for name in Term.__slots__}
    )
    await insert(session, row, ex_sla_term_range=taken_from)
    return row


async def _unpublished(session: AsyncSession, code: str) -> bool:
    return await session.scalar(sa.select(Program.code).where(Program.code == code).limit(1)) is None
