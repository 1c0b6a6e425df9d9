"""Validation of the placements of a hand-over."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.commands.assignment import Pointers, placement_for
from services.caseload.dampingan.errors import PenugasanNotInForce
from services.caseload.hand_over.errors import KindsDiffer, PenugasanIdentical
from services.caseload.hand_over.models import HandOverTerms
from services.caseload.replicas.models import Penugasan
from shared import clock
from shared.errors import NotYetKnown
from shared.validity import covers

POINTERS = Pointers("/body/to_penugasan_id", "/body/on", "/body/kode_wilayah")


async def read_placements(session: AsyncSession, order: HandOverTerms) -> tuple[Penugasan, Penugasan]:
    """Return the giving and the taking placement. Only the giving one may have ended.

    Raises:
        PenugasanIdentical, NotYetKnown, PendampingInactive, PenugasanNotInForce, FamilyOutsideWilayahTugas,
        DateTooEarly,
        KindsDiffer.
    """
    if order.from_penugasan_id == order.to_penugasan_id:
        raise PenugasanIdentical(POINTERS.placement)
    giving = await session.get(Penugasan, order.from_penugasan_id)
    if giving is None:
        raise NotYetKnown("penugasan", "/body/from_penugasan_id")
    taking = await placement_for(session, order.kode_wilayah, order.to_penugasan_id, order.on, POINTERS)
    today = await clock.today(session)
    if order.on <= today and not covers(taking.valid_from, taking.valid_to, today):
        raise PenugasanNotInForce(POINTERS.placement, on=today)
    if giving.kind is not taking.kind:
        raise KindsDiffer(POINTERS.placement, giving=giving.kind.value, taking=taking.kind.value)
    return giving, taking
