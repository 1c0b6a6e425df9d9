"""Effects after an exit: end of the monitoring, and tasks after a relapse."""

from datetime import date
from uuid import UUID, uuid5

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.models import Dampingan, GapCause
from services.caseload.dampingan.rules import day_after, schedule_dampingan_end
from services.caseload.family.models import Kpm
from services.caseload.history import SYSTEM
from services.caseload.membership.models import CaseMark, Kepesertaan
from services.caseload.task.commands import mark_done, open_tugas
from services.caseload.task.models import Tugas, TugasKind
from shared.contracts.caseload import DampinganChanged
from shared.contracts.graduation import MonitoringRecorded, RelapseConfirmed, RelapseReversed
from shared.contracts.kinds import Bansos, DampinganPurpose
from shared.contracts.referral import RelapseReported
from shared.messaging import Meta, emit


async def end_with_monitoring(session: AsyncSession, event: MonitoringRecorded) -> None:
    """End the family's dampingan on the day after its last monitoring month was recorded."""
    if event.completes and not await is_not_pkh(session, event.graduasi_id):
        await end_monitoring(session, event.kpm_id, day_after(event.recorded_on))


async def end_monitoring(session: AsyncSession, kpm_id: UUID, on: date) -> None:
    """Set the end of the family's monitoring to a day, and emit it at once."""
    statement = sa.select(Dampingan).where(Dampingan.kpm_id == kpm_id, ~Dampingan.ended)
    monitoring = statement.where(Dampingan.purpose == DampinganPurpose.PEMANTAUAN)
    for dampingan in (await session.scalars(monitoring.with_for_update(key_share=True))).all():
        if dampingan.valid_to is not None and dampingan.valid_to <= on:
            continue
        dampingan.end_on(on, GapCause.PEMANTAUAN_SELESAI.value)
        kpm = await session.get_one(Kpm, kpm_id)
        emit(session, DampinganChanged.of(dampingan, kode_wilayah=kpm.kode_wilayah))
        await session.flush()
        await schedule_dampingan_end(session, on)


async def is_not_pkh(session: AsyncSession, graduasi_id: UUID) -> bool:
    """Return whether a case is known to end another bansos than PKH.

    The dampingan then continues after its last monitoring month.
    """
    bansos = (
        sa.select(Kepesertaan.bansos)
        .join(CaseMark, CaseMark.kepesertaan_id == Kepesertaan.kepesertaan_id)
        .where(CaseMark.graduasi_id == graduasi_id)
    )
    return await session.scalar(bansos) not in {None, Bansos.PKH}


async def open_re_entry_task(session: AsyncSession, event: RelapseConfirmed) -> None:
    """Open a task to lodge an usulan for a family with a confirmed relapse."""
    await open_tugas(session, TugasKind.RE_ENTRY, event.kpm_id, event.graduasi_id)


async def close_re_entry_task(session: AsyncSession, event: RelapseReversed, meta: Meta) -> None:
    """Finish the task of a reversed relapse.

    Another relapse of the case opens another task.
    """
    await _finish_task(session, TugasKind.RE_ENTRY, event.kpm_id, event.graduasi_id, meta)


async def open_visit_task(session: AsyncSession, event: RelapseReported, meta: Meta) -> None:
    """Open one task per rujukan and month to visit a family with a reported relapse.

    The void of a report finishes its task. Another report opens another task.
    """
    kind, report_id = TugasKind.KUNJUNGAN_KAMBUH, relapse_report_id(event)
    if event.voided:
        await _finish_task(session, kind, event.kpm_id, report_id, meta)
    else:
        await open_tugas(session, kind, event.kpm_id, report_id)


async def _finish_task(
    session: AsyncSession, kind: TugasKind, kpm_id: UUID, cause_id: UUID, meta: Meta
) -> None:
    """Finish the task of a voided cause, and free the cause for another task."""
    statement = sa.select(Tugas).where(Tugas.kind == kind, Tugas.kpm_id == kpm_id, Tugas.cause_id == cause_id)
    tugas = await session.scalar(statement.with_for_update(key_share=True))
    if tugas is not None:
        tugas.cause_id = meta.event_id
        if tugas.done_at is None:
            await mark_done(session, SYSTEM, tugas)
        else:
            tugas.version += 1


def relapse_report_id(event: RelapseReported) -> UUID:
    """Return the id of a report, the same for one rujukan and month."""
    return uuid5(event.rujukan_id, str(event.month))
