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


@graduation.on(GraduasiProposed)
async def mark_open_case(session: AsyncSession, event: GraduasiProposed) -> None:
    """A case is open on the membership."""
    await hear(session, event, "proposed")


@graduation.on(GraduasiClosed)
async def clear_mark(session: AsyncSession, event: GraduasiClosed) -> None:
    """The case ended without a penetapan; the membership goes on."""
    await hear(session, event, "closed")


@graduation.on(GraduasiDetermined)
async def announce(session: AsyncSession, event: GraduasiDetermined) -> None:
    """The end is announced; nothing has ended."""
    await hear(session, event, "determined")


@graduation.on(KpmGraduated)
async def end_membership(session: AsyncSession, event: KpmGraduated) -> None:
    """The graduation takes effect: the membership ends, and no other."""
    await hear(session, event, "graduated")


@graduation.on(GraduasiAnnulled)
async def restore_membership(session: AsyncSession, event: GraduasiAnnulled) -> None:
    """The SK is undone: the membership is as if it had never ended."""
    await hear(session, event, "annulled")


@graduation.on(SanggahLodged)
async def hold_end(session: AsyncSession, event: SanggahLodged) -> None:
    """An objection in term stops the end."""
    await hear_objection(session, event)


@graduation.on(SanggahDecided)
async def go_on(session: AsyncSession, event: SanggahDecided) -> None:
    """Refused: what was held goes on."""
    await hear_objection(session, event)


SUBSCRIPTIONS += [placement, tugas]


@tugas.on(MonitoringRecorded)
async def let_go_of_family(session: AsyncSession, event: MonitoringRecorded) -> None:
    """The monitoring is complete: the accompaniment ends."""
    await end_with_monitoring(session, event)


@tugas.on(RelapseConfirmed)
async def ask_for_re_entry(session: AsyncSession, event: RelapseConfirmed) -> None:
    """The family has fallen back: a re-entry task."""
    await open_re_entry(session, event)


@tugas.on(RelapseReported)
async def ask_for_visit(session: AsyncSession, event: RelapseReported) -> None:
    """Perhaps it has: a visit task."""
    await open_visit(session, event)
