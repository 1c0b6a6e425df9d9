"""What a hand-over is about: which families, from whom, to whom, from which day on."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.commands.assignment import Pointers, placement_for
from services.caseload.dampingan.errors import PenugasanNotInForce
from services.caseload.hand_over.errors import KindsDiffer, PenugasanIsItself
from services.caseload.hand_over.models import HandOverTerms
from services.caseload.replicas.models import Penugasan
from shared import clock
from shared.errors import NotYetKnown
from shared.validity import covers

AT = Pointers("/body/to_penugasan_id", "/body/on", "/body/kode_wilayah")


async def placements_of(session: AsyncSession, order: HandOverTerms) -> tuple[Penugasan, Penugasan]:
    """Return the giving and the taking placement; who gives may have ended, who takes may not.

    Raises:
        PenugasanIsItself, NotYetKnown, PendampingInactive, PenugasanNotInForce, FamilyOutsideWilayahTugas, DateTooEarly,
        KindsDiffer.
    """
    if order.from_penugasan_id == order.to_penugasan_id:
        raise PenugasanIsItself(AT.placement)
    giving = await session.get(Penugasan, order.from_penugasan_id)
    if giving is None:
        raise NotYetKnown("penugasan", "/body/from_penugasan_id")
    taking = await placement_for(session, order.kode_wilayah, order.to_penugasan_id, order.on, AT)
    today = await clock.today(session)
    if order.on <= today and not covers(taking.valid_from, taking.valid_to, today):
        raise PenugasanNotInForce(AT.placement, on=today)
    if giving.kind is not taking.kind:
        raise KindsDiffer(AT.placement, giving=giving.kind.value, taking=taking.kind.value)
    return giving, taking
