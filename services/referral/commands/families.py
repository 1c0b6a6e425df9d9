"""Families as caseload last told, and whether the caller may act for one."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.errors import NotYourFamily
from services.referral.matching import Family, Match, match
from services.referral.models import Dampingan, Kpm, Program, ProgramRule, Usaha
from shared import clock
from shared.access import Actor, Role
from shared.errors import NotAllowed, NotYetKnown


async def family_of(session: AsyncSession, kpm_id: UUID, on: date) -> Family | None:
    """Return what is known of the family as of `on`, or None while caseload has not told of it."""
    kpm = await session.get(Kpm, kpm_id)
    if kpm is None:
        return None
    usaha = await session.scalars(sa.select(Usaha).where(Usaha.kpm_id == kpm_id).order_by(Usaha.usaha_id))
    return Family(kpm, usaha.all(), on)


async def matches(session: AsyncSession, family: Family) -> list[Match]:
    """Judge every program that holds on the family's day, in the order of their codes."""
    holds = sa.and_(
        Program.valid_from <= family.on, sa.or_(Program.valid_to.is_(None), Program.valid_to > family.on)
    )
    programs = (await session.scalars(sa.select(Program).where(holds).order_by(Program.code))).all()
    wanted = sa.select(ProgramRule).where(
        ProgramRule.program_id.in_([program.program_id for program in programs])
    )
    rules: dict[UUID, list[ProgramRule]] = {}
    for rule in await session.scalars(wanted.order_by(ProgramRule.number)):
        rules.setdefault(rule.program_id, []).append(rule)
    return [match(program, rules.get(program.program_id, []), family) for program in programs]


async def require_care(session: AsyncSession, caller: Actor, kpm_id: UUID) -> None:
    """Let a pendamping act only for a family in their care today; officials act by area (domain.md 7.3).

    Raises:
        NotYetKnown: caseload has told of no dampingan of this family yet. NotYourFamily: it is somebody else's.
    """
    if caller.roles != {Role.PENDAMPING}:
        return
    rows = (await session.scalars(sa.select(Dampingan).where(Dampingan.kpm_id == kpm_id))).all()
    if not rows:
        raise NotYetKnown("dampingan")
    today = await clock.today(session)
    if not any(
        row.pendamping_id == caller.pendamping_id
        and row.valid_from <= today
        and (row.valid_to is None or row.valid_to > today)
        for row in rows
    ):
        raise NotYourFamily


def require_official(caller: Actor) -> None:
    """Refuse a partner where the reasons of an exit are shown.

    Raises:
        NotAllowed
    """
    if Role.PARTNER in caller.roles or caller.partner_id is not None:
        raise NotAllowed
