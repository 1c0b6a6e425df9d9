"""SLA terms, the deadlines of an offer, and escalations."""

from datetime import date, timedelta
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.deadline.errors import AcknowledgementMissing, EscalationAcknowledged
from services.referral.deadline.models import (
    Awaited,
    Deadline,
    DeadlineKind,
    Escalation,
    SlaTerm,
    SlaTermTerms,
)
from services.referral.deadline.queries import select_term, view_escalation
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
from shared.contracts.rujukan_kinds import RujukanProgramState
from shared.database import insert, load, upsert, uuid7, vault_of, write_once
from shared.dates import midnight, require_not_past
from shared.errors import VersionNotLatest
from shared.jobs import schedule
from shared.validity import end_previous

# Handled in outcome/jobs.py: this module must not import outcome.
CLOSE_RUJUKAN = "rujukan.close"
S = RujukanProgramState
DUE_KIND = {
    DeadlineKind.REMINDER: "sla.remind",
    DeadlineKind.ESCALATION: "sla.escalate",
    DeadlineKind.EXPIRY: "sla.expire",
}
ASKED_BACK = frozenset({S.PERLU_DATA, S.DAFTAR_TUNGGU})
STARTS_A_TURN = ASKED_BACK | WAITS_FOR_DELIVERY | {S.TERKIRIM}


async def set_deadlines(
    session: AsyncSession, row: RujukanProgram, previous: RujukanProgramState, on: date
) -> None:
    """Set new deadlines when a turn starts: sent, asked back, resumed, approved, corrected or reopened.

    When the partner has answered, its open escalations are settled.
    """
    resumes = row.state in WAITS_FOR_ANSWER and previous not in WAITS_FOR_ANSWER
    if resumes or row.state in STARTS_A_TURN:
        await _start_deadlines(session, row, on)
    if resumes or row.state not in WAITS_FOR_ANSWER:
        unsettled = (Escalation.rujukan_program_id == row.rujukan_program_id, Escalation.settled_on.is_(None))
        await session.execute(sa.update(Escalation).where(*unsettled).values(settled_on=on))


async def _start_deadlines(session: AsyncSession, row: RujukanProgram, on: date) -> None:
    program = await session.get_one(Program, row.program_id)
    term = await read_term(session, row.program_code, on)
    awaits_delivery = row.state in WAITS_FOR_DELIVERY
    row.sla_due_on = sla = on + timedelta(
        days=term.deliver_within_days if awaits_delivery else program.sla_days
    )
    due = {
        DeadlineKind.REMINDER: sla - timedelta(days=term.remind_before_days),
        DeadlineKind.ESCALATION: sla + timedelta(days=term.escalate_after_days),
    }
    if not awaits_delivery:  # what was approved never expires
        due[DeadlineKind.EXPIRY] = sla + timedelta(days=term.expire_after_days)
    await session.flush()
    paused = await session.scalar(sa.select(Rujukan.paused).where(Rujukan.rujukan_id == row.rujukan_id))
    for kind, due_on in due.items():
        await _upsert_deadline(session, row.rujukan_program_id, kind, on, max(due_on, on), term.sla_term_id)
        if not paused:
            await schedule_deadline(session, row.rujukan_program_id, kind, max(due_on, on))


async def _upsert_deadline(
    session: AsyncSession, subject: UUID, kind: DeadlineKind, on: date, due_on: date, term: UUID
) -> None:
    key: dict[str, object] = {"rujukan_program_id": subject, "kind": kind}
    values = {"started_on": on, "due_on": due_on, "sla_term_id": term, "passed_on": None}
    await upsert(session, Deadline, [key | values], key=key)


async def schedule_deadline(session: AsyncSession, subject: UUID, kind: DeadlineKind, due_on: date) -> None:
    """Schedule a deadline for the start of its day in Jakarta."""
    await schedule(session, DUE_KIND[kind], midnight(due_on), subject_id=subject)


