"""Queries for memberships, their cases and pending decisions."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.caseload.dampingan.models import Dampingan
from services.caseload.family.models import Kpm
from services.caseload.membership.models import (
    CaseMark,
    CaseState,
    Kepesertaan,
    KepesertaanFacts,
    KepesertaanPending,
    PendingFacts,
    PendingKey,
)
from services.caseload.tables import Days, columns_of
from services.caseload.visibility import (
    accompanied_families,
    area_conditions,
    exists_per_row,
    require_visible,
    select_kode_wilayah,
)
from shared import clock
from shared.access import Actor, Scope
from shared.database import vault_of

ACTIVE_STATES = (CaseState.OPEN, CaseState.DETERMINED, CaseState.EFFECTIVE)


class MembershipStatus(StrEnum):
    """State of a membership today.

    CASE_OPEN: from the proposal of an exit until its SK is announced.
    HELD: an objection in term suspends its end. CONTINUED: another membership of the bansos starts at its end.
    DECISION_PENDING: the family leaves another bansos, and an official must decide whether this membership stays.
    VOIDED: it was recorded in error, and covers no day.
    """

    ACTIVE = "ACTIVE"
    CASE_OPEN = "CASE_OPEN"
    END_ANNOUNCED = "END_ANNOUNCED"
    HELD = "HELD"
    ENDING = "ENDING"
    ENDED = "ENDED"
    CONTINUED = "CONTINUED"
    DECISION_PENDING = "DECISION_PENDING"
    VOIDED = "VOIDED"


END_IS_HELD = sa.exists().where(CaseMark.graduasi_id == Kepesertaan.graduasi_id, CaseMark.held)
"""Condition that an objection holds the end of a membership."""


async def list_memberships(session: AsyncSession, actor: Actor, kpm_id: UUID) -> list[dict[str, Any]]:
    """Return the family's memberships, oldest first, each with its case and status.

    Raises:
        NotFound: the family does not exist, or the actor may not read it.
    """
    await require_visible(session, actor, kpm_id)
    today = await clock.today(session)
    statement = sa.select(Kepesertaan).where(Kepesertaan.kpm_id == kpm_id)
    rows = (await session.scalars(statement.order_by(Kepesertaan.valid_from, Kepesertaan.bansos))).all()
    cases = await read_cases(session, kpm_id)
    active_cases = {case.kepesertaan_id: case for case in cases if case.state in ACTIVE_STATES}
    decisions = await read_decisions(session, kpm_id)
    pending = {decision.kepesertaan_id for decision in decisions if decision.outcome is None}
    views = [to_view(row, active_cases.get(row.kepesertaan_id), pending, today) for row in rows]
    for view in views:
        view["back_pay"] = find_back_pay(cases, view["kepesertaan_id"])
        view["back_pay_tahap"] = [one["tahap"] for one in view["back_pay"] if one["paid"]]
        view["decision"] = last_stay_decision(session, decisions, view["kepesertaan_id"])
    return views


async def read_decisions(session: AsyncSession, kpm_id: UUID) -> Sequence[KepesertaanPending]:
    """Return the open and taken decisions on a family's memberships, oldest first."""
    statement = sa.select(KepesertaanPending).where(KepesertaanPending.kpm_id == kpm_id)
    return (await session.scalars(statement.order_by(KepesertaanPending.pending_id))).all()


def last_stay_decision(
    session: AsyncSession, decisions: Sequence[KepesertaanPending], kepesertaan_id: UUID
) -> dict[str, Any] | None:
    """Return the last decision that a membership stays, with its reason in clear text."""
    taken = [row for row in decisions if row.kepesertaan_id == kepesertaan_id and row.reason_sealed]
    if not taken:
        return None
    last = taken[-1]
    location = {"table": "kepesertaan_pending", "column": "reason", "row_id": last.pending_id}
    reason = vault_of(session).open(last.reason_sealed or b"", **location)
    names = (*PendingKey.model_fields, "decided_by", "decided_on")
    return {name: getattr(last, name) for name in names} | {"reason": reason}


