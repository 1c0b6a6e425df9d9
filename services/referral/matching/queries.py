from collections.abc import Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.matching.errors import ProgramNoLongerFits
from services.referral.matching.rules.matching import Family, Match, match
from services.referral.program.models import Program, ProgramRule, Strength
from services.referral.replicas.models import Kpm, Usaha
from services.referral.rujukan.models import RujukanProgram
from shared.contracts.kinds import RujukanProgramState
from shared.validity import holds_on

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
    holds = holds_on(Program.valid_from, Program.valid_to, on)
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
        ProgramNoLongerFits: a hard rule does not hold any more; an active KUR, say, since another offer was accepted.
    """
    family = await family_of(session, row.kpm_id, on)
    if family is None:
        return
    program = await session.get_one(Program, row.program_id)
    rules = sa.select(ProgramRule).where(ProgramRule.program_id == row.program_id)
    found = match(program, (await session.scalars(rules.order_by(ProgramRule.number))).all(), family)
    for reason in found.reasons:
        if not reason.fits and reason.strength is Strength.HARD:
            raise ProgramNoLongerFits(code=row.program_code, why=reason.en, why_id=reason.id)
