from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.graduation_effect.commands.after_exit import (
    end_with_monitoring,
    open_re_entry,
    open_visit,
)
from services.caseload.graduation_effect.commands.effect import hear, hear_objection
from services.caseload.subscriptions import SUBSCRIPTIONS, graduation, placement, tugas
from shared.contracts.graduation import (
    GraduasiAnnulled,
    GraduasiClosed,
    GraduasiDetermined,
    GraduasiProposed,
    KpmGraduated,
    MonitoringRecorded,
    RelapseConfirmed,
    SanggahDecided,
    SanggahLodged,
)
from shared.contracts.referral import RelapseReported
from shared.messaging import Meta


@graduation.on(GraduasiProposed)
async def mark_open_case(session: AsyncSession, event: GraduasiProposed, meta: Meta) -> None:
    """A case is open on the membership."""
    del meta
    await hear(session, event, "proposed")


@graduation.on(GraduasiClosed)
async def clear_mark(session: AsyncSession, event: GraduasiClosed, meta: Meta) -> None:
    """The case ended without a penetapan; the membership goes on."""
    del meta
    await hear(session, event, "closed")


@graduation.on(GraduasiDetermined)
async def announce(session: AsyncSession, event: GraduasiDetermined, meta: Meta) -> None:
    """The end is announced; nothing has ended."""
    del meta
    await hear(session, event, "determined")


@graduation.on(KpmGraduated)
async def end_membership(session: AsyncSession, event: KpmGraduated, meta: Meta) -> None:
    """The graduation takes effect: the membership ends, and no other."""
    del meta
    await hear(session, event, "graduated")


@graduation.on(GraduasiAnnulled)
async def restore_membership(session: AsyncSession, event: GraduasiAnnulled, meta: Meta) -> None:
    """The SK is undone: the membership is as if it had never ended."""
    del meta
    await hear(session, event, "annulled")


@graduation.on(SanggahLodged)
async def hold_end(session: AsyncSession, event: SanggahLodged, meta: Meta) -> None:
    """An objection in term stops the end."""
    del meta
    await hear_objection(session, event)


@graduation.on(SanggahDecided)
async def go_on(session: AsyncSession, event: SanggahDecided, meta: Meta) -> None:
    """Refused: what was held goes on."""
    del meta
    await hear_objection(session, event)


SUBSCRIPTIONS += [placement, tugas]


@tugas.on(MonitoringRecorded)
async def let_go_of_family(session: AsyncSession, event: MonitoringRecorded, meta: Meta) -> None:
    """The monitoring is complete: the accompaniment ends."""
    del meta
    await end_with_monitoring(session, event)


@tugas.on(RelapseConfirmed)
async def ask_for_re_entry(session: AsyncSession, event: RelapseConfirmed, meta: Meta) -> None:
    """The family has fallen back: a re-entry task."""
    del meta
    await open_re_entry(session, event)


@tugas.on(RelapseReported)
async def ask_for_visit(session: AsyncSession, event: RelapseReported, meta: Meta) -> None:
    """Perhaps it has: a visit task."""
    del meta
    await open_visit(session, event)
