"""The families that somebody works on: a pendamping's own in the order of an index, officials' by area."""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.caseload.models import CaseMark, CaseState, Dampingan, Kepesertaan, Kpm, KpmAnggota
from services.caseload.queries.sight import sees_own_only, within
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import Bansos

Order = tuple[sa.SQLColumnExpression[Any], ...]


class FamilyStatus(StrEnum):
    """Where a family stands in PKH today. LEFT: no longer, or not yet, a member; perhaps monitored."""

    ACTIVE = "ACTIVE"
    CASE_OPEN = "CASE_OPEN"
    END_ANNOUNCED = "END_ANNOUNCED"
    LEFT = "LEFT"


async def list_families(
    session: AsyncSession,
    actor: Actor,
    *,
    kode_wilayah: str | None,
    pendamping_id: UUID | None,
    status: FamilyStatus | None,
) -> tuple[sa.Select[*tuple[Any, ...]], Order]:
    """Select the families that the caller may see, with their pengurus' sealed name, and the order of the list."""
    today = await clock.today(session)
    holder = actor.pendamping_id if sees_own_only(actor) else pendamping_id
    key = Kpm.kpm_id if holder is None else Dampingan.kpm_id
    stands = status_on(today)
    pengurus = sa.and_(KpmAnggota.kpm_id == Kpm.kpm_id, KpmAnggota.pengurus, KpmAnggota.left_on.is_(None))
    statement = sa.select(
        key,
        Kpm.kode_wilayah,
        Kpm.facts["members"].as_integer().label("members"),
        stands.label("status"),
        KpmAnggota.nik_index,
        KpmAnggota.name_sealed,
    ).where(*within(actor, kode_wilayah))
    if holder is not None:
        statement = statement.select_from(Dampingan).join(Kpm, Kpm.kpm_id == Dampingan.kpm_id)
        statement = statement.where(*accompanied_by(holder, today))
    if sees_own_only(actor) and (holder is None or pendamping_id not in {None, holder}):
        statement = statement.where(sa.false())
    if status is not None:
        statement = statement.where(stands == status)
    return statement.outerjoin(KpmAnggota, pengurus), (key,)


def accompanied_by(holder: UUID, day: date) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions that a dampingan is a pendamping's on a day, one a family where he has two kinds."""
    other = aliased(Dampingan)
    twice = sa.exists().where(
        other.pendamping_id == holder,
        other.kpm_id == Dampingan.kpm_id,
        other.valid.contains(day),
        other.dampingan_id < Dampingan.dampingan_id,
    )
    return Dampingan.pendamping_id == holder, Dampingan.valid.contains(day), ~twice


def status_on(day: date) -> sa.ColumnElement[str]:
    """Return where a family stands on a day, as an expression."""
    case = sa.exists().where(CaseMark.kpm_id == Kpm.kpm_id)
    announced = sa.or_(
        CaseMark.state == CaseState.DETERMINED,
        sa.and_(CaseMark.state == CaseState.EFFECTIVE, CaseMark.effective_on > day),
    )
    member = sa.exists().where(
        Kepesertaan.kpm_id == Kpm.kpm_id, Kepesertaan.bansos == Bansos.PKH, Kepesertaan.valid.contains(day)
    )
    return sa.case(
        (case.where(CaseMark.state == CaseState.OPEN), FamilyStatus.CASE_OPEN.value),
        (case.where(announced), FamilyStatus.END_ANNOUNCED.value),
        (~member, FamilyStatus.LEFT.value),
        else_=FamilyStatus.ACTIVE.value,
    )
