"""Reads of referral; they lock nothing. Lists are Core rows in a declared order."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.models import (
    ENDED,
    REMINDERS,
    WAITS_FOR_PARTNER,
    Attempt,
    BreakerLimit,
    Consent,
    ConsentText,
    Dampingan,
    Escalation,
    Identity,
    InboxRead,
    IntakeWindow,
    Notice,
    Office,
    Outcome,
    OutcomeRule,
    OutcomeTask,
    Partner,
    PartnerNotice,
    Program,
    ProgramQuota,
    ProgramRule,
    Rujukan,
    RujukanProgram,
    RujukanProgramHistory,
    RujukanState,
    SlaTerm,
    Waiting,
)
from shared.access import Actor, Scope
from shared.contracts.kinds import RujukanProgramState, RujukanPurpose
from shared.database import Row
from shared.errors import NotFound

RUJUKAN_ORDER = (Rujukan.rujukan_id,)
RUJUKAN_PROGRAM_ORDER = (RujukanProgram.rujukan_program_id,)
BY_AREA = (RujukanProgram.kode_wilayah, RujukanProgram.rujukan_program_id)
PROGRAM_ORDER = (Program.code, Program.revision)
PARTNER_ORDER = (Partner.code,)
HISTORY_ORDER = (RujukanProgramHistory.history_id,)
ATTEMPT_ORDER = (Attempt.attempt_id,)
QUOTA_ORDER = (ProgramQuota.kode_wilayah, ProgramQuota.valid_from, ProgramQuota.quota_id)
INTAKE_ORDER = (IntakeWindow.opens_on, IntakeWindow.window_id)
WAITING_ORDER = (Waiting.number,)
INBOX_ORDER = (PartnerNotice.told_at, PartnerNotice.notice_id)
ESCALATION_ORDER = (Escalation.escalation_id,)
OUTCOME_RULE_ORDER = (OutcomeRule.version,)
CONSENT_TEXT_ORDER = (ConsentText.version,)
BREAKER_LIMIT_ORDER = (BreakerLimit.partner_code,)
SLA_TERM_ORDER = (SlaTerm.valid_from, SlaTerm.sla_term_id)
OUTCOME_TASK_ORDER = (OutcomeTask.due_on, OutcomeTask.rujukan_program_id, OutcomeTask.month)
INBOX_READ_ORDER = (InboxRead.read_id,)


async def read(session: AsyncSession, model: type[Row], key: object, noun: str) -> Row:
    """Return one row; raise NotFound, also for a row that the caller may not see."""
    row = await session.get(model, key)
    if row is None:
        raise NotFound(noun)
    return row


def columns_of(model: type[Row], names: Sequence[str]) -> sa.Select[*tuple[Any, ...]]:
    """Select these columns of a table."""
    return sa.select(*(getattr(model, name) for name in names))


def rujukan_list(
    names: Sequence[str], caller: Actor, today: date, *, kpm_id: UUID | None, state: RujukanState | None
) -> sa.Select[*tuple[Any, ...]]:
    """Select rujukan, of one family or in one state where asked; a pendamping's of own families."""
    statement = columns_of(Rujukan, names)
    if caller.scope is Scope.OWN_FAMILIES:
        statement = statement.where(Rujukan.kpm_id.in_(in_care(caller, today)))
    if kpm_id is not None:
        statement = statement.where(Rujukan.kpm_id == kpm_id)
    return statement if state is None else statement.where(Rujukan.state == state)


def rujukan_program_list(
    names: Sequence[str], kpm_id: UUID | None, state: RujukanProgramState | None
) -> sa.Select[*tuple[Any, ...]]:
    """Select rujukan programs; row security leaves a partner its own, once they were shared with it."""
    statement = columns_of(RujukanProgram, names)
    if kpm_id is not None:
        statement = statement.where(RujukanProgram.kpm_id == kpm_id)
    return statement if state is None else statement.where(RujukanProgram.state == state)


def theirs(caller: Actor, today: date, kode_wilayah: str | None) -> sa.ColumnElement[bool]:
    """The condition that an offer is in the caller's scope, and in the area asked for.

    Row security says so too, but in a way that no index answers.
    """
    column = RujukanProgram.kode_wilayah
    asked = _in_area(column, kode_wilayah) if kode_wilayah is not None else sa.true()
    if caller.scope is Scope.PARTNER:
        return sa.and_(RujukanProgram.partner_id == caller.partner_id, asked)
    if caller.scope is Scope.OWN_FAMILIES:
        return sa.and_(RujukanProgram.kpm_id.in_(in_care(caller, today)), asked)
    if caller.scope is Scope.NATIONAL:
        return asked
    return sa.and_(sa.or_(sa.false(), *(_in_area(column, area) for area in caller.areas)), asked)


