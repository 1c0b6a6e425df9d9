"""Reactions of memberships, dampingan and tasks to what graduation and referral report."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.graduation_effect.commands.after_exit import (
    end_with_monitoring,
    open_re_entry,
    open_visit,
)
from services.caseload.graduation_effect.commands.effect import hear, hear_objection
from services.caseload.subscriptions import graduation, tugas
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


# An objection in term holds the end; refused, the end goes on.
graduation.on(SanggahLodged, SanggahDecided)(hear_objection)

tugas.on(MonitoringRecorded)(end_with_monitoring)
tugas.on(RelapseConfirmed)(open_re_entry)
tugas.on(RelapseReported)(open_visit)
