"""Handlers of graduation's and referral's events about memberships, dampingan and tasks."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.graduation_effect.commands.effect import apply_fact, apply_objection, apply_result
from services.caseload.graduation_effect.commands.monitoring_end import (
    close_re_entry_task,
    end_with_monitoring,
    open_re_entry_task,
    open_visit_task,
)
from services.caseload.graduation_effect.commands.partner_request import follow_request
from services.caseload.subscriptions import graduation, tugas
from shared.contracts.graduation import (
    GraduasiAnnulled,
    GraduasiClosed,
    GraduasiDetermined,
    GraduasiProposed,
    KpmGraduated,
    MonitoringRecorded,
    RelapseConfirmed,
    RelapseReversed,
    SanggahDecided,
    SanggahLodged,
)
from shared.contracts.referral import (
    RelapseReported,
    RujukanAnswered,
    RujukanDelivered,
    RujukanExpired,
    RujukanSupplied,
    RujukanWithdrawn,
)


@graduation.on(GraduasiProposed)
async def apply_proposed(session: AsyncSession, event: GraduasiProposed) -> None:
    """Mark the membership with an open case."""
    await apply_fact(session, event, "proposed")


@graduation.on(GraduasiClosed)
async def apply_closed(session: AsyncSession, event: GraduasiClosed) -> None:
    """Close the case mark. The membership continues."""
    await apply_fact(session, event, "closed")


@graduation.on(GraduasiDetermined)
async def apply_determined(session: AsyncSession, event: GraduasiDetermined) -> None:
    """Announce the end of the membership, which has not ended yet."""
    await apply_fact(session, event, "determined")


@graduation.on(KpmGraduated)
async def apply_graduated(session: AsyncSession, event: KpmGraduated) -> None:
    """End the membership of the case, and no other one."""
    await apply_fact(session, event, "graduated")


@graduation.on(GraduasiAnnulled)
async def apply_annulled(session: AsyncSession, event: GraduasiAnnulled) -> None:
    """Restore the membership after its SK was annulled."""
    await apply_fact(session, event, "annulled")


# An objection in term suspends the end of the membership until it is refused.
graduation.on(SanggahLodged, SanggahDecided)(apply_objection)

graduation.on(MonitoringRecorded)(apply_result)

tugas.on(MonitoringRecorded)(end_with_monitoring)
tugas.on(RelapseConfirmed)(open_re_entry_task)
tugas.on(RelapseReversed)(close_re_entry_task)
tugas.on(RelapseReported)(open_visit_task)
tugas.on(RujukanAnswered, RujukanSupplied, RujukanDelivered, RujukanExpired, RujukanWithdrawn)(follow_request)