def _in_area(column: sa.SQLColumnExpression[str], area: str) -> sa.ColumnElement[bool]:
    return sa.and_(column >= area, column < f"{area}~")


def program_list(names: Sequence[str], code: str | None) -> sa.Select[*tuple[Any, ...]]:
    """Select revisions of programs with their partner's code."""
    own = [getattr(Program, name) for name in names if name != "partner_code"]
    statement = sa.select(*own, Partner.code.label("partner_code")).join(Partner)
    return statement if code is None else statement.where(Program.code == code)


def quota_list(code: str) -> sa.Select[*tuple[Any, ...]]:
    """Select the quotas of a program with what is taken and free."""
    free = (ProgramQuota.places - ProgramQuota.taken).label("free")
    own = ("quota_id", "program_code", "kode_wilayah", "places", "taken", "waiting", "valid_from", "valid_to")
    columns = [getattr(ProgramQuota, name) for name in (*own, "version")]
    return sa.select(*columns, free).where(ProgramQuota.program_code == code)


async def rules_of(session: AsyncSession, program_id: UUID) -> Sequence[ProgramRule]:
    """Return the rules of a program's revision in order."""
    wanted = sa.select(ProgramRule).where(ProgramRule.program_id == program_id)
    return (await session.scalars(wanted.order_by(ProgramRule.number))).all()


async def programs_of(session: AsyncSession, rujukan_id: UUID) -> Sequence[RujukanProgram]:
    """Return what a rujukan holds, in the order of the programs' codes."""
    wanted = sa.select(RujukanProgram).where(RujukanProgram.rujukan_id == rujukan_id)
    return (await session.scalars(wanted.order_by(RujukanProgram.program_code))).all()


async def place_in_line(session: AsyncSession, rujukan_program_id: UUID) -> dict[str, Any] | None:
    """Return why and since when an offer waits, and how many of the caller's areas are before it; None if it does not."""
    mine = sa.select(Waiting).where(
        Waiting.rujukan_program_id == rujukan_program_id, Waiting.left_on.is_(None)
    )
    waiting = await session.scalar(mine)
    if waiting is None:
        return None
    ahead = await session.scalar(sa.select(sa.func.waiting_ahead(waiting.program_code, waiting.number)))
    return {"reason": waiting.reason, "since_on": waiting.since_on, "ahead": ahead}


async def outcomes_of(session: AsyncSession, rujukan_program_id: UUID) -> Sequence[Outcome]:
    """Return the outcomes of an aid by month."""
    wanted = sa.select(Outcome).where(Outcome.rujukan_program_id == rujukan_program_id)
    return (await session.scalars(wanted.order_by(Outcome.month))).all()


def inbox_list(partner_id: UUID) -> sa.Select[*tuple[Any, ...]]:
    """Select what a partner has not taken yet; what tells of a person only while its consent holds and nothing waits.

    New is a set, what has no receipt, and never a place in an order: what is committed late is not passed over.
    """
    named = PartnerNotice.notice == Notice.RUJUKAN
    sealed = sa.case((named, sa.func.identity_for_partner(PartnerNotice.rujukan_program_id)))
    office = sa.func.left(RujukanProgram.kode_wilayah, 5)
    return (
        sa.select(
            *(getattr(PartnerNotice, name) for name in ("told_at", "notice_id", "notice", "on")),
            *(getattr(RujukanProgram, name) for name in ("rujukan_program_id", "partner_id", "usaha")),
            *(getattr(Program, name) for name in ("code", "legal_basis", "minimum_data")),
            *(getattr(Rujukan, name) for name in ("purpose", "sk_no", "certificate_no")),
            Consent.consent_id,
            office.label("office_area"),
            Office.name.label("office_name"),
            Office.phone.label("office_phone"),
            Office.email.label("office_email"),
            sealed.label("sealed"),
        )
        .join(RujukanProgram, RujukanProgram.rujukan_program_id == PartnerNotice.rujukan_program_id)
        .join(Rujukan, Rujukan.rujukan_id == RujukanProgram.rujukan_id)
        .join(Program, Program.program_id == RujukanProgram.program_id)
        .join(Consent, Consent.rujukan_program_id == RujukanProgram.rujukan_program_id)
        .outerjoin(Office, Office.kode_wilayah == office)
        .where(PartnerNotice.partner_id == partner_id, PartnerNotice.taken_at.is_(None), _still_says(named))
    )


