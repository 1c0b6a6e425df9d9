"""Programs by code and revision, with their rules."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.partner.models import Partner
from services.referral.program.models import Program, ProgramRule

PROGRAM_ORDER = (Program.code, Program.revision)


def select_programs(names: Sequence[str], code: str | None) -> sa.Select[*tuple[Any, ...]]:
    """Select revisions of programs with their partner's code."""
    columns = [getattr(Program, name) for name in names if name != "partner_code"]
    statement = sa.select(*columns, Partner.code.label("partner_code")).join(Partner)
    return statement if code is None else statement.where(Program.code == code)


async def read_rules(session: AsyncSession, program_id: UUID) -> Sequence[ProgramRule]:
    """Return the rules of a program's revision in order."""
    statement = sa.select(ProgramRule).where(ProgramRule.program_id == program_id)
    return (await session.scalars(statement.order_by(ProgramRule.number))).all()
