"""Match rujukan without an open offer again.

When a new revision of a program starts, and each day, because facts and ages change.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.departure.queries import find_families_behind, is_replica_behind
from services.referral.matching.queries import match_catalogue, read_families, read_family
from services.referral.matching.rules.eligibility import Eligibility
from services.referral.matching.rules.matching import Family, match
from services.referral.offer.commands.draft import draft_offer, read_codes_offered_elsewhere
from services.referral.program.models import Program, ProgramRule
from services.referral.rujukan.commands import SYSTEM, Move
from services.referral.rujukan.models import ENDED, Rujukan, RujukanProgram, RujukanState
from services.referral.tables import MoveReason
from shared import clock
from shared.access import Actor
from shared.database import load
from shared.dates import midnight
from shared.jobs import Job, ScheduledTask, Step, enqueue, schedule
from shared.validity import covers

REMATCH_PROGRAM, REMATCH_RUJUKAN = "program.rematch", "rujukan.rematch"
BATCH_SIZE = 200
RETRY = timedelta(seconds=2)


def has_open_offer() -> sa.Exists:
    """Return the condition that an offer of the rujukan has not ended."""
    own = sa.select(RujukanProgram.rujukan_program_id).where(RujukanProgram.rujukan_id == Rujukan.rujukan_id)
    return sa.exists(own.where(RujukanProgram.state.not_in(ENDED)))


async def schedule_next_rematch(session: AsyncSession, rujukan_id: UUID) -> None:
    """Schedule the rujukan to be matched again tomorrow.

    The age of a usaha grows without an event.
    """
    tomorrow = await clock.today(session) + timedelta(days=1)
    await schedule(session, REMATCH_RUJUKAN, midnight(tomorrow), subject_id=rujukan_id)


async def rematch_rujukan(session: AsyncSession, rujukan_id: UUID) -> None:
    """Draft what fits today. If nothing fits, schedule another try for tomorrow."""
    rujukan = await load(session, Rujukan, rujukan_id)
    is_active = await session.scalar(sa.select(has_open_offer()).where(Rujukan.rujukan_id == rujukan_id))
    if rujukan.state is not RujukanState.TERBUKA or is_active:
        return
    if await is_replica_behind(session, rujukan.kpm_id):
        await schedule(
            session, REMATCH_RUJUKAN, datetime.now(UTC) + RETRY, subject_id=rujukan_id, clock="real"
        )
        return
    today = await clock.today(session)
    family = await read_family(session, rujukan.kpm_id, today)
    if family is not None and not await _draft_untried(session, rujukan, family):
        await schedule_next_rematch(session, rujukan_id)


async def _draft_untried(session: AsyncSession, rujukan: Rujukan, family: Family) -> int:
    """Draft each program that fits and was not offered, and return how many.

    A program whose consent lapsed counts as not offered.
    """
    own_codes = sa.select(RujukanProgram.program_code).where(
        RujukanProgram.rujukan_id == rujukan.rujukan_id, RujukanProgram.lapsed_on.is_(None)
    )
    tried = set(await session.scalars(own_codes)) | await read_codes_offered_elsewhere(session, rujukan)
    matching = [one for one in await match_catalogue(session, family) if one.fits]
    new = [one for one in matching if one.program.code not in tried]
    for one in new:
        await draft_offer(session, rujukan, one, Move(SYSTEM, family.on, MoveReason.DICOCOKKAN_LAGI))
    return len(new)


async def match_lapsed(session: AsyncSession, due: ScheduledTask) -> None:
    """Match a rujukan after the lapse of a consent, beside its other offers.

    The replica may not have the event that scheduled this. Then it is tried again.
    """
    rujukan = await load(session, Rujukan, UUID(due.subject_id))
    if await is_replica_behind(session, rujukan.kpm_id):
        again = datetime.now(UTC) + RETRY
        await schedule(session, due.kind, again, subject_id=due.subject_id, clock="real")
        return
    family = await read_family(session, rujukan.kpm_id, await clock.today(session))
    if rujukan.state is not RujukanState.TERBUKA or family is None:
        return
    own = Rujukan.rujukan_id == rujukan.rujukan_id
    is_active = await session.scalar(sa.select(has_open_offer()).where(own))
    if not await _draft_untried(session, rujukan, family) and not is_active:
        await schedule_next_rematch(session, rujukan.rujukan_id)


async def schedule_rematch(session: AsyncSession, program: Program) -> None:
    """Schedule matching of open rujukan with a revision on its first day."""
    await schedule(session, REMATCH_PROGRAM, midnight(program.valid_from), subject_id=program.program_id)


async def start_rematch(session: AsyncSession, due: ScheduledTask) -> None:
    """Start the job that matches open rujukan with a revision, unless it was voided."""
    program, today = await session.get_one(Program, UUID(due.subject_id)), await clock.today(session)
    if not covers(program.valid_from, program.valid_to, today):
        return
    await enqueue(session, REMATCH_PROGRAM, {"program_id": due.subject_id}, Actor.system("referral"))


async def rematch_step(session: AsyncSession, job: Job) -> Step:
    """Match a batch of open rujukan with a revision.

    Only rujukan without an open offer are matched, those of families whose replica is behind tomorrow. Decisions under
    the former revision stay.
    """
    program = await session.get_one(Program, UUID(job.params["program_id"]))
    cases = (await session.scalars(_select_cases(program, job.place.get("after")))).all()
    behind = await find_families_behind(session, [case.kpm_id for case in cases])
    for case in cases:
        if case.kpm_id in behind:
            await schedule_next_rematch(session, case.rujukan_id)
    drafts = await _draft_revision(session, program, cases)
    place = {"after": str(cases[-1].rujukan_id)} if cases else {}
    report = {"drafts": job.report.get("drafts", 0) + drafts}
    return Step(done=len(cases), place=place, finished=len(cases) < BATCH_SIZE, report=report)


async def _draft_revision(session: AsyncSession, program: Program, cases: Sequence[Rujukan]) -> int:
    """Draft a revision for each rujukan whose family fits, and return how many."""
    statement = sa.select(ProgramRule).where(ProgramRule.program_id == program.program_id)
    rules = (await session.scalars(statement.order_by(ProgramRule.number))).all()
    today = await clock.today(session)
    families = await read_families(session, [case.kpm_id for case in cases], today)
    eligibility, drafts = Eligibility([rules]), 0
    for case in cases:
        family = families.get(case.kpm_id)
        if family is not None and eligibility.mask(family):
            move = Move(
                SYSTEM, today, MoveReason.DICOCOKKAN_LAGI, f"{program.code} revision {program.revision}"
            )
            await draft_offer(session, case, match(program, rules, family), move)
            drafts += 1
    return drafts


def _select_cases(program: Program, after: str | None) -> sa.Select[Rujukan]:
    # Not the program again for the same rujukan, nor one that the family has open in another.
    own = sa.and_(RujukanProgram.rujukan_id == Rujukan.rujukan_id, RujukanProgram.lapsed_on.is_(None))
    same = sa.or_(own, RujukanProgram.state.not_in(ENDED))
    tried = sa.exists().where(
        RujukanProgram.kpm_id == Rujukan.kpm_id, RujukanProgram.program_code == program.code, same
    )
    statement = sa.select(Rujukan).where(Rujukan.state == RujukanState.TERBUKA, Rujukan.matched)
    statement = statement.where(sa.not_(has_open_offer()), sa.not_(tried))
    if after is not None:
        statement = statement.where(Rujukan.rujukan_id > UUID(after))
    return (
        statement.order_by(Rujukan.rujukan_id).limit(BATCH_SIZE).with_for_update(of=Rujukan, key_share=True)
    )
