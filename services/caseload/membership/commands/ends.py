"""When a membership ends: worked out from its cases and from the membership that follows, and written once."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.models import Kpm
from services.caseload.history import remember
from services.caseload.membership.models import CaseMark, CaseState, Kepesertaan
from shared.contracts.caseload import KepesertaanEnded, KepesertaanRestored
from shared.contracts.kinds import ExitReason
from shared.messaging import emit

SHORTEST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class End:
    """How a membership ends: with a case's reason, or because another goes on; or not at all."""

    valid_to: date | None = None
    exit_reason: ExitReason | None = None
    graduasi_id: UUID | None = None
    last_payable_tahap: str | None = None
    continued_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class Following:
    """The next membership of the same bansos: a re-entry."""

    kepesertaan_id: UUID
    valid_from: date


def end_of(row: Kepesertaan) -> End:
    """Return how a membership ends as written."""
    return End(row.valid_to, row.exit_reason, row.graduasi_id, row.last_payable_tahap, row.continued_by)


def end_wanted(first: date, case: CaseMark | None, following: Following | None) -> End:
    """Return how a membership that began on `first` ends.

    A case in effect ends it, at the latest where the next one begins, at the earliest after its first day. Without
    one it goes on; where the family has come back meanwhile, up to that day: the days between are given back.
    """
    if case is None or case.effective_on is None:
        return End(following.valid_from, continued_by=following.kepesertaan_id) if following else End()
    ends = max(case.effective_on, first + SHORTEST)
    if following is not None:
        ends = min(ends, following.valid_from)
    return End(ends, case.exit_reason, case.graduasi_id, case.last_payable_tahap)


async def settle(session: AsyncSession, mark: CaseMark) -> tuple[Kepesertaan | None, bool]:
    """Write the end of the case's membership as its cases and its successor have it; return it, and whether it changed.

    None when a later membership of the bansos is what the family's accompaniment follows.
    """
    row = await session.get(
        Kepesertaan, mark.kepesertaan_id, with_for_update={"key_share": True}, populate_existing=True
    )
    if row is None:
        return None, False
    following = await following_of(session, row)
    wanted = end_wanted(row.valid_from, await case_in_effect(session, row.kepesertaan_id), following)
    changed = wanted != end_of(row)
    if changed:
        await write_end(session, row, wanted, mark)
    return (None if following else row), changed


async def following_of(session: AsyncSession, row: Kepesertaan) -> Following | None:
    """Return the family's next membership of the same bansos."""
    later = (
        sa.select(Kepesertaan.kepesertaan_id, Kepesertaan.valid_from)
        .where(Kepesertaan.kpm_id == row.kpm_id, Kepesertaan.bansos == row.bansos)
        .where(Kepesertaan.valid_from > row.valid_from)
        .order_by(Kepesertaan.valid_from)
    )
    found = (await session.execute(later.limit(1))).one_or_none()
    return Following(*found) if found else None


async def case_in_effect(session: AsyncSession, kepesertaan_id: UUID) -> CaseMark | None:
    """Return the case that ends a membership; of several, which graduation does not allow, the first to do so."""
    found = (
        sa.select(CaseMark)
        .where(CaseMark.kepesertaan_id == kepesertaan_id, CaseMark.state == CaseState.EFFECTIVE)
        .order_by(CaseMark.effective_on, CaseMark.graduasi_id)
    )
    return (await session.scalars(found.limit(1))).one_or_none()


async def write_end(session: AsyncSession, row: Kepesertaan, wanted: End, mark: CaseMark) -> None:
    """Write how a membership ends, and tell graduation and registry."""
    before = end_of(row)
    row.valid = Range(row.valid_from, wanted.valid_to)
    row.exit_reason, row.graduasi_id = wanted.exit_reason, wanted.graduasi_id
    row.last_payable_tahap, row.continued_by = wanted.last_payable_tahap, wanted.continued_by
    row.version += 1
    kode_wilayah = (await session.get_one(Kpm, row.kpm_id)).kode_wilayah
    if wanted.exit_reason is None:
        await note(session, row, "RESTORED", mark.reason or "annulled", graduasi_id=str(before.graduasi_id))
        others = {"kode_wilayah": kode_wilayah, "graduasi_id": before.graduasi_id}
        emit(session, KepesertaanRestored.of(row, **others))
        return
    act = "END_MOVED" if before.graduasi_id == wanted.graduasi_id else "ENDED"
    await note(session, row, act, wanted.exit_reason.value)
    emit(session, KepesertaanEnded.of(row, kode_wilayah=kode_wilayah))


async def note(session: AsyncSession, row: Kepesertaan, act: str, why: str, **detail: Any) -> None:
    """Add to the history what happened to a membership."""
    kept = {"valid_to": str(row.valid_to), "version": row.version, **detail}
    place = (row.kpm_id, "kepesertaan", row.kepesertaan_id, act)
    await remember(session, *place, who="system:caseload", why=why, **kept)
