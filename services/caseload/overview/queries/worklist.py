"""Query for the list of families: a pendamping's own, an official's by area."""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.models import Kpm, KpmAnggota
from services.caseload.membership.models import CaseMark, CaseState, Kepesertaan
from services.caseload.membership.queries import END_IS_HELD
from services.caseload.visibility import accompanied_families, area_conditions, area_prefix_condition
from shared import clock
from shared.access import Actor, Scope
from shared.contracts.kinds import Bansos

Order = tuple[sa.SQLColumnExpression[Any], ...]


class FamilyStatus(StrEnum):
    """Status of a family: by its cases first, then by its memberships.

    The memberships are those in PKH, or others if it never was in PKH.

    CASE_OPEN: from the proposal until the SK is announced. LEFT: it was a member, and may be monitored. NO_MEMBERSHIP:
    it never was in a bansos.
    """

    ACTIVE = "ACTIVE"
    CASE_OPEN = "CASE_OPEN"
    END_ANNOUNCED = "END_ANNOUNCED"
    LEFT = "LEFT"
    NO_MEMBERSHIP = "NO_MEMBERSHIP"


async def list_families(
    session: AsyncSession,
    actor: Actor,
    *,
    kode_wilayah: str | None,
    pendamping_id: UUID | None,
    status: FamilyStatus | None,
) -> tuple[sa.Select[*tuple[Any, ...]], Order]:
    """Select families that the actor may read, and return the order of the list."""
    today = await clock.today(session)
    holder_id = actor.pendamping_id if actor.scope is Scope.OWN_FAMILIES else pendamping_id
    accompanied = accompanied_families(holder_id, today) if holder_id is not None else None
    key = Kpm.kpm_id if accompanied is None else accompanied.c.kpm_id
    current_status = status_on(today)
    pengurus = sa.and_(KpmAnggota.kpm_id == Kpm.kpm_id, KpmAnggota.pengurus, KpmAnggota.left_on.is_(None))
    statement = sa.select(
        key,
        Kpm.kode_wilayah,
        Kpm.facts["members"].as_integer().label("members"),
        current_status.label("status"),
        KpmAnggota.nik_index,
        KpmAnggota.name_sealed,
    ).where(
        *(
            area_conditions(actor, kode_wilayah)
            if accompanied is None
            else area_prefix_condition(kode_wilayah)
        )
    )
    if accompanied is not None:
        statement = statement.select_from(accompanied).join(Kpm, Kpm.kpm_id == accompanied.c.kpm_id)
    if actor.scope is Scope.OWN_FAMILIES and (holder_id is None or pendamping_id not in {None, holder_id}):
        statement = statement.where(sa.false())
    if status is not None:
        statement = statement.where(current_status == status, *case_conditions(status))
    # Lists of officials use the order of the index of areas, so that nothing is sorted.
    order = (key,) if accompanied is not None else (Kpm.kode_wilayah, key)
    return statement.outerjoin(KpmAnggota, pengurus), order


def case_conditions(status: FamilyStatus) -> list[sa.ColumnElement[bool]]:
    """Return a condition that uses the index of cases for a rare status."""
    states = {
        FamilyStatus.CASE_OPEN: (CaseState.OPEN, CaseState.DETERMINED),
        FamilyStatus.END_ANNOUNCED: (CaseState.DETERMINED, CaseState.EFFECTIVE),
    }
    if status not in states:
        return []
    return [Kpm.kpm_id.in_(sa.select(CaseMark.kpm_id).where(CaseMark.state.in_(states[status])))]


def status_on(day: date | sa.ColumnElement[date]) -> sa.ColumnElement[str]:
    """Return the SQL expression for a family's `FamilyStatus` on a day.

    Few subqueries, because PostgreSQL prepares the row security of each (bench: reading).
    """
    ahead = sa.and_(CaseMark.state == CaseState.DETERMINED, CaseMark.announced_on > day)
    announced = sa.or_(
        CaseMark.state == CaseState.DETERMINED,
        sa.and_(CaseMark.state == CaseState.EFFECTIVE, CaseMark.effective_on > day),
    )
    by_case = sa.case(
        (sa.func.bool_or(sa.or_(CaseMark.state == CaseState.OPEN, ahead)), FamilyStatus.CASE_OPEN.value),
        (sa.func.bool_or(announced), FamilyStatus.END_ANNOUNCED.value),
    )
    current = sa.or_(Kepesertaan.valid.contains(day), END_IS_HELD).label("current")
    memberships = sa.select(current).where(
        Kepesertaan.kpm_id == Kpm.kpm_id, Kepesertaan.valid_from <= day, Kepesertaan.cancelled_from.is_(None)
    )
    # PKH counts before another bansos.
    memberships = memberships.order_by((Kepesertaan.bansos == Bansos.PKH).desc(), current.desc()).limit(1)
    by_membership = sa.case(
        {True: FamilyStatus.ACTIVE.value, False: FamilyStatus.LEFT.value},
        value=memberships.scalar_subquery(),
        else_=FamilyStatus.NO_MEMBERSHIP.value,
    )
    return sa.func.coalesce(
        sa.select(by_case).where(CaseMark.kpm_id == Kpm.kpm_id).scalar_subquery(), by_membership
    )
