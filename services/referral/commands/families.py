"""Families as caseload last told, and whether the caller may act for one."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.errors import NoLongerFits, NotYourFamily, PendampingInactive
from services.referral.matching import Family, Match, match
from services.referral.models import (
    Kpm,
    Pendamping,
    Penugasan,
    Program,
    ProgramRule,
    RujukanProgram,
    Strength,
    Usaha,
    WilayahTugas,
)
from shared import clock
from shared.access import Actor, Scope
from shared.contracts.kinds import PendampingStatus, RujukanProgramState
from shared.errors import NotAllowed, NotYetKnown

# A family has aid from a program once its partner has said yes, and has had it for good once it was delivered,
# whatever became of the offer since: what is only asked for is not yet aid.
AIDED = sa.or_(
    RujukanProgram.state == RujukanProgramState.DISETUJUI, RujukanProgram.delivered_on.is_not(None)
)


async def family_of(session: AsyncSession, kpm_id: UUID, on: date) -> Family | None:
    """Return what is known of the family as of `on`, or None while caseload has not told of it."""
    return (await families_of(session, [kpm_id], on)).get(kpm_id)


async def families_of(session: AsyncSession, kpm_ids: Sequence[UUID], on: date) -> dict[UUID, Family]:
    """Return what is known of many families, in three statements; of those caseload has not told of, nothing."""
    usaha: dict[UUID, list[Usaha]] = {}
    wanted = sa.select(Usaha).where(Usaha.kpm_id.in_(kpm_ids)).order_by(Usaha.usaha_id)
    for one in await session.scalars(wanted):
        usaha.setdefault(one.kpm_id, []).append(one)
    aid: dict[UUID, set[str]] = {}
    refusals: dict[UUID, set[str]] = {}
    columns = (RujukanProgram.kpm_id, RujukanProgram.program_code, RujukanProgram.refusal_code)
    own = sa.select(*columns, AIDED).where(RujukanProgram.kpm_id.in_(kpm_ids))
    for kpm_id, code, refusal, aided in await session.execute(own):
        aid.setdefault(kpm_id, set()).update({code} if aided else ())
        refusals.setdefault(kpm_id, set()).update({refusal} if refusal else ())
    return {
        kpm.kpm_id: Family(
            kpm,
            usaha.get(kpm.kpm_id, []),
            on,
            frozenset(aid.get(kpm.kpm_id, ())),
            frozenset(refusals.get(kpm.kpm_id, ())),
        )
        for kpm in await session.scalars(sa.select(Kpm).where(Kpm.kpm_id.in_(kpm_ids)))
    }


async def matches(session: AsyncSession, family: Family) -> list[Match]:
    """Judge every program that holds on the family's day, in the order of their codes."""
    return [match(program, rules, family) for program, rules in await catalogue_on(session, family.on)]


async def catalogue_on(session: AsyncSession, on: date) -> list[tuple[Program, list[ProgramRule]]]:
    """Return the revisions that hold on a day with their rules, in the order of their codes."""
    holds = sa.and_(Program.valid_from <= on, sa.or_(Program.valid_to.is_(None), Program.valid_to > on))
    programs = (await session.scalars(sa.select(Program).where(holds).order_by(Program.code))).all()
    wanted = sa.select(ProgramRule).where(
        ProgramRule.program_id.in_([program.program_id for program in programs])
    )
    rules: dict[UUID, list[ProgramRule]] = {}
    for rule in await session.scalars(wanted.order_by(ProgramRule.number)):
        rules.setdefault(rule.program_id, []).append(rule)
    return [(program, rules.get(program.program_id, [])) for program in programs]


async def require_fit(session: AsyncSession, row: RujukanProgram, on: date) -> None:
    """Judge a draft again on today's facts, by the revision that it was drafted under.

    Raises:
        NoLongerFits: a hard rule does not hold any more; an active KUR, say, since another offer was accepted.
    """
    family = await family_of(session, row.kpm_id, on)
    if family is None:
        return
    program = await session.get_one(Program, row.program_id)
    rules = sa.select(ProgramRule).where(ProgramRule.program_id == row.program_id)
    found = match(program, (await session.scalars(rules.order_by(ProgramRule.number))).all(), family)
    for reason in found.reasons:
        if not reason.fits and reason.strength is Strength.HARD:
            raise NoLongerFits(code=row.program_code, why=reason.en, why_id=reason.id)


async def require_care(
    session: AsyncSession, caller: Actor, kpm_id: UUID, pointer: str | None = None
) -> None:
    """Refuse a family outside the caller's scope in the same way as one that is not known here.

    Raises:
        NotYetKnown: the family is not known here, or not in the caller's scope.
        NotYourFamily: no placement of the pendamping covers the family. PendampingInactive
    """
    if caller.scope is Scope.PARTNER:  # row security shows a partner's own rows alone
        return
    if not await session.scalar(sa.select(sa.func.family_in_scope(kpm_id))):
        raise NotYetKnown("kpm", pointer)
    if caller.scope is Scope.OWN_FAMILIES:
        await _require_service(session, caller.pendamping_id, kpm_id, await clock.today(session))


async def _require_service(
    session: AsyncSession, pendamping_id: UUID | None, kpm_id: UUID, today: date
) -> None:
    """Let nobody act who is not AKTIF, without a placement, or outside its area, as registry last told.

    Raises:
        NotYetKnown: registry's word has not arrived. PendampingInactive, NotYourFamily
    """
    row = (await session.execute(STANDING, {"pendamping": pendamping_id, "kpm": kpm_id, "on": today})).one()
    if row.status is None or row.placements == 0:
        raise NotYetKnown("pendamping")
    if row.status != PendampingStatus.AKTIF:
        raise PendampingInactive(status=row.status)
    if not row.placed or not row.covered:
        raise NotYourFamily


def _holds(model: type[Penugasan | WilayahTugas]) -> sa.ColumnElement[bool]:
    return sa.and_(model.valid_from <= ON, sa.func.coalesce(model.valid_to > ON, sa.true()))


WHO, ON = sa.bindparam("pendamping", type_=sa.Uuid()), sa.bindparam("on", type_=sa.Date())
FAMILY, AREA = sa.bindparam("kpm", type_=sa.Uuid()), WilayahTugas.kode_wilayah
# Made once: every act of a pendamping asks this.
STANDING = sa.select(
    sa.select(Pendamping.status)
    .where(Pendamping.pendamping_id == WHO, Pendamping.from_on <= ON)
    .order_by(Pendamping.from_on.desc())
    .limit(1)
    .scalar_subquery()
    .label("status"),
    sa.select(sa.func.count()).where(Penugasan.pendamping_id == WHO).scalar_subquery().label("placements"),
    sa.select(Penugasan.penugasan_id)
    .where(Penugasan.pendamping_id == WHO, _holds(Penugasan))
    .exists()
    .label("placed"),
    sa.select(WilayahTugas.wilayah_tugas_id)
    .join(Kpm, sa.or_(Kpm.kode_wilayah == AREA, Kpm.kode_wilayah.startswith(AREA + ".")))
    .where(WilayahTugas.pendamping_id == WHO, _holds(WilayahTugas), Kpm.kpm_id == FAMILY)
    .exists()
    .label("covered"),
)


def require_official(caller: Actor) -> None:
    """Refuse a partner where the reasons of an exit are shown.

    Raises:
        NotAllowed
    """
    if caller.scope is Scope.PARTNER:
        raise NotAllowed
