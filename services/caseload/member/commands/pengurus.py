from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.commands.changes import (
    change_family,
    lock_family_version,
    lock_member,
    read_members,
)
from services.caseload.family.models import KpmAnggota
from services.caseload.family.queries import read_ages
from services.caseload.family.rules import REFUSED, age, pengurus_code
from services.caseload.identity.commands import seal_consented
from services.caseload.member.errors import PengurusAlready, PengurusTooYoung
from services.caseload.tables import Source
from services.caseload.task.commands import finish_open_tugas
from services.caseload.task.models import TugasKind
from shared import clock
from shared.access import Actor
from shared.dates import require_not_future


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
    """Make another member pengurus from a day on: an adult, if there is one.

    This finishes the open task to name a pengurus, which a pengurus's death opens.

    Raises:
        NotFound, PendampingInactive, FamilyHasEnded, VersionOutdated, MemberUnknown, DateInTheFuture, PengurusAlready,
        PengurusTooYoung.
    """
    kpm = await lock_family_version(session, actor, kpm_id, version)
    member = await lock_member(session, kpm_id, anggota_id)
    require_not_future(on, await clock.latest_today(session))
    if member.pengurus:
        raise PengurusAlready("/body/anggota_id")
    members = (await read_members(session, [kpm_id], on))[kpm_id]
    await require_adult(session, member, members, on, "/body/anggota_id")
    before = await session.scalar(
        sa.select(KpmAnggota).where(
            KpmAnggota.kpm_id == kpm_id, KpmAnggota.pengurus, KpmAnggota.left_on.is_(None)
        )
    )
    if before is not None:
        before.pengurus = False
        # Flush first: the unique index allows one pengurus in each statement.
        await session.flush()
    member.pengurus = True
    kpm.pengurus_as_of, kpm.pengurus_source = await clock.today(session), Source.HTTP
    await finish_open_tugas(session, actor, TugasKind.GANTI_PENGURUS, kpm_id)
    detail = {"on": str(on), "before": before and str(before.anggota_id)}
    await change_family(session, kpm, actor, ("pengurus", anggota_id), "CHANGED", reason, **detail)
    await seal_consented(session, [kpm_id])
    return member


async def require_adult(
    session: AsyncSession, member: KpmAnggota, members: Sequence[Mapping[str, Any]], on: date, pointer: str
) -> None:
    """Raise PengurusTooYoung for a minor, if one of the members is an adult or married."""
    rule = await read_ages(session, on)
    adult = member.married or age(member.birth_on.isoformat(), on) >= rule.able_from
    if not adult and pengurus_code(members, rule, on) in REFUSED:
        raise PengurusTooYoung(pointer, able_from=rule.able_from)