async def schedule_closing(session: AsyncSession, row: RujukanProgram) -> None:
    """Schedule a check whether the rujukan can be closed.

    It is called when an offer has ended. The check is `close_after_days` later.
    """
    today = await clock.today(session)
    term = await read_term(session, row.program_code, today)
    due_at = midnight(today + timedelta(days=term.close_after_days))
    await schedule(session, CLOSE_RUJUKAN, due_at, subject_id=row.rujukan_id)


async def read_term(session: AsyncSession, program_code: str, on: date) -> SlaTerm:
    """Return the term of a program on a day, or that of all programs."""
    return (await session.scalars(select_term(program_code, on))).one()


async def set_term(session: AsyncSession, terms: SlaTermTerms, actor: Actor) -> SlaTerm:
    """Set the term of a program, or of all others.

    The term before ends on the day this one starts.

    Running deadlines keep the term under which they started.

    Raises:
        ProgramUnknown, VersionNotLatest, DateInThePast
    """
    require_not_past(terms.valid_from, await clock.today(session))
    if terms.program_code is not None and await _is_unpublished(session, terms.program_code):
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


async def _is_unpublished(session: AsyncSession, code: str) -> bool:
    return await session.scalar(sa.select(Program.code).where(Program.code == code).limit(1)) is None


async def mark_passed(session: AsyncSession, subject: UUID, kind: DeadlineKind) -> RujukanProgram | None:
    """Mark a deadline as passed and return its locked offer.

    Return None if the deadline is paused, marked before, or was moved to a later day.
    """
    row = await load(session, RujukanProgram, subject)
    rujukan = await session.get_one(Rujukan, row.rujukan_id)
    deadline = await session.get_one(Deadline, (subject, kind))
    today = await clock.today(session)
    if rujukan.paused or deadline.passed_on is not None or deadline.due_on > today:
        return None
    deadline.passed_on = today
    return row


async def escalate(session: AsyncSession, subject: UUID) -> None:
    """Raise an escalation to officials, once for each SLA that a partner let pass."""
    row = await mark_passed(session, subject, DeadlineKind.ESCALATION)
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


async def acknowledge_escalation(
    session: AsyncSession, escalation_id: UUID, note: str, actor: Actor
) -> Escalation:
    """Record that somebody handles the escalation.

    Raises:
        NotFound, EscalationAcknowledged
    """
    row = await load(session, Escalation, escalation_id, noun="escalation")
    if row.acknowledged_on is not None:
        raise EscalationAcknowledged(on=row.acknowledged_on)
    row.acknowledged_on, row.acknowledged_by = await clock.today(session), actor.sub
    place = {"table": "escalation", "column": "note", "row_id": escalation_id}
    row.note_sealed = vault_of(session).seal(note, **place)
    return row


async def withdraw_acknowledgement(
    session: AsyncSession, escalation_id: UUID, reason: str, actor: Actor
) -> Escalation:
    """Take an acknowledgement back. The escalation waits again, and the record stays readable.

    Raises:
        NotFound, AcknowledgementMissing
    """
    row = await load(session, Escalation, escalation_id, noun="escalation")
    if row.acknowledged_on is None:
        raise AcknowledgementMissing
    former = {"acknowledged_on": str(row.acknowledged_on), "acknowledged_by": row.acknowledged_by}
    back = {"withdrawn_on": str(await clock.today(session)), "withdrawn_by": actor.sub, "reason": reason}
    view = view_escalation(session, row)
    withdrawn = orjson.dumps([*view["withdrawn"], {**former, "note": view["note"], **back}]).decode()
    place = {"table": "escalation", "column": "withdrawn", "row_id": escalation_id}
    row.withdrawn_sealed = vault_of(session).seal(withdrawn, **place)
    row.acknowledged_on = row.acknowledged_by = row.note_sealed = None
    return row
