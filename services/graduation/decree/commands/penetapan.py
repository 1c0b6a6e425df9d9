"""Commands that determine approved cases in an SK (docs/case-lifecycle.md#decree)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.case.commands.transitions import Act, advance
from services.graduation.case.models import Graduasi, GraduasiState, Stage
from services.graduation.credit.commands import DeterminedCase, grant_credits
from services.graduation.decree.commands.approved_cases import (
    ApprovedCase,
    CaseChecks,
    announcement_of,
    lock_cases,
)
from services.graduation.decree.commands.changed_cases import HeldCase, hold_changed_cases
from services.graduation.decree.errors import (
    AnnouncementTooLate,
    CaseAlreadyInSk,
    CasesNotApproved,
    SkBeforeApproval,
    SkEnteredTooLate,
    SkNumberTaken,
)
from services.graduation.decree.models import NUMBER_KEY, DecreeTerms, Penetapan, Sk
from services.graduation.decree.queries import read_sk_rule
from services.graduation.policy.models.calendar import TahapCalendar
from services.graduation.policy.models.policy import Policy
from services.graduation.policy.rules import (
    effective_tahap,
    hold_calendar,
    last_payable,
    term_ends_on,
    term_settled_on,
)
from services.graduation.term.commands import start_terms
from shared import schema, wilayah
from shared.access import Actor
from shared.clock import moment_of
from shared.contracts.graduation import GraduasiDetermined
from shared.database import refuse_violations, uuid7
from shared.dates import require_not_future, require_not_past
from shared.errors import NotFound
from shared.evidence import EvidenceKind, EvidenceUse, record_uses
from shared.files import require_uploaded
from shared.messaging import emit
from shared.text import normalize_number

MAX_NAMED_IDS = 5


@dataclass(frozen=True, slots=True)
class Determination:
    """What a request for an SK has done.

    `sk` is unsaved if no case was left to determine: its number stays free.
    """

    sk: Sk
    determined: Sequence[UUID]
    postponed: Sequence[HeldCase]


async def determine(
    session: AsyncSession, actor: Actor, terms: DecreeTerms, graduasi_ids: Sequence[UUID]
) -> Determination:
    """Determine the given cases in one SK.

    Cases whose facts have changed are postponed instead. Any other fault refuses all of them. If no case is left, no
    SK is made.

    Raises:
        NotFound, CasesNotApproved, DateInTheFuture, SkBeforeApproval, SkEnteredTooLate, DateInThePast, AnnouncementTooLate,
        FileNotUploaded, TahapNotPlanned, SamePersonTwice, FamilyAccompaniedLately, SkNumberTaken, CaseAlreadyInSk
    """
    approved = await _lock_approved(session, graduasi_ids)
    act = Act(actor, await moment_of(session), Stage.PENETAPAN, terms.sk_no, terms.evidence_sha256)
    await check_sk_dates(session, terms, act.moment.on, earliest=max(one.approved_on for one in approved))
    await require_uploaded(session, {"/body/evidence_sha256": terms.evidence_sha256})
    await require_free_number(session, terms.sk_no)
    await _check_cases(session, actor, build_sk(terms, 0, act), approved)
    held_cases = await hold_changed_cases(session, [(one.case, one.policy) for one in approved], act)
    held_ids = {one.graduasi_id for one in held_cases}
    unchanged = [one for one in approved if one.case.graduasi_id not in held_ids]
    sk = build_sk(terms, len(unchanged), act)
    if unchanged:
        await insert_sk(session, actor, sk)
        await add_cases(session, sk, unchanged, act)
    return Determination(sk, [one.case.graduasi_id for one in unchanged], held_cases)


async def check_sk_dates(
    session: AsyncSession, terms: DecreeTerms, today: date, earliest: date | None = None
) -> None:
    """Check the date of an SK and the day of its announcement.

    Raises:
        DateInTheFuture, SkBeforeApproval, SkEnteredTooLate, DateInThePast, AnnouncementTooLate
    """
    rule = await read_sk_rule(session, today)
    require_not_future(terms.sk_on, today, "/body/sk_on")
    if earliest is not None and terms.sk_on < earliest:
        raise SkBeforeApproval("/body/sk_on", on=terms.sk_on, earliest=earliest)
    if (latest := terms.sk_on + timedelta(days=rule.late_entry_days)) < today:
        raise SkEnteredTooLate("/body/sk_on", on=terms.sk_on, days=rule.late_entry_days, latest=latest)
    announced_on = terms.announced_on or today
    require_not_past(announced_on, today, "/body/announced_on")
    if announced_on > (latest := today + timedelta(days=rule.announce_ahead_days)):
        raise AnnouncementTooLate(
            "/body/announced_on", on=announced_on, days=rule.announce_ahead_days, latest=latest
        )


async def require_free_number(session: AsyncSession, sk_no: str) -> None:
    """Check that no SK has the number, however it is written.

    An SK without a case frees it.

    Raises:
        SkNumberTaken
    """
    job = schema.job.c
    statement = (
        sa.select(job.ended_at.is_not(None) & (Sk.cases == 0))
        .select_from(Sk)
        .outerjoin(schema.job, job.job_id == Sk.job_id)
        .where(sa.literal_column(NUMBER_KEY) == normalize_number(sk_no))
    )
    is_empty = (await session.scalars(statement)).one_or_none()
    if is_empty:
        await delete_empty_sk(session, sk_no)
    elif is_empty is not None:
        raise number_taken(sk_no)


def number_taken(sk_no: str) -> SkNumberTaken:
    """Return the refusal of a number that an SK has already."""
    same_number = sa.literal_column(NUMBER_KEY) == normalize_number(sk_no)
    return SkNumberTaken("/body/sk_no", existing=sa.select(Sk.sk_id).where(same_number))


async def delete_empty_sk(session: AsyncSession, sk_no: str) -> None:
    """Delete the SK of a job that added no case. Its number is free then."""
    await session.execute(sa.select(sa.func.delete_empty_sk(sk_no)))


async def insert_sk(session: AsyncSession, actor: Actor, sk: Sk) -> None:
    """Insert an SK, and record the use of its scan.

    Raises:
        SkNumberTaken: A concurrent request has inserted one with this number.
    """
    session.add(sk)
    with refuse_violations(uq_sk_sk_no=lambda: number_taken(sk.sk_no)):
        await session.flush()
    if sk.evidence_sha256 is not None:
        use = EvidenceUse(EvidenceKind.SK, sk.sk_id, None, wilayah.NATIONAL, actor)
        await record_uses(session, [sk.evidence_sha256], use)


async def add_cases(session: AsyncSession, sk: Sk, approved: Sequence[ApprovedCase], act: Act) -> None:
    """Determine locked, approved cases in an SK: start terms, emit events, grant credits.

    Raises:
        TahapNotPlanned, SamePersonTwice, FamilyAccompaniedLately, CaseAlreadyInSk
    """
    calendar = await hold_calendar(session)
    announced_on = announcement_of(sk, act.moment.on)
    penetapan = [_build_penetapan(one, sk, calendar, announced_on) for one in approved]
    await _write(session, approved, penetapan, act)
    for one, decision in zip(approved, penetapan, strict=True):
        emit(session, to_event(one.case, one.policy, decision, sk, one.offers_sha256))
    determined = [DeterminedCase(one.case, one.policy, one.usul, one.current_area) for one in approved]
    await grant_credits(session, determined, sk, act.moment.on)


async def _write(
    session: AsyncSession, approved: Sequence[ApprovedCase], penetapan: Sequence[Penetapan], act: Act
) -> None:
    with refuse_violations(pk_penetapan=CaseAlreadyInSk):
        session.add_all(penetapan)
        await session.flush()
        await advance(session, [(one.case, one.policy) for one in approved], [GraduasiState.DITETAPKAN], act)
    await start_terms(session, [(one.case, one.policy) for one in approved], penetapan, act)


async def _lock_approved(session: AsyncSession, graduasi_ids: Sequence[UUID]) -> list[ApprovedCase]:
    rows = await lock_cases(session, graduasi_ids)
    if len(rows) < len(graduasi_ids):
        raise NotFound("graduasi", "/body/graduasi_ids")
    approved = {row.case.graduasi_id for row in rows if row.case.state is GraduasiState.DISETUJUI_DINSOS}
    named = dict.fromkeys(graduasi_ids)
    not_approved = [(number, one) for number, one in enumerate(named) if one not in approved][:MAX_NAMED_IDS]
    if not_approved:
        pointers = [f"/body/graduasi_ids/{number}" for number, _ in not_approved]
        raise CasesNotApproved(ids=[one for _, one in not_approved], pointers=pointers)
    return rows


async def _check_cases(session: AsyncSession, actor: Actor, sk: Sk, approved: Sequence[ApprovedCase]) -> None:
    checks = await CaseChecks.load(session, actor, sk, approved)
    for one in approved:
        if (error := checks.find_error(one)) is not None:
            raise error


def build_sk(terms: DecreeTerms, cases: int, act: Act) -> Sk:
    """Return an SK, which is announced today unless its terms name a later day."""
    return Sk(
        sk_id=uuid7(),
        sk_no=terms.sk_no,
        sk_on=terms.sk_on,
        announced_on=terms.announced_on or act.moment.on,
        cases=cases,
        evidence_sha256=terms.evidence_sha256,
        determined_by=act.actor.person,
        at=act.moment.at,
    )


def _build_penetapan(
    approved: ApprovedCase, sk: Sk, calendar: Sequence[TahapCalendar], announced_on: date
) -> Penetapan:
    ends_on = term_ends_on(approved.policy, announced_on)
    tahap = effective_tahap(calendar, term_settled_on(ends_on))
    return Penetapan(
        graduasi_id=approved.case.graduasi_id,
        sk_id=sk.sk_id,
        usul_id=approved.usul.usul_id,
        kode_wilayah=approved.case.kode_wilayah,
        pendamping_id=approved.usul.pendamping_id,
        penugasan_id=approved.usul.penugasan_id,
        announced_on=announced_on,
        term_ends_on=ends_on,
        effective_tahap=tahap.tahap,
        effective_on=tahap.starts_on,
        last_payable_tahap=last_payable(calendar, tahap),
    )


def to_event(
    case: Graduasi, policy: Policy, penetapan: Penetapan, sk: Sk, offers_sha256: str | None
) -> GraduasiDetermined:
    """Return the event of a penetapan, as its SK is now."""
    return GraduasiDetermined.of(
        case,
        sk_id=sk.sk_id,
        sk_no=sk.sk_no,
        sk_on=sk.sk_on,
        announced_on=penetapan.announced_on,
        term_ends_on=penetapan.term_ends_on,
        effective_tahap=penetapan.effective_tahap,
        effective_on=penetapan.effective_on,
        opens_rujukan=policy.opens_rujukan,
        pendamping_id=penetapan.pendamping_id,
        statement_offers_sha256=offers_sha256,
    )
