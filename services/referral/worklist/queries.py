"""Lists of cases, offers and inbox notices, what waits for the caller, and counts."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.consent.models import Consent, Identity
from services.referral.deadline.models import Escalation
from services.referral.notice.models import REMINDERS, InboxRead, Notice, PartnerNotice
from services.referral.partner.models import Office
from services.referral.program.models import Program
from services.referral.replicas.models import Dampingan
from services.referral.rujukan.models import (
    ENDED,
    WAITS_FOR_PARTNER,
    Rujukan,
    RujukanProgram,
    RujukanState,
)
from services.referral.visibility import columns_of, in_care
from shared.access import Actor, Scope
from shared.contracts.kinds import RujukanProgramState, RujukanPurpose

RUJUKAN_ORDER = (Rujukan.rujukan_id,)
RUJUKAN_PROGRAM_ORDER = (RujukanProgram.rujukan_program_id,)
BY_AREA = (RujukanProgram.kode_wilayah, RujukanProgram.rujukan_program_id)
INBOX_ORDER = (PartnerNotice.told_at, PartnerNotice.notice_id)
INBOX_READ_ORDER = (InboxRead.read_id,)


def rujukan_list(
    names: Sequence[str], actor: Actor, today: date, *, kpm_id: UUID | None, state: RujukanState | None
) -> sa.Select[*tuple[Any, ...]]:
    """Select rujukan, of one family or in one state where asked; a pendamping's of own families."""
    statement = columns_of(Rujukan, names)
    if actor.scope is Scope.OWN_FAMILIES:
        statement = statement.where(Rujukan.kpm_id.in_(in_care(actor, today)))
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


def waits_for(actor: Actor, today: date) -> sa.ColumnElement[bool]:
    """The condition that an offer waits for the caller: a partner's turn, a family's answer, or what was escalated."""
    state = RujukanProgram.state
    if actor.scope is Scope.PARTNER:
        return state.in_(WAITS_FOR_PARTNER)
    if actor.scope is Scope.OWN_FAMILIES:
        asked = state.in_([RujukanProgramState.DRAF, RujukanProgramState.PERLU_DATA])
        return sa.and_(asked, RujukanProgram.kpm_id.in_(in_care(actor, today)))
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