def outcome_task_list(
    names: Sequence[str], today: date, caller: Actor, *, due_by: date | None
) -> sa.Select[*tuple[Any, ...]]:
    """Select open outcome tasks whose day has come; a pendamping's are those of the families in their care today."""
    statement = columns_of(OutcomeTask, names).where(
        OutcomeTask.closed_on.is_(None), OutcomeTask.due_on <= (due_by or today)
    )
    if caller.scope is Scope.OWN_FAMILIES:
        statement = statement.where(OutcomeTask.kpm_id.in_(in_care(caller, today)))
    return statement


def in_care(caller: Actor, today: date) -> sa.Select[UUID]:
    """Select the families whose dampingan is the caller's today."""
    holds = sa.and_(
        Dampingan.valid_from <= today, sa.or_(Dampingan.valid_to.is_(None), Dampingan.valid_to > today)
    )
    return sa.select(Dampingan.kpm_id).where(Dampingan.pendamping_id == caller.pendamping_id, holds)


def waits_for(caller: Actor, today: date) -> sa.ColumnElement[bool]:
    """The condition that an offer waits for the caller: a partner's turn, a family's answer, or what was escalated."""
    state = RujukanProgram.state
    if caller.scope is Scope.PARTNER:
        return state.in_(WAITS_FOR_PARTNER)
    if caller.scope is Scope.OWN_FAMILIES:
        asked = state.in_([RujukanProgramState.DRAF, RujukanProgramState.PERLU_DATA])
        return sa.and_(asked, RujukanProgram.kpm_id.in_(in_care(caller, today)))
    raised = sa.select(Escalation.rujukan_program_id).where(
        Escalation.acknowledged_on.is_(None), Escalation.settled_on.is_(None)
    )
    return RujukanProgram.rujukan_program_id.in_(raised)


def _still_says(named: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """The condition that a notice holds now: what names a person while its consent does, a reminder while it waits."""
    open_case = sa.and_(Rujukan.state == RujukanState.TERBUKA, Rujukan.paused.is_(False))
    known = sa.select(Identity.for_id).where(Identity.for_id == PartnerNotice.rujukan_program_id).exists()
    still = sa.and_(open_case, known, Consent.withdrawn_on.is_(None), RujukanProgram.state.not_in(ENDED))
    turns = [
        sa.and_(PartnerNotice.notice == notice, open_case, RujukanProgram.state.in_(turn))
        for notice, turn in REMINDERS.items()
    ]
    return sa.or_(
        sa.and_(named, still),
        *turns,
        PartnerNotice.notice.in_([Notice.DICABUT, Notice.KEDALUWARSA]),
    )


def escalation_list(names: Sequence[str], *, open_only: bool) -> sa.Select[*tuple[Any, ...]]:
    """Select escalations of the caller's areas; open: not taken up, and not answered since."""
    statement = columns_of(Escalation, names)
    waits = sa.and_(Escalation.acknowledged_on.is_(None), Escalation.settled_on.is_(None))
    return statement.where(waits) if open_only else statement


async def count_rujukan(
    session: AsyncSession, kpm_ids: Sequence[UUID] | None, pendamping_ids: Sequence[UUID] | None
) -> dict[str, dict[str, int]]:
    """Count opened, withdrawn and live cases per exit reason (chain.md 9), of families or of pendamping's families."""
    withdrawn = sa.func.count().filter(Rujukan.state == RujukanState.DICABUT)
    statement = sa.select(Rujukan.exit_reason, sa.func.count(), withdrawn).group_by(Rujukan.exit_reason)
    statement = statement.where(Rujukan.purpose == RujukanPurpose.PASCAGRADUASI)
    if kpm_ids is not None:
        statement = statement.where(Rujukan.kpm_id.in_(kpm_ids))
    if pendamping_ids is not None:
        theirs = sa.select(Dampingan.kpm_id).where(Dampingan.pendamping_id.in_(pendamping_ids))
        statement = statement.where(Rujukan.kpm_id.in_(theirs))
    return {
        str(reason): {"opened": opened, "withdrawn": taken_back, "live": opened - taken_back}
        for reason, opened, taken_back in await session.execute(statement)
    }
