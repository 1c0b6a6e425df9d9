"""SLA terms, the deadlines of an offer, and escalations."""

from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.deadline.errors import EscalationAcknowledged
from services.referral.deadline.models import (
    Awaited,
    Deadline,
    DeadlineKind,
    Escalation,
    SlaTerm,
    SlaTermTerms,
)
from services.referral.program.errors import ProgramUnknown
from services.referral.program.models import Program
from services.referral.rujukan.models import (
    WAITS_FOR_ANSWER,
    WAITS_FOR_DELIVERY,
    WAITS_FOR_PARTNER,
    Rujukan,
    RujukanProgram,
)
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import RujukanProgramState
from shared.database import insert, load, upsert, uuid7, write_once
from shared.dates import midnight, require_ahead
from shared.errors import VersionNotLatest
from shared.jobs import schedule
from shared.validity import end_previous, holds_on

# Handled in outcome/jobs.py: this module must not import outcome.
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


async def set_term(session: AsyncSession, terms: SlaTermTerms, actor: Actor) -> SlaTerm:
    """Set the term of a program, or of all others; the one before ends the day this one begins.

    Deadlines that run keep the term under which they began.

    Raises:
        ProgramUnknown, VersionNotLatest, DateInThePast
    """
    require_ahead(terms.valid_from, await clock.today(session))
    if terms.program_code is not None and await _unpublished(session, terms.program_code):
        raise ProgramUnknown("/body/program_code", code=terms.program_code)
    taken_from = VersionNotLatest("/body/valid_from", on=terms.valid_from)
    older = sa.select(SlaTerm).where(
        SlaTerm.program_code.is_not_distinct_from(terms.program_code), SlaTerm.valid_to.is_(None)
    )
    last = await session.scalar(older.with_for_update())
    if last is not None:
        await end_previous(session, last, terms.valid_from, taken_from)
    row = SlaTerm(**dict(terms), sla_term_id=uuid7(), set_by=actor.sub)
    await insert(session, row, ex_sla_term_range=taken_from)
    return row


async def _unpublished(session: AsyncSession, code: str) -> bool:
    return await session.scalar(sa.select(Program.code).where(Program.code == code).limit(1)) is None


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
