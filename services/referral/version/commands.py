"""Void versions that were set by mistake (docs/domain.md#rules-that-are-data)."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.consent.models import ConsentText
from services.referral.deadline.models import SlaTerm
from services.referral.follow_up.models import OutcomeRule
from services.referral.place.commands import retake_places, schedule_promotion
from services.referral.place.models import IntakeWindow, ProgramQuota, ProgramQuotaChange, QuotaPlace
from services.referral.program.models import Program
from services.referral.rujukan.models import ENDED, RujukanProgram
from services.referral.version.errors import VersionAlreadyVoided, VersionNotVoidable
from services.referral.version.models import VersionKind, VersionVoid, VersionVoidTerms
from shared import clock
from shared.access import Actor
from shared.database import insert, load
from shared.errors import NotFound
from shared.validity import restore_previous

K = VersionKind
Void = Callable[[AsyncSession, Any, date], Awaitable[None]]
TABLES: Mapping[VersionKind, type[Any]] = {
    K.SLA_TERM: SlaTerm,
    K.OUTCOME_RULE: OutcomeRule,
    K.CONSENT_TEXT: ConsentText,
    K.PROGRAM: Program,
    K.QUOTA: ProgramQuota,
    K.INTAKE: IntakeWindow,
}
NUMBERED = frozenset({K.OUTCOME_RULE, K.CONSENT_TEXT})


async def void_version(session: AsyncSession, terms: VersionVoidTerms, actor: Actor) -> VersionVoid:
    """Void a version that was set by mistake. The version before it applies again.

    Raises:
        NotFound, VersionAlreadyVoided
        VersionNotVoidable: a rule or a text has applied before today. A program ends today instead.
    """
    key = _key_of(terms)
    version = await session.get(TABLES[terms.kind], key)
    if version is None:
        raise NotFound("record", "/body/version_id")
    before = await session.get(VersionVoid, (terms.kind, str(key)))
    if before is not None:
        raise VersionAlreadyVoided(on=before.voided_on)
    today = await clock.today(session)
    void = VersionVoid(
        kind=terms.kind,
        version_id=str(key),
        reason=terms.reason,
        voided_on=today,
        voided_by=actor.sub,
    )
    await insert(session, void, pk_version_void=VersionAlreadyVoided(on=today))
    await VOIDS[terms.kind](session, version, today)
    return void


def _key_of(terms: VersionVoidTerms) -> UUID | int:
    try:
        return int(terms.version_id) if terms.kind in NUMBERED else UUID(terms.version_id)
    except ValueError:
        raise NotFound("record", "/body/version_id") from None


async def _void_term(session: AsyncSession, term: SlaTerm, today: date) -> None:
    _require_not_begun(term, today)
    same = SlaTerm.program_code.is_not_distinct_from(term.program_code)
    await restore_previous(session, term, (await session.scalars(sa.select(SlaTerm).where(same))).all())


async def _void_outcome_rule(session: AsyncSession, rule: OutcomeRule, today: date) -> None:
    _require_not_begun(rule, today)
    await restore_previous(session, rule, (await session.scalars(sa.select(OutcomeRule))).all())


async def _void_text(_: AsyncSession, text: ConsentText, today: date) -> None:
    _require_not_begun(text, today)
    text.voided_on = today


async def _void_program(session: AsyncSession, program: Program, today: date) -> None:
    """Void a revision that has not begun before today, or end it today."""
    if program.valid_from < today:
        _require_not_ended(program, today)
        program.valid_to = today
        return
    same = sa.select(Program).where(Program.code == program.code)
    await restore_previous(session, program, (await session.scalars(same)).all())


async def _void_quota(session: AsyncSession, quota: ProgramQuota, today: date) -> None:
    """Empty a quota. Open offers take their places in the quota before it."""
    _require_not_ended(quota, today)
    own = sa.select(QuotaPlace).where(QuotaPlace.quota_id == quota.quota_id, QuotaPlace.released_on.is_(None))
    places = own.order_by(QuotaPlace.rujukan_program_id)
    ids = [place.rujukan_program_id for place in await session.scalars(places)]
    offers = [await load(session, RujukanProgram, one) for one in ids]
    await schedule_promotion(session, quota.program_code)
    await session.refresh(quota, with_for_update={"key_share": True})  # after offers and tasks, as everywhere
    for place in await session.scalars(places, execution_options={"populate_existing": True}):
        place.released_on, place.released_as = today, "VOIDED"
    await session.flush()
    await session.refresh(quota)
    await _restore_quota(session, quota)
    for row in offers:
        if row.state not in ENDED:
            await retake_places(session, row, today)


async def _restore_quota(session: AsyncSession, voided: ProgramQuota) -> None:
    """Restore the end that the quota before a voided one had."""
    same = (
        ProgramQuota.program_code == voided.program_code,
        ProgramQuota.kode_wilayah == voided.kode_wilayah,
    )
    quotas = (await session.scalars(sa.select(ProgramQuota).where(*same))).all()
    previous = await restore_previous(session, voided, quotas)
    if previous is None:
        return
    change = ProgramQuotaChange
    ends = sa.select(change.valid_to).where(change.quota_id == previous.quota_id)
    ended = await session.scalar(ends.order_by(change.version.desc()).limit(1))
    later = [one for one in quotas if one.valid_from > previous.valid_from and not one.is_voided]
    ends_on: list[date] = [one.valid_from for one in later] + ([ended] if ended else [])
    previous.valid_to = min(ends_on, default=None)
    previous.version += 1
    await session.flush()


async def _void_intake(session: AsyncSession, window: IntakeWindow, today: date) -> None:
    if window.closes_on is not None and window.closes_on <= today:
        raise VersionNotVoidable(on=window.opens_on)
    window.closes_on = window.opens_on
    await schedule_promotion(session, window.program_code)


def _require_not_begun(version: Any, today: date) -> None:
    if version.valid_from < today:
        raise VersionNotVoidable(on=version.valid_from)


def _require_not_ended(version: Any, today: date) -> None:
    if version.valid_to is not None and version.valid_to <= today:
        raise VersionNotVoidable(on=version.valid_from)


VOIDS: Mapping[VersionKind, Void] = {
    K.SLA_TERM: _void_term,
    K.OUTCOME_RULE: _void_outcome_rule,
    K.CONSENT_TEXT: _void_text,
    K.PROGRAM: _void_program,
    K.QUOTA: _void_quota,
    K.INTAKE: _void_intake,
}
