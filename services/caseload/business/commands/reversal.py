"""Undo an end or transfer of a business that was recorded in error."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.business.commands.usaha import (
    OF_FORMER_OWNER,
    end_usaha,
    lock_usaha_row,
    publish_usaha,
    reopen_usaha,
)
from services.caseload.business.errors import (
    UsahaEndedWithOwner,
    UsahaHasEnded,
    UsahaKnown,
    UsahaNotEnded,
    UsahaTransferredAgain,
)
from services.caseload.business.models import Usaha
from services.caseload.family.models import Kpm, KpmAnggota
from shared.access import Actor
from shared.contracts.kinds import UsahaEndReason


async def undo_usaha_end(session: AsyncSession, actor: Actor, usaha_id: UUID, *, version: int) -> Usaha:
    """Open a business again that was closed or transferred in error.

    After a transfer, the business that continues it ends on the day of the transfer. The business of somebody who has
    died or left stays ended and can be transferred again.

    Raises:
        NotFound, PendampingInactive, FamilyHasEnded, VersionOutdated, UsahaNotEnded, UsahaEndedWithOwner,
        UsahaHasEnded, UsahaKnown, UsahaTransferredAgain.
    """
    home_id = await session.scalar(sa.select(Usaha.kpm_id).where(Usaha.continues == usaha_id))
    kpm, usaha, home = await lock_usaha_row(session, actor, usaha_id, version, home_id)
    if usaha.ended_on is None:
        raise UsahaNotEnded
    owner = await session.get_one(KpmAnggota, usaha.anggota_id)
    is_member = owner.kpm_id == kpm.kpm_id and owner.left_on is None
    if home_id is None and not is_member:
        with_owner = usaha.end_reason in OF_FORMER_OWNER
        raise UsahaEndedWithOwner if with_owner else UsahaHasEnded(ended_on=usaha.ended_on)
    if home_id is not None:
        await end_continuing(session, actor, home, usaha)
    if is_member:
        await require_no_business(session, owner.anggota_id)
        await reopen_usaha(session, actor, kpm, owner, usaha_id)
    return usaha


async def end_continuing(session: AsyncSession, actor: Actor, home: Kpm, former: Usaha) -> None:
    """End the business that continues a former one, so that it counts on no day.

    Raises:
        UsahaTransferredAgain: That business was transferred to another person.
    """
    statement = sa.select(Usaha).where(Usaha.continues == former.usaha_id)
    usaha = (await session.scalars(statement.with_for_update(key_share=True))).one()
    if await session.scalar(sa.select(sa.exists().where(Usaha.continues == usaha.usaha_id))):
        raise UsahaTransferredAgain(usaha_id=usaha.usaha_id)
    await end_usaha(session, usaha, UsahaEndReason.DITUTUP, former.ended_on or usaha.started_on)
    usaha.continues = None
    owner = await session.get_one(KpmAnggota, usaha.anggota_id)
    before = str(former.usaha_id)
    await publish_usaha(session, actor, home, owner, usaha, "TRANSFER_UNDONE", before=before)


async def require_no_business(session: AsyncSession, anggota_id: UUID) -> None:
    """Raise UsahaKnown if a member has a business that has not ended."""
    running = sa.exists().where(Usaha.anggota_id == anggota_id, Usaha.ended_on.is_(None))
    if await session.scalar(sa.select(running)):
        raise UsahaKnown
