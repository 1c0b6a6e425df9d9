"""Families with their facts, the catalogue of programs, and matches between them."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.departure.queries import (
    find_families_behind,
    is_replica_behind,
    read_former_members,
)
from services.referral.matching.errors import ProgramNoLongerFits
from services.referral.matching.rules.matching import Family, Match, ends_of, match, select_running_usaha
from services.referral.program.models import Program, ProgramRule, Strength
from services.referral.replicas.models import Kpm, Usaha
from services.referral.rujukan.models import RujukanProgram
from services.referral.version.models import VersionKind, VersionVoid
from shared.contracts.rujukan_kinds import RujukanProgramState
from shared.errors import FamilyHasEnded, NotYetKnown
from shared.validity import valid_on
from shared.words import Words

# A family has aid from a program once the partner approved it. Delivered aid counts even if the offer is withdrawn
# later. An offer without approval is not aid.
HAS_AID = sa.or_(
    RujukanProgram.state == RujukanProgramState.DISETUJUI, RujukanProgram.delivered_on.is_not(None)
)

DELIVERED = Words(
    "its aid came under an earlier offer", "bantuannya sudah disalurkan menurut penawaran sebelumnya"
)
VOIDED = Words(
    "its revision was set by mistake; decline it and make the offer again",
    "revisinya keliru ditetapkan; catat penolakannya dan buat lagi penawarannya",
)


async def read_family(session: AsyncSession, kpm_id: UUID, on: date) -> Family | None:
    """Return the facts of the family, or None if unknown, outdated or ended."""
    return (await read_families(session, [kpm_id], on)).get(kpm_id)


async def read_families(session: AsyncSession, kpm_ids: Sequence[UUID], on: date) -> dict[UUID, Family]:
    """Return the facts of many families, in five statements.

    Families that are not in the replica yet, whose replica is behind the reaction, or that have ended, are left out.
    """
    behind = await find_families_behind(session, kpm_ids)
    kpm_ids = [one for one in kpm_ids if one not in behind]
    usaha: dict[UUID, list[Usaha]] = {}
    statement = sa.select(Usaha).where(Usaha.kpm_id.in_(kpm_ids)).order_by(Usaha.usaha_id)
    for row in await session.scalars(statement):
        usaha.setdefault(row.kpm_id, []).append(row)
    former = await read_former_members(session, kpm_ids)
    aid: dict[UUID, set[str]] = {}
    refusals: dict[UUID, set[str]] = {}
    columns = (RujukanProgram.kpm_id, RujukanProgram.program_code, RujukanProgram.refusal_code)
    offers = sa.select(*columns, HAS_AID).where(RujukanProgram.kpm_id.in_(kpm_ids))
    for kpm_id, code, refusal, aided in await session.execute(offers):
        aid.setdefault(kpm_id, set()).update({code} if aided else ())
        refusals.setdefault(kpm_id, set()).update({refusal} if refusal else ())
    families: dict[UUID, Family] = {}
    not_ended = sa.or_(Kpm.ended_on.is_(None), Kpm.ended_on > on)
    for kpm in await session.scalars(sa.select(Kpm).where(Kpm.kpm_id.in_(kpm_ids), not_ended)):
        own = usaha.get(kpm.kpm_id, [])
        families[kpm.kpm_id] = Family(
            kpm,
            select_running_usaha(own, on, former.get(kpm.kpm_id, frozenset())),
            on,
            frozenset(aid.get(kpm.kpm_id, ())),
            frozenset(refusals.get(kpm.kpm_id, ())),
            ends_of(own),
        )
    return families


async def match_catalogue(session: AsyncSession, family: Family) -> list[Match]:
    """Judge every program in force on the day of the family, by program code."""
    return [match(program, rules, family) for program, rules in await read_catalogue(session, family.on)]


async def read_catalogue(session: AsyncSession, on: date) -> list[tuple[Program, list[ProgramRule]]]:
    """Return the revisions in force on a day with their rules, by program code."""
    in_force = valid_on(Program.valid_from, Program.valid_to, on)
    programs = (await session.scalars(sa.select(Program).where(in_force).order_by(Program.code))).all()
    statement = sa.select(ProgramRule).where(
        ProgramRule.program_id.in_([program.program_id for program in programs])
    )
    rules: dict[UUID, list[ProgramRule]] = {}
    for rule in await session.scalars(statement.order_by(ProgramRule.number)):
        rules.setdefault(rule.program_id, []).append(rule)
    return [(program, rules.get(program.program_id, [])) for program in programs]


async def require_fit(session: AsyncSession, row: RujukanProgram, on: date) -> Match:
    """Judge a draft again on the facts of today, by the revision of the draft.

    Raises:
        FamilyHasEnded
        NotYetKnown: the family is not in the replica yet.
        ProgramNoLongerFits: a hard rule fails now, for example because another offer gave the family a KUR, or the
            revision was voided.
    """
    family = await require_family(session, row.kpm_id, on)
    program = await session.get_one(Program, row.program_id)
    if await session.get(VersionVoid, (VersionKind.PROGRAM, str(program.program_id))) is not None:
        raise ProgramNoLongerFits(code=program.code, why=VOIDED)
    same = (RujukanProgram.rujukan_id == row.rujukan_id, RujukanProgram.program_code == row.program_code)
    if await session.scalar(sa.select(sa.exists().where(*same, RujukanProgram.delivered_on.is_not(None)))):
        raise ProgramNoLongerFits(code=program.code, why=DELIVERED)
    rules = sa.select(ProgramRule).where(ProgramRule.program_id == row.program_id)
    result = match(program, (await session.scalars(rules.order_by(ProgramRule.number))).all(), family)
    _require_hard_rules(result)
    return result


async def require_current_fit(session: AsyncSession, row: RujukanProgram, on: date) -> Match:
    """Judge the program of an offer by its revision in force.

    Raises:
        FamilyHasEnded, NotYetKnown
        ProgramNoLongerFits: a hard rule fails, or no revision is in force.
    """
    family = await require_family(session, row.kpm_id, on)
    matches = [one for one in await match_catalogue(session, family) if one.program.code == row.program_code]
    if not matches:
        raise ProgramNoLongerFits(
            code=row.program_code, why=Words("it is not in force today", "program ini tidak berlaku hari ini")
        )
    _require_hard_rules(matches[0])
    return matches[0]


def _require_hard_rules(result: Match) -> None:
    for reason in result.reasons:
        if not reason.fits and reason.strength is Strength.HARD:
            raise ProgramNoLongerFits(code=result.program.code, why=Words(reason.en, reason.id))


async def require_family(session: AsyncSession, kpm_id: UUID, on: date, pointer: str | None = None) -> Family:
    """Return the facts of a family that has not ended.

    Raises:
        FamilyHasEnded
        NotYetKnown: the family is not in the replica yet, or the replica is behind the reaction.
    """
    family = await read_family(session, kpm_id, on)
    if family is not None:
        return family
    if await is_replica_behind(session, kpm_id):
        raise NotYetKnown("kpm", pointer)
    ends = sa.select(Kpm.ended_on, Kpm.end_reason).where(Kpm.kpm_id == kpm_id, Kpm.ended_on.is_not(None))
    if (row := (await session.execute(ends)).one_or_none()) is not None:
        raise FamilyHasEnded(pointer, ended_on=row.ended_on, end_reason=row.end_reason)
    raise NotYetKnown("kpm", pointer)
