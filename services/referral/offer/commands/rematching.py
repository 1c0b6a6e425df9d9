"""Open cases in which nothing goes on are matched again: when a program begins, and each day as facts and ages change."""

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.matching.queries import families_of, family_of, matches
from services.referral.matching.rules.fitting import Fitting
from services.referral.matching.rules.matching import match
from services.referral.offer.commands.draft import draft, offered_elsewhere
from services.referral.program.models import Program, ProgramRule
from services.referral.rujukan.commands import SYSTEM, Move
from services.referral.rujukan.models import ENDED, Rujukan, RujukanProgram, RujukanState
from shared import clock
from shared.access import Actor
from shared.database import load
from shared.dates import midnight
from shared.jobs import Due, Job, Step, enqueue, schedule

BEGINNING, REFITTING, REMATCHING = "program.begins", "rujukan.refit", "rujukan.rematch"
AT_ONCE = 200


def going_on() -> sa.Exists:
    """The condition that an offer of a case still has a way before it, or has brought aid."""
    own = sa.select(RujukanProgram.rujukan_program_id).where(RujukanProgram.rujukan_id == Rujukan.rujukan_id)
    return sa.exists(own.where(RujukanProgram.state.not_in(ENDED)))


async def ask_refit(session: AsyncSession, rujukan_id: UUID) -> None:
    """Let a case in which nothing goes on be matched again tomorrow: a business grows older without anybody's word."""
    tomorrow = await clock.today(session) + timedelta(days=1)
    await schedule(session, REFITTING, midnight(tomorrow), subject_id=rujukan_id)


async def refit(session: AsyncSession, rujukan_id: UUID) -> None:
    """Draft what fits by now; asked again tomorrow while nothing does and the case is open."""
    rujukan = await load(session, Rujukan, rujukan_id)
    live = await session.scalar(sa.select(going_on()).where(Rujukan.rujukan_id == rujukan_id))
    if rujukan.state is not RujukanState.TERBUKA or live:
        return
    today = await clock.today(session)
    family = await family_of(session, rujukan.kpm_id, today)
    own = sa.select(RujukanProgram.program_code).where(RujukanProgram.rujukan_id == rujukan_id)
    tried = set(await session.scalars(own)) | await offered_elsewhere(session, rujukan)
    found = [one for one in await matches(session, family) if one.fits] if family else []
    fresh = [one for one in found if one.program.code not in tried]
    for one in fresh:
        await draft(session, rujukan, one, Move(SYSTEM, today, "matched again"))
    if not fresh:
        await ask_refit(session, rujukan_id)


async def ask_rematch(session: AsyncSession, program: Program) -> None:
    """Let open cases without an offer be matched with a revision on the day from which it holds."""
    await schedule(session, BEGINNING, midnight(program.valid_from), subject_id=program.program_id)


async def begin_rematch(session: AsyncSession, due: Due) -> None:
    """Begin the job that looks through the open cases."""
    await enqueue(session, REMATCHING, {"program_id": due.subject_id}, Actor.system("referral"))


async def rematch_some(session: AsyncSession, job: Job) -> Step:
    """Match some open cases, in which nothing goes on, with a revision; what was decided under the former one stays."""
    program = await session.get_one(Program, UUID(job.params["program_id"]))
    wanted = sa.select(ProgramRule).where(ProgramRule.program_id == program.program_id)
    rules = (await session.scalars(wanted.order_by(ProgramRule.number))).all()
    cases = (await session.scalars(_cases(program, job.place.get("after")))).all()
    today = await clock.today(session)
    families = await families_of(session, [case.kpm_id for case in cases], today)
    fitting, drafts = Fitting([rules]), 0
    for case in cases:
        family = families.get(case.kpm_id)
        if family is not None and fitting.mask(family):
            move = Move(SYSTEM, today, f"{program.code} revision {program.revision} fits")
            await draft(session, case, match(program, rules, family), move)
            drafts += 1
    place = {"after": str(cases[-1].rujukan_id)} if cases else {}
    report = {"drafts": job.report.get("drafts", 0) + drafts}
    return Step(done=len(cases), place=place, finished=len(cases) < AT_ONCE, report=report)


def _cases(program: Program, after: str | None) -> sa.Select[Rujukan]:
    """Select open cases without a living offer that have not had this program, nor their family now, locked, in order."""
    same = sa.or_(RujukanProgram.rujukan_id == Rujukan.rujukan_id, RujukanProgram.state.not_in(ENDED))
    tried = sa.exists().where(
        RujukanProgram.kpm_id == Rujukan.kpm_id, RujukanProgram.program_code == program.code, same
    )
    wanted = sa.select(Rujukan).where(Rujukan.state == RujukanState.TERBUKA, Rujukan.matched)
    wanted = wanted.where(sa.not_(going_on()), sa.not_(tried))
    if after is not None:
        wanted = wanted.where(Rujukan.rujukan_id > UUID(after))
    return wanted.order_by(Rujukan.rujukan_id).limit(AT_ONCE).with_for_update(of=Rujukan, key_share=True)
