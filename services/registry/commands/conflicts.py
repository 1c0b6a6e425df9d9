"""Which two kinds one person may not hold in the same time: rules with dates, of which none is ever rewritten."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.commands.recording import remember_range, require_national
from services.registry.errors import AlreadyEnded, ConflictOverlaps, OneKindTwice, RangeBackward
from services.registry.models import RoleConflict
from shared.access import Actor
from shared.contracts.kinds import PilarKind
from shared.database import insert, load, uuid7

FIRST_REASON = "ATURAN_BARU"


async def set_role_conflict(
    session: AsyncSession,
    actor: Actor,
    *,
    kind: PilarKind,
    other_kind: PilarKind,
    paid_only: bool,
    reason_en: str,
    reason_id: str,
    source: str,
    valid_from: date,
) -> RoleConflict:
    """Forbid a pair from `valid_from` (`paid_only`: where both are paid). Placements that were made stay.

    Raises NotAllowed, OneKindTwice, ConflictOverlaps: a pair has one rule at a time, whichever kind is named first.
    """
    require_national(actor)
    row = RoleConflict(
        role_conflict_id=uuid7(),
        kind=kind,
        other_kind=other_kind.value,
        paid_only=paid_only,
        reason_en=reason_en,
        reason_id=reason_id,
        source=source,
        valid_from=valid_from,
        version=1,
    )
    refusals = {
        "ck_role_conflict_two_kinds": OneKindTwice(
            "/body/other_kind", kind=kind.value, other=other_kind.value
        ),
        "ex_role_conflict_range": ConflictOverlaps(
            "/body/valid_from", kind=kind.value, other=other_kind.value
        ),
    }
    await insert(session, row, **refusals)
    remember_range(session, row, reason=FIRST_REASON, actor=actor)
    return row


async def end_role_conflict(
    session: AsyncSession, actor: Actor, role_conflict_id: UUID, *, valid_to: date, reason: str
) -> RoleConflict:
    """Let a pair be free from `valid_to`.

    Raises NotAllowed, NotFound, RangeBackward, AlreadyEnded.
    """
    require_national(actor)
    row = await load(session, RoleConflict, role_conflict_id, noun="role conflict")
    if valid_to <= row.valid_from:
        raise RangeBackward("/body/valid_to", valid_from=row.valid_from)
    if row.valid_to is not None and valid_to >= row.valid_to:
        raise AlreadyEnded("/body/valid_to", valid_to=row.valid_to)
    row.valid_to = valid_to
    row.version += 1
    remember_range(session, row, reason=reason, actor=actor)
    return row
