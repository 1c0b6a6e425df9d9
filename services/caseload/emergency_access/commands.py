"""Open access to a family in an emergency, and review it by another person."""

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.emergency_access.errors import ReviewedByOpener
from services.caseload.emergency_access.models import AksesDarurat, EmergencyState, EmergencyTerms
from services.caseload.history import append_history
from shared import clock
from shared.access import Actor
from shared.database import insert, load, uuid7, vault_of
from shared.dates import to_utc_text
from shared.errors import NotFound
from shared.privacy import seal_texts

TABLE = "akses_darurat"


async def open_emergency_access(
    session: AsyncSession, actor: Actor, kpm_id: UUID, terms: EmergencyTerms
) -> AksesDarurat:
    """Let the actor read a family for some hours, wherever it lives.

    Raises:
        NotFound: there is no such family.
    """
    kode_wilayah = await session.scalar(sa.select(sa.func.open_for_emergency(kpm_id)))
    if kode_wilayah is None:
        raise NotFound("kpm")
    now, row_id = await clock.now(session), uuid7()
    sealed = seal_texts(vault_of(session), {"reason": terms.reason}, table=TABLE, row_id=row_id)
    access = AksesDarurat(
        akses_darurat_id=row_id,
        kpm_id=kpm_id,
        kode_wilayah=kode_wilayah,
        opened_by=actor.person,
        opened_by_sub=actor.sub,
        opened_on=await clock.today(session),
        opened_at=now,
        expires_at=now + timedelta(hours=terms.hours),
        state=EmergencyState.OPENED,
        **sealed,
        version=1,
    )
    await insert(session, access)
    entry = (kpm_id, "akses_darurat", row_id, EmergencyState.OPENED.value)
    await append_history(
        session,
        *entry,
        actor=actor,
        why=None,
        expires_at=to_utc_text(access.expires_at),
    )
    return access


async def review_emergency_access(
    session: AsyncSession, actor: Actor, akses_darurat_id: UUID, *, justified: bool, review: str
) -> AksesDarurat:
    """Record whether an access was justified. One that was not ends at once.

    Raises:
        NotFound, IllegalTransition, ReviewedByOpener.
    """
    access = await load(session, AksesDarurat, akses_darurat_id, noun="akses darurat")
    if actor.is_same_as(access.opened_by, access.opened_by_sub):
        raise ReviewedByOpener
    access.transition_to(EmergencyState.JUSTIFIED if justified else EmergencyState.UNJUSTIFIED)
    access.reviewed_by, access.reviewed_by_sub = actor.person, actor.sub
    access.reviewed_on = await clock.today(session)
    sealed = seal_texts(vault_of(session), {"review": review}, table=TABLE, row_id=akses_darurat_id)
    access.sqlmodel_update(sealed)
    return access
