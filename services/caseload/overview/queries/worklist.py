"""The families that somebody works on: a pendamping's own in the order of an index, officials' by area."""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.models import Kpm, KpmAnggota
from services.caseload.membership.models import CaseMark, CaseState, Kepesertaan
from services.caseload.visibility import accompanied_by, lives_in, within
from shared import clock
from shared.access import Actor, Scope
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
    holder = actor.pendamping_id if actor.scope is Scope.OWN_FAMILIES else pendamping_id
    mine = accompanied_by(holder, today) if holder is not None else None
    key = Kpm.kpm_id if mine is None else mine.c.kpm_id
    stands = status_on(today)
    pengurus = sa.and_(KpmAnggota.kpm_id == Kpm.kpm_id, KpmAnggota.pengurus, KpmAnggota.left_on.is_(None))
    statement = sa.select(
        key,
        Kpm.kode_wilayah,
        Kpm.facts["members"].as_integer().label("members"),
        stands.label("status"),
        KpmAnggota.nik_index,
        KpmAnggota.name_sealed,
    ).where(*(within(actor, kode_wilayah) if mine is None else lives_in(kode_wilayah)))
    if mine is not None:
        statement = statement.select_from(mine).join(Kpm, Kpm.kpm_id == mine.c.kpm_id)
    if actor.scope is Scope.OWN_FAMILIES and (holder is None or pendamping_id not in {None, holder}):
        statement = statement.where(sa.false())
    if status is not None:
        statement = statement.where(stands == status, *of_the_few(status))
    # Officials' lists go by the index of areas: families of a place stand together, and none is sorted.
    order = (key,) if mine is not None else (Kpm.kode_wilayah, key)
    return statement.outerjoin(KpmAnggota, pengurus), order


def of_the_few(status: FamilyStatus) -> list[sa.ColumnElement[bool]]:
    """Return what the few families with a case in this status have in common, so that they are found by its index."""
    states = {
        FamilyStatus.CASE_OPEN: (CaseState.OPEN,),
        FamilyStatus.END_ANNOUNCED: (CaseState.DETERMINED, CaseState.EFFECTIVE),
    }
    if status not in states:
        return []
    return [Kpm.kpm_id.in_(sa.select(CaseMark.kpm_id).where(CaseMark.state.in_(states[status])))]


def status_on(day: date | sa.ColumnElement[date]) -> sa.ColumnElement[str]:
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
