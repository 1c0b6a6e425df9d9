from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.models import Kpm
from services.caseload.history import remember
from services.caseload.membership.commands.pending import came_back
from services.caseload.membership.errors import KepesertaanOverlaps, ReEntryByUsulan
from services.caseload.membership.models import Kepesertaan
from services.caseload.visibility import family_in_hand
from shared import clock
from shared.access import Actor
from shared.contracts.caseload import KepesertaanStarted
from shared.contracts.kinds import Bansos
from shared.database import insert, uuid7
from shared.dates import midnight, require_past
from shared.jobs import schedule
from shared.messaging import emit

BACK_IN_PKH = "dampingan_back_in_pkh"


async def record_kepesertaan(
    session: AsyncSession, actor: Actor, kpm_id: UUID, *, bansos: Bansos, valid_from: date
) -> Kepesertaan:
    """Record that a family is a member of a bansos for the first time.

    Raises:
        NotFound, PendampingInactive, DateInTheFuture, KepesertaanOverlaps, ReEntryByUsulan.
    """
    held = await family_in_hand(session, actor, kpm_id)
    today = await clock.today(session)
    require_past(valid_from, today, "/body/valid_from")
    before = sa.exists().where(
        Kepesertaan.kpm_id == kpm_id,
        Kepesertaan.bansos == bansos,
        sa.not_(sa.func.upper_inf(Kepesertaan.valid)),
    )
    if await session.scalar(sa.select(before)):
        raise ReEntryByUsulan("/body/bansos")
    return await begin_kepesertaan(session, held.kpm, actor, bansos, valid_from, why="RECORDED")


async def begin_kepesertaan(
    session: AsyncSession, kpm: Kpm, actor: Actor, bansos: Bansos, valid_from: date, *, why: str
) -> Kepesertaan:
    """Write a new membership and tell it; back in PKH, the family's dampingan weighs again from that day.

    Raises:
        KepesertaanOverlaps: the exclusion constraint has the last word.
    """
    valid = Range(valid_from, None)
    row = Kepesertaan(kepesertaan_id=uuid7(), kpm_id=kpm.kpm_id, bansos=bansos, valid=valid)
    await insert(session, row, ex_kepesertaan_no_overlap=KepesertaanOverlaps("/body/valid_from"))
    place = (kpm.kpm_id, "kepesertaan", row.kepesertaan_id, "STARTED")
    kept = {"bansos": bansos.value, "valid_from": str(valid_from)}
    await remember(session, *place, who=actor.person, why=why, **kept)
    emit(session, KepesertaanStarted.of(row, kode_wilayah=kpm.kode_wilayah))
    await came_back(session, kpm.kpm_id, bansos)
    if bansos is Bansos.PKH:
        begins = midnight(valid_from)
        payload = {"kepesertaan_id": str(row.kepesertaan_id)}
        await schedule(session, BACK_IN_PKH, begins, subject_id=kpm.kpm_id, payload=payload)
    return row