def list_pending(actor: Actor, today: date, kode_wilayah: str | None) -> sa.Select[*tuple[Any, ...]]:
    """Select memberships that wait for a decision, by `pending_id`.

    Only families that the actor may read are included.
    A membership with several pending decisions is listed once, with the oldest one.
    """
    pending, other = KepesertaanPending, aliased(KepesertaanPending)
    own_case = exists_per_row(
        CaseMark.kepesertaan_id == pending.kepesertaan_id, CaseMark.state.in_(ACTIVE_STATES)
    )
    earlier = exists_per_row(
        other.kepesertaan_id == pending.kepesertaan_id,
        other.outcome.is_(None),
        other.pending_id < pending.pending_id,
    )
    statement = (
        sa.select(*columns_of(pending, PendingFacts), Kepesertaan.bansos, select_kode_wilayah(pending.kpm_id))
        .join(Kepesertaan, Kepesertaan.kepesertaan_id == pending.kepesertaan_id)
        .where(pending.outcome.is_(None), sa.func.upper_inf(Kepesertaan.valid), ~own_case, ~earlier)
    )
    if actor.scope is Scope.OWN_FAMILIES:
        accompanied = accompanied_families(actor.pendamping_id, today)
        statement = statement.join(accompanied, accompanied.c.kpm_id == pending.kpm_id)
    conditions = area_conditions(actor, kode_wilayah)
    return statement.join(Kpm, Kpm.kpm_id == pending.kpm_id).where(*conditions) if conditions else statement


async def read_cases(session: AsyncSession, kpm_id: UUID) -> Sequence[CaseMark]:
    """Return all graduation cases of a family, oldest first."""
    statement = sa.select(CaseMark).where(CaseMark.kpm_id == kpm_id)
    return (await session.scalars(statement.order_by(CaseMark.graduasi_id))).all()


def find_back_pay(cases: Sequence[CaseMark], kepesertaan_id: UUID) -> list[dict[str, Any]]:
    """Return what annulments decided on withheld tahap of a membership, by tahap."""
    of_membership = [case.back_pay for case in cases if case.kepesertaan_id == kepesertaan_id]
    decisions = {one["tahap"]: one for decided in of_membership for one in decided}
    return [decisions[tahap] for tahap in sorted(decisions)]


def to_view(row: Kepesertaan, case: CaseMark | None, pending: set[UUID], today: date) -> dict[str, Any]:
    """Return the view of a membership. It counts as active while its end is held."""
    names = (*KepesertaanFacts.model_fields, *Days.model_fields)
    return {name: getattr(row, name) for name in names} | {
        "active": row.valid.contains(today) or (case is not None and case.held),
        "status": status_of(row, case, pending, today),
        "case": case,
    }


def status_of(row: Kepesertaan, case: CaseMark | None, pending: set[UUID], today: date) -> MembershipStatus:
    """Return the status of a membership as of a date."""
    if row.cancelled_from is not None:
        return MembershipStatus.VOIDED
    if row.continued_by is not None:
        return MembershipStatus.CONTINUED
    if case is not None and case.held:
        return MembershipStatus.HELD
    if row.valid_to is not None:
        return MembershipStatus.ENDED if row.valid_to <= today else MembershipStatus.ENDING
    if case is not None:
        ahead = case.announced_on is not None and case.announced_on > today
        is_open = case.state is CaseState.OPEN or (case.state is CaseState.DETERMINED and ahead)
        return MembershipStatus.CASE_OPEN if is_open else MembershipStatus.END_ANNOUNCED
    is_pending = row.kepesertaan_id in pending
    return MembershipStatus.DECISION_PENDING if is_pending else MembershipStatus.ACTIVE


async def count_ends(
    session: AsyncSession, kpm_ids: list[UUID] | None, pendamping_ids: list[UUID] | None
) -> dict[str, dict[str, int]]:
    """Return how many memberships have ended or will end, by exit reason.

    Only families in the actor's areas count. Without `kpm_ids` it counts the families that `pendamping_ids` accompany
    or accompanied (docs/case-lifecycle.md#counts).
    """
    passed = Kepesertaan.valid_to <= await clock.today(session)
    ended = sa.and_(passed, ~END_IS_HELD)
    counts = (sa.func.count().filter(ended).label("ended"), sa.func.count().filter(~ended).label("ending"))
    statement = sa.select(Kepesertaan.exit_reason, *counts).where(Kepesertaan.exit_reason.is_not(None))
    if kpm_ids is not None:
        statement = statement.where(Kepesertaan.kpm_id.in_(kpm_ids))
    elif pendamping_ids is not None:
        accompanied = sa.select(Dampingan.kpm_id).where(Dampingan.pendamping_id.in_(pendamping_ids))
        statement = statement.where(Kepesertaan.kpm_id.in_(accompanied))
    rows = await session.execute(
        statement.join(Kpm, Kpm.kpm_id == Kepesertaan.kpm_id).group_by(Kepesertaan.exit_reason)
    )
    return {str(reason): {"ended": ended, "ending": ending} for reason, ended, ending in rows}
