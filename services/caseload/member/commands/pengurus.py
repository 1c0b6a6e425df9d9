from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.commands.changes import change_family, edited_family, member_of
from services.caseload.family.models import KpmAnggota
from services.caseload.family.queries import ages_on
from services.caseload.family.rules import age
from services.caseload.identity.commands import seal_waiting
from services.caseload.member.errors import PengurusAlready, PengurusTooYoung
from services.caseload.task.commands import settle_tugas
from services.caseload.task.models import TugasKind
from shared import clock
from shared.access import Actor
from shared.dates import require_past


async def change_pengurus(
    session: AsyncSession,
    actor: Actor,
    kpm_id: UUID,
    *,
    anggota_id: UUID,
    on: date,
    reason: str,
    version: int,
) -> KpmAnggota:
    """Let another adult of the family hold its card from a day on; the history names the one before.

    The task to name one, which a pengurus who died has left, is done by it.

    Raises:
        NotFound, PendampingInactive, LostRace, MemberUnknown, DateInTheFuture, PengurusAlready, PengurusTooYoung.
    """
    kpm = await edited_family(session, actor, kpm_id, version)
    member = await member_of(session, kpm_id, anggota_id)
    require_past(on, await clock.today(session))
    if member.pengurus:
        raise PengurusAlready("/body/anggota_id")
    rule = await ages_on(session, on)
    if age(member.birth_on.isoformat(), on) < rule.able_from and not member.married:
        raise PengurusTooYoung("/body/anggota_id", able_from=rule.able_from)
    before = await session.scalar(
        sa.select(KpmAnggota).where(
            KpmAnggota.kpm_id == kpm_id, KpmAnggota.pengurus, KpmAnggota.left_on.is_(None)
        )
    )
    if before is not None:
        before.pengurus = False
        # Before the next one: one pengurus a family holds at every statement.
        await session.flush()
    member.pengurus = True
    await settle_tugas(session, actor, TugasKind.GANTI_PENGURUS, kpm_id)
    kept = {"on": str(on), "before": before and str(before.anggota_id)}
    await change_family(session, kpm, actor, ("pengurus", anggota_id), "CHANGED", reason, **kept)
    await seal_waiting(session, [kpm_id])
    return member
