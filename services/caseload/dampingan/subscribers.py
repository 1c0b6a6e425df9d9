from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.commands.placements import (
    await_end_of_area,
    await_end_of_penugasan,
    await_leaving,
)
from services.caseload.subscriptions import placement
from shared.contracts.registry import (
    PendampingStatusChanged,
    PenugasanEnded,
    PenugasanStarted,
    WilayahTugasEnded,
    WilayahTugasPlaced,
)


@placement.on(PenugasanStarted, PenugasanEnded)
async def watch_penugasan(session: AsyncSession, event: PenugasanStarted | PenugasanEnded) -> None:
    """A placement ends on a day: the families under it are without anybody from then on."""
    await await_end_of_penugasan(session, event)


@placement.on(WilayahTugasPlaced, WilayahTugasEnded)
async def watch_area(session: AsyncSession, event: WilayahTugasPlaced | WilayahTugasEnded) -> None:
    """An area is covered until a day: so are its families."""
    await await_end_of_area(session, event)


@placement.on(PendampingStatusChanged)
async def watch_pendamping(session: AsyncSession, event: PendampingStatusChanged) -> None:
    """A pendamping serves no more from a day on."""
    await await_leaving(session, event)
