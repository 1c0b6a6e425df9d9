"""Lists of rujukan, offers and inbox notices, work that waits for the actor, and counts."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.consent.models import Consent, Identity
from services.referral.deadline.models import Escalation, SlaTerm
from services.referral.deadline.queries import select_term
from services.referral.follow_up.models import Outcome
from services.referral.notice.models import DUE_STATES, InboxRead, Notice, PartnerNotice
from services.referral.partner.models import Office
from services.referral.partner_call.models import DeliveryAttempt
from services.referral.program.models import Program
from services.referral.replicas.models import Dampingan
from services.referral.rujukan.models import (
    ENDED,
    WAITS_FOR_PARTNER,
    Rujukan,
    RujukanProgram,
    RujukanState,
)
from services.referral.rujukan.queries import select_offers
from services.referral.supply.models import DataSupply
from services.referral.visibility import select_accompanied_families, select_columns
from shared.access import Actor, Scope
from shared.contracts.rujukan_kinds import RujukanProgramState, RujukanPurpose

RUJUKAN_ORDER = (Rujukan.rujukan_id,)
RUJUKAN_PROGRAM_ORDER = (RujukanProgram.rujukan_program_id,)
BY_AREA = (RujukanProgram.kode_wilayah, RujukanProgram.rujukan_program_id)
INBOX_ORDER = (PartnerNotice.created_at, PartnerNotice.notice_id)
INBOX_READ_ORDER = (InboxRead.read_id,)
OFFER_COLUMNS = ("rujukan_program_id", "partner_id", "usaha", "kode_wilayah")
OWN_ATTEMPT_ORDER = (DeliveryAttempt.recorded_at, DeliveryAttempt.attempt_id)
OWN_ATTEMPT_COLUMNS = (
    *("attempt_id", "notice_id", "rujukan_program_id", "notice"),
    *("recorded_at", "milliseconds", "http_status", "fault"),
)
IS_SUPPLY = PartnerNotice.notice == Notice.KELENGKAPAN


def select_rujukan(
    names: Sequence[str], actor: Actor, today: date, *, kpm_id: UUID | None, state: RujukanState | None
) -> sa.Select[*tuple[Any, ...]]:
    """Select rujukan, optionally of one family or in one state.

    A pendamping sees those of the accompanied families.
    """
    statement = select_columns(Rujukan, names)
    if actor.scope is Scope.OWN_FAMILIES:
        statement = statement.where(Rujukan.kpm_id.in_(select_accompanied_families(actor, today)))
    if kpm_id is not None:
        statement = statement.where(Rujukan.kpm_id == kpm_id)
    return statement if state is None else statement.where(Rujukan.state == state)


def _term_of(recorded_on: sa.SQLColumnExpression[date | None]) -> sa.ColumnElement[Any]:
    """Return the last and the first day of a term to correct."""
    term = select_term(RujukanProgram.program_code, recorded_on).correlate(RujukanProgram, Outcome)
    days = term.with_only_columns(SlaTerm.correct_within_days).scalar_subquery()
    return postgresql.array([recorded_on + days, recorded_on])


_IS_DELIVERED = RujukanProgram.delivered_on.is_not(None)
_DELIVERED = sa.func.greatest(RujukanProgram.delivered_on, RujukanProgram.delivery_recorded_on)
STATE_COLUMNS = (
    RujukanProgram.lapsed_on,
    sa.select(Rujukan.state)
    .where(Rujukan.rujukan_id == RujukanProgram.rujukan_id)
    .scalar_subquery()
    .label("rujukan_state"),
    sa.select(Consent.consent_id)
    .where(
        Consent.rujukan_program_id == RujukanProgram.rujukan_program_id,
        sa.func.coalesce(Consent.withdrawn_on, Consent.lapsed_on).is_(None),
    )
    .exists()
    .label("in_force"),
    sa.case((_IS_DELIVERED, _term_of(_DELIVERED))).label("delivery_term"),
    sa.case(
        (
            _IS_DELIVERED,
            sa.select(sa.func.max(_term_of(Outcome.recorded_on)))
            .where(Outcome.rujukan_program_id == RujukanProgram.rujukan_program_id)
            .scalar_subquery(),
        )
    ).label("outcome_term"),
)
"""What the actions on an offer depend on, besides the columns of its view. Terms are arrays of two days."""


def select_states(rujukan_program_ids: Sequence[UUID]) -> sa.Select[*tuple[Any, ...]]:
    """Select the state columns of offers, with their ids."""
    id_column = RujukanProgram.rujukan_program_id
    return sa.select(id_column, *STATE_COLUMNS).where(id_column.in_(rujukan_program_ids))


def select_rujukan_programs(
    names: Sequence[str], kpm_id: UUID | None, state: RujukanProgramState | None
) -> sa.Select[*tuple[Any, ...]]:
    """Select rujukan programs with what their actions depend on.

    Row security shows a partner its own, once they were shared.
    """
    statement = select_offers(names).add_columns(*STATE_COLUMNS)
    if kpm_id is not None:
        statement = statement.where(RujukanProgram.kpm_id == kpm_id)
    return statement if state is None else statement.where(RujukanProgram.state == state)


def select_inbox(partner_id: UUID, today: date) -> sa.Select[*tuple[Any, ...]]:
    """Select the notices that a partner has not accepted yet.

    A notice with personal data is listed only while consent is in force and the rujukan is not paused. A
    new notice is one without a receipt, not one after a position, so a notice that is committed late is not
    skipped.
    """
    is_rujukan = PartnerNotice.notice == Notice.RUJUKAN
    office = sa.func.left(RujukanProgram.kode_wilayah, 5)
    if_accepted = sa.case((is_rujukan, sa.literal(today) + Program.sla_days))
    return (
        sa.select(
            *(getattr(PartnerNotice, name) for name in ("created_at", "notice_id", "notice", "on")),
            *(getattr(RujukanProgram, name) for name in OFFER_COLUMNS),
            *(getattr(Program, name) for name in ("code", "legal_basis", "minimum_data")),
            *(getattr(Rujukan, name) for name in ("purpose", "sk_no", "certificate_no")),
            Consent.consent_id,
            sa.func.coalesce(RujukanProgram.sla_due_on, if_accepted).label("sla_due_on"),
            office.label("office_area"),
            Office.name.label("office_name"),
            Office.phone.label("office_phone"),
            Office.email.label("office_email"),
            DataSupply.fields.label("supply_fields"),
            _sealed_content(is_rujukan).label("sealed"),
        )
        .join(RujukanProgram, RujukanProgram.rujukan_program_id == PartnerNotice.rujukan_program_id)
        .join(Rujukan, Rujukan.rujukan_id == RujukanProgram.rujukan_id)
        .join(Program, Program.program_id == RujukanProgram.program_id)
        .join(Consent, Consent.rujukan_program_id == RujukanProgram.rujukan_program_id)
        .outerjoin(DataSupply, DataSupply.notice_id == PartnerNotice.notice_id)
        .outerjoin(Office, Office.kode_wilayah == office)
        .where(
            PartnerNotice.partner_id == partner_id, PartnerNotice.taken_at.is_(None), _is_current(is_rujukan)
        )
    )


def select_own_attempts(partner_id: UUID, since: datetime | None) -> sa.Select[*tuple[Any, ...]]:
    """Select the calls to a partner, optionally from an instant on."""
    statement = select_columns(DeliveryAttempt, OWN_ATTEMPT_COLUMNS)
    statement = statement.where(DeliveryAttempt.partner_id == partner_id)
    return statement if since is None else statement.where(DeliveryAttempt.recorded_at >= since)


def _sealed_content(is_rujukan: sa.ColumnElement[bool]) -> sa.Case[bytes]:
    """Return the sealed data of the family that a notice carries, or NULL."""
    return sa.case(
        (is_rujukan, sa.func.identity_for_partner(PartnerNotice.rujukan_program_id)),
        (IS_SUPPLY, sa.func.supply_for_partner(PartnerNotice.notice_id)),
    )


def waiting_for_caller(actor: Actor, today: date) -> sa.ColumnElement[bool]:
    """Return the condition that an offer waits for the actor.

    It is the partner's turn, the family's answer, or an open escalation.
    """
    state = RujukanProgram.state
    if actor.scope is Scope.PARTNER:
        return state.in_(WAITS_FOR_PARTNER)
    if actor.scope is Scope.OWN_FAMILIES:
        unanswered = state.in_([RujukanProgramState.DRAF, RujukanProgramState.PERLU_DATA])
        return sa.and_(unanswered, RujukanProgram.kpm_id.in_(select_accompanied_families(actor, today)))
    escalated = sa.select(Escalation.rujukan_program_id).where(
        Escalation.acknowledged_on.is_(None), Escalation.settled_on.is_(None)
    )
    return RujukanProgram.rujukan_program_id.in_(escalated)


def _is_current(is_rujukan: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Return the condition that a notice applies now.

    Consent for personal data is in force, what a reminder is about is still due, and an expired offer is not reopened.
    """
    open_case = sa.and_(Rujukan.state == RujukanState.TERBUKA, Rujukan.paused.is_(False))
    has_identity = (
        sa.select(Identity.for_id).where(Identity.for_id == PartnerNotice.rujukan_program_id).exists()
    )
    is_shared = sa.and_(
        open_case,
        has_identity,
        Consent.withdrawn_on.is_(None),
        Consent.lapsed_on.is_(None),
        RujukanProgram.state.not_in(ENDED),
    )
    is_due = [
        sa.and_(PartnerNotice.notice == notice, RujukanProgram.state.in_(due_states))
        for notice, due_states in DUE_STATES.items()
    ]
    is_expiry = PartnerNotice.notice == Notice.KEDALUWARSA
    return sa.or_(
        sa.and_(is_rujukan, is_shared),
        sa.and_(IS_SUPPLY, open_case),
        sa.and_(sa.or_(*is_due), sa.or_(open_case, is_expiry)),
        PartnerNotice.notice == Notice.DICABUT,
    )


async def count_rujukan(
    session: AsyncSession, kpm_ids: Sequence[UUID] | None, pendamping_ids: Sequence[UUID] | None
) -> dict[str, dict[str, int]]:
    """Count opened, withdrawn and live rujukan per exit reason (docs/case-lifecycle.md#counts).

    If given, only of these families, or of the families of these pendamping.
    """
    withdrawn = sa.func.count().filter(Rujukan.state == RujukanState.DICABUT)
    statement = sa.select(Rujukan.exit_reason, sa.func.count(), withdrawn).group_by(Rujukan.exit_reason)
    statement = statement.where(Rujukan.purpose == RujukanPurpose.PASCAGRADUASI)
    if kpm_ids is not None:
        statement = statement.where(Rujukan.kpm_id.in_(kpm_ids))
    if pendamping_ids is not None:
        family_ids = sa.select(Dampingan.kpm_id).where(Dampingan.pendamping_id.in_(pendamping_ids))
        statement = statement.where(Rujukan.kpm_id.in_(family_ids))
    return {
        str(reason): {"opened": opened, "withdrawn": withdrawn_count, "live": opened - withdrawn_count}
        for reason, opened, withdrawn_count in await session.execute(statement)
    }
