from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.models import Kpm
from services.caseload.history import append_history
from services.caseload.membership.commands.pending_decisions import drop_decisions_after_re_entry
from services.caseload.membership.errors import KepesertaanOverlaps, ReEntryByUsulan
from services.caseload.membership.models import Kepesertaan
from services.caseload.task.commands import finish_open_tugas
from services.caseload.task.models import TugasKind
from services.caseload.visibility import lock_family, require_not_ended
from shared import clock
from shared.access import Actor
from shared.contracts.caseload import KepesertaanStarted
from shared.contracts.kinds import Bansos
from shared.database import insert, uuid7
from shared.dates import midnight, require_not_future
from shared.jobs import schedule
from shared.messaging import emit

RESUME_DAMPINGAN = "kpm.resume_dampingan"


async def record_kepesertaan(
    session: AsyncSession, actor: Actor, kpm_id: UUID, *, bansos: Bansos, valid_from: date
) -> Kepesertaan:
    """Record a family's first membership in a bansos.

    Raises:
        NotFound, PendampingInactive, DateInTheFuture, KepesertaanOverlaps, ReEntryByUsulan.
    """
    family = await lock_family(session, actor, kpm_id)
    today = await clock.today(session)
    require_not_future(valid_from, today, "/body/valid_from")
    has_left = sa.exists().where(
        Kepesertaan.kpm_id == kpm_id,
        Kepesertaan.bansos == bansos,
        sa.not_(sa.func.upper_inf(Kepesertaan.valid)),
        Kepesertaan.cancelled_from.is_(None),
    )
    if await session.scalar(sa.select(has_left)):
        raise ReEntryByUsulan("/body/bansos")
    return await start_kepesertaan(session, family.kpm, actor, bansos, valid_from, why="RECORDED")


async def start_kepesertaan(
    session: AsyncSession, kpm: Kpm, actor: Actor, bansos: Bansos, valid_from: date, *, why: str
) -> Kepesertaan:
    """Insert a new membership and emit it.

    For PKH, the family's dampingan counts as accompaniment again from the first day.

    Raises:
        FamilyHasEnded. KepesertaanOverlaps: the exclusion constraint refuses the period.
    """
    require_not_ended(kpm)
    valid = Range(valid_from, None)
    row = Kepesertaan(kepesertaan_id=uuid7(), kpm_id=kpm.kpm_id, bansos=bansos, valid=valid)
    await insert(session, row, ex_kepesertaan_no_overlap=KepesertaanOverlaps("/body/valid_from"))
    entry = (kpm.kpm_id, "kepesertaan", row.kepesertaan_id, "STARTED")
    values = {"bansos": bansos.value, "valid_from": str(valid_from)}
    await append_history(session, *entry, actor=actor, why=why, **values)
    emit(session, KepesertaanStarted.of(row, kode_wilayah=kpm.kode_wilayah))
    await drop_decisions_after_re_entry(session, kpm.kpm_id, bansos)
    await finish_open_tugas(session, actor, TugasKind.PUTUSKAN_KEPESERTAAN, kpm.kpm_id)
    if bansos is Bansos.PKH:
        starts_at = midnight(valid_from)
        payload = {"kepesertaan_id": str(row.kepesertaan_id)}
        await schedule(session, RESUME_DAMPINGAN, starts_at, subject_id=kpm.kpm_id, payload=payload)
    return row
