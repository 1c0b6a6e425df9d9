"""What every edit of a family begins with: its lock, the version that the caller read, a day that has been."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.commands.family.in_hand import family_in_hand
from services.caseload.errors.family import MemberUnknown
from services.caseload.models import Kpm, KpmAnggota
from shared import clock
from shared.access import Actor
from shared.errors import DateInTheFuture, LostRace


async def edited_family(session: AsyncSession, actor: Actor, kpm_id: UUID, version: int) -> Kpm:
    """Return the family, locked, as the caller read it.

    Raises:
        NotFound, PendampingNotActive, LostRace.
    """
    kpm = (await family_in_hand(session, actor, kpm_id)).kpm
    if kpm.version != version:
        raise LostRace("/header/If-Match")
    return kpm


async def member_of(
    session: AsyncSession, kpm_id: UUID, anggota_id: UUID, pointer: str = "/body/anggota_id"
) -> KpmAnggota:
    """Return a member of the family as it is now; raise MemberUnknown."""
    member = await session.get(KpmAnggota, anggota_id, with_for_update={"key_share": True})
    if member is None or member.kpm_id != kpm_id or member.left_on is not None:
        raise MemberUnknown(pointer)
    return member


async def require_past(session: AsyncSession, on: date, pointer: str = "/body/on") -> None:
    """Raise DateInTheFuture of a day that has not come."""
    if on > (today := await clock.today(session)):
        raise DateInTheFuture(pointer, on=on, today=today)
