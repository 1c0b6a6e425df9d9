"""Rujukan of a graduation, and the programs offered in a rujukan."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.notice.models import PartnerNotice
from services.referral.partner.models import Partner
from services.referral.partner_call.models import DeliveryAttempt
from services.referral.program.models import Program
from services.referral.rujukan.models import (
    Rujukan,
    RujukanProgram,
    RujukanProgramHistory,
    RujukanProgramItem,
)
from shared.contracts.rujukan_kinds import RujukanPurpose

HISTORY_ORDER = (RujukanProgramHistory.history_id,)
NOTICE_ORDER = (PartnerNotice.created_at, PartnerNotice.notice_id)
ATTEMPT_ORDER = (DeliveryAttempt.attempt_id,)


async def lock_first_rujukan(session: AsyncSession, graduasi_id: UUID) -> Rujukan | None:
    """Return and lock the PASCAGRADUASI rujukan of a graduation, or None."""
    statement = sa.select(Rujukan).where(
        Rujukan.graduasi_id == graduasi_id, Rujukan.purpose == RujukanPurpose.PASCAGRADUASI
    )
    return await session.scalar(statement.with_for_update(key_share=True))


async def lock_all_rujukan(session: AsyncSession, graduasi_id: UUID) -> Sequence[Rujukan]:
    """Return and lock all rujukan of a graduation, the first one first."""
    statement = sa.select(Rujukan).where(Rujukan.graduasi_id == graduasi_id).order_by(Rujukan.rujukan_id)
    return (await session.scalars(statement.with_for_update(key_share=True))).all()


PROGRAM, PARTNER = RujukanProgram.program_id, RujukanProgram.partner_id
NAMES: dict[str, sa.Label[str]] = {
    "program_name": sa.select(Program.name)
    .where(Program.program_id == PROGRAM)
    .scalar_subquery()
    .label("program_name"),
    "partner_name": sa.select(Partner.name)
    .where(Partner.partner_id == PARTNER)
    .scalar_subquery()
    .label("partner_name"),
}
"""The columns of an offer that its table has not."""


def select_offers(names: Sequence[str]) -> sa.Select[*tuple[Any, ...]]:
    """Select these columns of offers, also the names of program and partner."""
    return sa.select(*(NAMES[name] if name in NAMES else getattr(RujukanProgram, name) for name in names))


async def with_names(session: AsyncSession, row: RujukanProgram) -> dict[str, Any]:
    """Return the values of an offer, with the names of its program and partner."""
    statement = sa.select(Program.name.label("program_name"), Partner.name.label("partner_name"))
    statement = statement.join(Partner, Partner.partner_id == Program.partner_id)
    statement = statement.where(Program.program_id == row.program_id)
    return {**dict(row), **(await session.execute(statement)).mappings().one()}


async def read_programs(session: AsyncSession, rujukan_id: UUID) -> Sequence[Mapping[Any, Any]]:
    """Return the programs offered in a rujukan, by program code and age."""
    statement = select_offers(list(RujukanProgramItem.model_fields))
    statement = statement.where(RujukanProgram.rujukan_id == rujukan_id)
    order = (RujukanProgram.program_code, RujukanProgram.rujukan_program_id)
    return (await session.execute(statement.order_by(*order))).mappings().all()
