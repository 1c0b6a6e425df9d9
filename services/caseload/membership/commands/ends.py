"""End of a membership, computed from its cases and the family's next membership."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.models import Kpm
from services.caseload.history import SYSTEM, append_history
from services.caseload.membership.models import CaseMark, CaseState, Kepesertaan
from shared.contracts.caseload import KepesertaanEnded, KepesertaanRestored
from shared.contracts.kinds import ExitReason
from shared.messaging import emit

SHORTEST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class End:
    """End of a membership: by a case, continued by another membership, or none."""

    valid_to: date | None = None
    exit_reason: ExitReason | None = None
    graduasi_id: UUID | None = None
    last_payable_tahap: str | None = None
    continued_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class NextMembership:
    """The family's next membership of the same bansos, after a re-entry."""

    kepesertaan_id: UUID
    valid_from: date


def stored_end(row: Kepesertaan) -> End:
    """Return the end in a membership's row."""
    return End(row.valid_to, row.exit_reason, row.graduasi_id, row.last_payable_tahap, row.continued_by)


def compute_end(first: date, case: CaseMark | None, following: NextMembership | None) -> End:
    """Return the end of a membership that starts on `first`.

    A case in effect ends it, at the earliest after its first day and at the latest when the next membership starts.
    Without a case it has no end, or it is continued by the next membership.
    """
    if case is None or case.effective_on is None:
        return End(following.valid_from, continued_by=following.kepesertaan_id) if following else End()
    ends = max(case.effective_on, first + SHORTEST)
    if following is not None:
        ends = min(ends, following.valid_from)
    return End(ends, case.exit_reason, case.graduasi_id, case.last_payable_tahap)


async def recompute_membership_end(session: AsyncSession, mark: CaseMark) -> tuple[Kepesertaan | None, bool]:
    """Recompute the membership's end from its cases and the next membership.

    Return the membership and whether its end changed. The membership is None if it has a successor, because then the
    successor decides about the family's accompaniment.
    """
    row = await session.get(
        Kepesertaan, mark.kepesertaan_id, with_for_update={"key_share": True}, populate_existing=True
    )
    if row is None or row.cancelled_from is not None:
        return None, False
    following = await read_next_membership(session, row)
    end = compute_end(row.valid_from, await read_effective_case(session, row.kepesertaan_id), following)
    changed = end != stored_end(row)
    if changed:
        await write_end(session, row, end, mark)
    return (None if following else row), changed


async def read_next_membership(session: AsyncSession, row: Kepesertaan) -> NextMembership | None:
    """Return the family's next membership of the same bansos."""
    later = (
        sa.select(Kepesertaan.kepesertaan_id, Kepesertaan.valid_from)
        .where(Kepesertaan.kpm_id == row.kpm_id, Kepesertaan.bansos == row.bansos)
        .where(Kepesertaan.valid_from > row.valid_from, Kepesertaan.cancelled_from.is_(None))
        .order_by(Kepesertaan.valid_from)
    )
    next_row = (await session.execute(later.limit(1))).one_or_none()
    return NextMembership(*next_row) if next_row else None


async def read_effective_case(session: AsyncSession, kepesertaan_id: UUID) -> CaseMark | None:
    """Return the case that ends a membership.

    Graduation allows only one. If there are several, it is the one with the earliest effect.
    """
    statement = (
        sa.select(CaseMark)
        .where(CaseMark.kepesertaan_id == kepesertaan_id, CaseMark.state == CaseState.EFFECTIVE)
        .order_by(CaseMark.effective_on, CaseMark.graduasi_id)
    )
    return (await session.scalars(statement.limit(1))).one_or_none()


async def write_end(session: AsyncSession, row: Kepesertaan, end: End, mark: CaseMark) -> None:
    """Store the end of a membership, append it to the history and emit it."""
    before = stored_end(row)
    row.valid = Range(row.valid_from, end.valid_to)
    row.exit_reason, row.graduasi_id = end.exit_reason, end.graduasi_id
    row.last_payable_tahap, row.continued_by = end.last_payable_tahap, end.continued_by
    row.version += 1
    kode_wilayah = (await session.get_one(Kpm, row.kpm_id)).kode_wilayah
    if end.exit_reason is None:
        why, case = mark.reason or "ANNULLED", str(before.graduasi_id)
        await append_membership_history(session, row, "RESTORED", why, graduasi_id=case)
        others = {"kode_wilayah": kode_wilayah, "graduasi_id": before.graduasi_id}
        emit(session, KepesertaanRestored.of(row, **others))
        return
    act = "END_MOVED" if before.graduasi_id == end.graduasi_id else "ENDED"
    await append_membership_history(session, row, act, end.exit_reason.value)
    emit(session, KepesertaanEnded.of(row, kode_wilayah=kode_wilayah))


async def append_membership_history(
    session: AsyncSession, row: Kepesertaan, act: str, why: str, **detail: Any
) -> None:
    values = {"valid_to": str(row.valid_to), "version": row.version, **detail}
    entry = (row.kpm_id, "kepesertaan", row.kepesertaan_id, act)
    await append_history(session, *entry, actor=SYSTEM, why=why, **values)
