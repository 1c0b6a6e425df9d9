"""After an exit: the accompaniment ends with the monitoring, and a relapse is somebody's task."""

from datetime import date
from uuid import UUID, uuid5

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.dampingan.models import Dampingan, GapCause
from services.caseload.dampingan.rules import day_after, end_on
from services.caseload.family.models import Kpm
from services.caseload.membership.models import CaseMark, Kepesertaan
from services.caseload.task.commands import open_tugas
from services.caseload.task.models import TugasKind
from shared.contracts.caseload import DampinganChanged
from shared.contracts.graduation import MonitoringRecorded, RelapseConfirmed
from shared.contracts.kinds import Bansos, DampinganPurpose
from shared.contracts.referral import RelapseReported
from shared.messaging import emit


async def end_with_monitoring(session: AsyncSession, event: MonitoringRecorded) -> None:
    """The last month was seen: the dampingan ends the day after, and the family needs nobody of PKH."""
    if event.completes and not await is_of_another_bansos(session, event.graduasi_id):
        await let_go(session, event.kpm_id, day_after(event.recorded_on))


async def let_go(session: AsyncSession, kpm_id: UUID, on: date) -> None:
    """End the family's monitoring on a day, told at once; after an exit of which nobody is visited, that of the exit."""
    wanted = sa.select(Dampingan).where(Dampingan.kpm_id == kpm_id, ~Dampingan.ended)
    monitoring = wanted.where(Dampingan.purpose == DampinganPurpose.PEMANTAUAN)
    for dampingan in (await session.scalars(monitoring.with_for_update(key_share=True))).all():
        until = max(on, day_after(dampingan.valid_from))
        if dampingan.valid_to is not None and dampingan.valid_to <= until:
            continue
        dampingan.valid = Range(dampingan.valid_from, until)
        dampingan.reason, dampingan.version = GapCause.PEMANTAUAN_SELESAI.value, dampingan.version + 1
        kpm = await session.get_one(Kpm, kpm_id)
        emit(session, DampinganChanged.of(dampingan, kode_wilayah=kpm.kode_wilayah))
        await session.flush()
        await end_on(session, until)


async def is_of_another_bansos(session: AsyncSession, graduasi_id: UUID) -> bool:
    """Whether a case is known to end something else than PKH: its months say nothing of who accompanies the family."""
    bansos = (
        sa.select(Kepesertaan.bansos)
        .join(CaseMark, CaseMark.kepesertaan_id == Kepesertaan.kepesertaan_id)
        .where(CaseMark.graduasi_id == graduasi_id)
    )
    return await session.scalar(bansos) not in {None, Bansos.PKH}


async def open_re_entry(session: AsyncSession, event: RelapseConfirmed) -> None:
    """The family has fallen back: somebody lodges an usulan for it, or says why not."""
    await open_tugas(session, TugasKind.RE_ENTRY, event.kpm_id, event.graduasi_id)


async def open_visit(session: AsyncSession, event: RelapseReported) -> None:
    """A partner or an officer says that the family may have fallen back: it is visited, once a report's month."""
    await open_tugas(session, TugasKind.KUNJUNGAN_KAMBUH, event.kpm_id, report_of(event))


def report_of(event: RelapseReported) -> UUID:
    """Return the id of what was reported: of one rujukan, in one month."""
    return uuid5(event.rujukan_id, str(event.month))
