"""End of members in a family: period, komponen, business, pengurus (docs/case-lifecycle.md#end-of-a-member)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.business.commands.usaha import end_businesses
from services.caseload.family.models import EndReason
from services.caseload.tables import Source
from services.caseload.task.commands import open_many
from services.caseload.task.models import TugasKind
from shared import clock
from shared.contracts.kinds import UsahaEndReason
from shared.database import raw

# A member leaves on the day of joining at the earliest. `others`: the family has a member who stays.
END_PERIODS = """
UPDATE kpm_anggota a SET left_on = greatest(e.on_day, a.joined_on), end_reason = e.reason, pengurus = false,
    as_of = $4, source = $5
FROM unnest($1::uuid[], $2::text[], $3::date[]) AS e(anggota_id, reason, on_day)
WHERE a.anggota_id = e.anggota_id AND a.left_on IS NULL
RETURNING a.anggota_id, a.kpm_id, a.left_on, a.end_reason, old.pengurus,
    EXISTS (SELECT FROM kpm_anggota o WHERE o.kpm_id = a.kpm_id AND o.left_on IS NULL AND NOT o.anggota_id = ANY($1))
        AS others
"""
DELETE_KOMPONEN = """
DELETE FROM komponen k USING unnest($1::uuid[], $2::date[]) AS e(anggota_id, on_day)
WHERE k.anggota_id = e.anggota_id AND lower(k.valid) >= e.on_day
RETURNING k.komponen_id, k.anggota_id, k.kind, lower(k.valid) AS valid_from, upper(k.valid) AS valid_to
"""
END_KOMPONEN = """
UPDATE komponen k SET valid = daterange(lower(k.valid), e.on_day), version = k.version + 1
FROM unnest($1::uuid[], $2::date[]) AS e(anggota_id, on_day)
WHERE k.anggota_id = e.anggota_id AND NOT isempty(k.valid) AND coalesce(upper(k.valid) > e.on_day, true)
RETURNING k.komponen_id, k.anggota_id, k.kind, lower(old.valid) AS valid_from, upper(old.valid) AS valid_to
"""


@dataclass(frozen=True, slots=True)
class MemberEnd:
    """Who leaves a family, why, and the first day without the person."""

    anggota_id: UUID
    reason: EndReason
    on: date


@dataclass(slots=True)
class EndedMember:
    """A member who has left, with the komponen and business that ended."""

    anggota_id: UUID
    kpm_id: UUID
    reason: EndReason
    left_on: date
    pengurus: bool
    last: bool
    komponen: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    usaha_id: UUID | None = None

    def detail(self) -> dict[str, Any]:
        """Return what `restore_anggota` needs to undo the end, for the history."""
        usaha_id = self.usaha_id and str(self.usaha_id)
        return {
            "left_on": str(self.left_on),
            "pengurus": self.pengurus,
            "komponen": self.komponen,
            "usaha_id": usaha_id,
        }


async def end_members(
    session: AsyncSession,
    ends: Sequence[MemberEnd],
    *,
    with_usaha: bool = True,
    as_of: date | None = None,
    source: Source = Source.HTTP,
) -> list[EndedMember]:
    """End members with their komponen and businesses, and return those who have left.

    It emits each business that ends. The caller recomputes and emits the facts of the family. The death of a pengurus
    opens a task to name another. Without `with_usaha`, the businesses go with their owners to another family.
    `as_of` is the day of an intake's file, by default today. People who have left already are skipped. Rows of these
    members that the session has loaded are not refreshed.
    """
    if not ends:
        return []
    await session.flush()
    # Fast path: one statement for each table for the members of a step (bench: intake).
    connection = await raw(session)
    columns = zip(*((end.anggota_id, end.reason.value, end.on) for end in ends), strict=True)
    sourced = (as_of or await clock.today(session), source.value)
    ended = {
        row["anggota_id"]: EndedMember(
            anggota_id=row["anggota_id"],
            kpm_id=row["kpm_id"],
            reason=EndReason(row["end_reason"]),
            left_on=row["left_on"],
            pengurus=row["pengurus"],
            last=not row["others"],
        )
        for row in await connection.fetch(END_PERIODS, *columns, *sourced)
    }
    ids, days = list(ended), [member.left_on for member in ended.values()]
    for statement in (DELETE_KOMPONEN, END_KOMPONEN):
        for row in await connection.fetch(statement, ids, days):
            ended[row["anggota_id"]].komponen.append(komponen_snapshot(row))
    if with_usaha:
        reasons = [usaha_end_reason(member.reason) for member in ended.values()]
        for anggota_id, usaha_id in await end_businesses(session, ids, days, reasons):
            ended[anggota_id].usaha_id = usaha_id
    dead = [member for member in ended.values() if member.reason is EndReason.MENINGGAL]
    causes = [(member.kpm_id, member.anggota_id) for member in dead if member.pengurus and not member.last]
    await open_many(session, TugasKind.GANTI_PENGURUS, causes)
    return list(ended.values())


def usaha_end_reason(reason: EndReason) -> UsahaEndReason:
    """Return why the business of a member ends."""
    return UsahaEndReason.MENINGGAL if reason is EndReason.MENINGGAL else UsahaEndReason.KELUAR


def komponen_snapshot(row: Any) -> dict[str, Any]:
    """Return a komponen as it was, in the form of the history's detail."""
    return {
        "komponen_id": str(row["komponen_id"]),
        "kind": row["kind"],
        "valid_from": str(row["valid_from"]),
        "valid_to": row["valid_to"] and str(row["valid_to"]),
    }
