"""What a family is a member of, and what is about to end."""

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
)
from services.caseload.tables import Days, columns_of
from services.caseload.visibility import accompanied_by, area_of, require_sight, row_by_row, within
from shared import clock
from shared.access import Actor, Scope
from shared.database import vault_of

LIVE = (CaseState.OPEN, CaseState.DETERMINED, CaseState.EFFECTIVE)


class MembershipStatus(StrEnum):
    """Where a membership stands today.

    HELD: an objection in term stops its end. CONTINUED: another membership of the bansos goes on from its end.
    DECISION_PENDING: the family leaves another bansos; this one needs its own decision, an exit or that it stays.
    """

    ACTIVE = "ACTIVE"
    CASE_OPEN = "CASE_OPEN"
    END_ANNOUNCED = "END_ANNOUNCED"
    HELD = "HELD"
    ENDING = "ENDING"
    ENDED = "ENDED"
    CONTINUED = "CONTINUED"
    DECISION_PENDING = "DECISION_PENDING"


async def list_memberships(session: AsyncSession, actor: Actor, kpm_id: UUID) -> list[dict[str, Any]]:
    """Return the family's memberships, oldest first, each with its case and where it stands.

    Raises:
        NotFound: not the caller's to see.
    """
    await require_sight(session, actor, kpm_id)
    today = await clock.today(session)
    held = sa.select(Kepesertaan).where(Kepesertaan.kpm_id == kpm_id)
    found = (await session.scalars(held.order_by(Kepesertaan.valid_from, Kepesertaan.bansos))).all()
    cases = await cases_of(session, kpm_id)
    live = {case.kepesertaan_id: case for case in cases if case.state in LIVE}
    questions = await questions_of(session, kpm_id)
    pending = {one.kepesertaan_id for one in questions if one.outcome is None}
    shown_ = [shown(row, live.get(row.kepesertaan_id), pending, today) for row in found]
    for row in shown_:
        row["back_pay_tahap"] = back_pay(cases, row["kepesertaan_id"])
        row["decision"] = decision_on(session, questions, row["kepesertaan_id"])
    return shown_


async def questions_of(session: AsyncSession, kpm_id: UUID) -> Sequence[KepesertaanPending]:
    """Return what exits have asked of a family's memberships, oldest first, answered or not."""
    wanted = sa.select(KepesertaanPending).where(KepesertaanPending.kpm_id == kpm_id)
    return (await session.scalars(wanted.order_by(KepesertaanPending.pending_id))).all()


def decision_on(
    session: AsyncSession, questions: Sequence[KepesertaanPending], kepesertaan_id: UUID
) -> dict[str, Any] | None:
    """Return the last decision that a membership stays: by whom, when, why."""
    mine = [one for one in questions if one.kepesertaan_id == kepesertaan_id and one.reason_sealed]
    if not mine:
        return None
    last = mine[-1]
    place = {"table": "kepesertaan_pending", "column": "reason", "row_id": last.pending_id}
    reason = vault_of(session).open(last.reason_sealed or b"", **place)
    names = ("graduasi_id", "decided_by", "decided_on")
    return {name: getattr(last, name) for name in names} | {"reason": reason}


def list_pending(actor: Actor, today: date, kode_wilayah: str | None) -> sa.Select[*tuple[Any, ...]]:
    """Select memberships that go on and wait for their decision, of families that the caller may see; by `pending_id`.

    Where several exits ask of one, it is listed once, by the first.
    """
    asked, other = KepesertaanPending, aliased(KepesertaanPending)
    own_case = row_by_row(CaseMark.kepesertaan_id == asked.kepesertaan_id, CaseMark.state.in_(LIVE))
    earlier = row_by_row(
        other.kepesertaan_id == asked.kepesertaan_id,
        other.outcome.is_(None),
        other.pending_id < asked.pending_id,
    )
    statement = (
        sa.select(*columns_of(asked, PendingFacts), Kepesertaan.bansos, area_of(asked.kpm_id))
        .join(Kepesertaan, Kepesertaan.kepesertaan_id == asked.kepesertaan_id)
        .where(asked.outcome.is_(None), sa.func.upper_inf(Kepesertaan.valid), ~own_case, ~earlier)
    )
    if actor.scope is Scope.OWN_FAMILIES:
        mine = accompanied_by(actor.pendamping_id, today)
        statement = statement.join(mine, mine.c.kpm_id == asked.kpm_id)
    narrowed = within(actor, kode_wilayah)
    return statement.join(Kpm, Kpm.kpm_id == asked.kpm_id).where(*narrowed) if narrowed else statement


async def cases_of(session: AsyncSession, kpm_id: UUID) -> Sequence[CaseMark]:
    """Return every case that there was about a family, oldest first."""
    wanted = sa.select(CaseMark).where(CaseMark.kpm_id == kpm_id)
    return (await session.scalars(wanted.order_by(CaseMark.graduasi_id))).all()


def back_pay(cases: Sequence[CaseMark], kepesertaan_id: UUID) -> list[str]:
    """Return the tahap of a membership that an annulment decided to pay back."""
    mine = [case.back_pay_tahap for case in cases if case.kepesertaan_id == kepesertaan_id]
    return sorted({tahap for tahaps in mine for tahap in tahaps})


def shown(row: Kepesertaan, case: CaseMark | None, pending: set[UUID], today: date) -> dict[str, Any]:
    """Return one membership as it is shown; while its end is held it is active."""
    names = (*KepesertaanFacts.model_fields, *Days.model_fields)
    return {name: getattr(row, name) for name in names} | {
        "active": row.valid.contains(today) or (case is not None and case.held),
        "status": status_of(row, case, pending, today),
        "case": case,
    }


def status_of(row: Kepesertaan, case: CaseMark | None, pending: set[UUID], today: date) -> MembershipStatus:
    """Return where a membership stands as of a date."""
    if row.continued_by is not None:
        return MembershipStatus.CONTINUED
    if case is not None and case.held:
        return MembershipStatus.HELD
    if row.valid_to is not None:
        return MembershipStatus.ENDED if row.valid_to <= today else MembershipStatus.ENDING
    if case is not None:
        return MembershipStatus.CASE_OPEN if case.state is CaseState.OPEN else MembershipStatus.END_ANNOUNCED
    waits = row.kepesertaan_id in pending
    return MembershipStatus.DECISION_PENDING if waits else MembershipStatus.ACTIVE


async def count_ended(
    session: AsyncSession, kpm_ids: list[UUID] | None, pendamping_ids: list[UUID] | None
) -> dict[str, int]:
    """Return how many memberships have ended, by exit reason (chain.md 9), in the caller's areas.

    `kpm_ids` decide; without them, the families that `pendamping_ids` have or had.
    """
    statement = sa.select(Kepesertaan.exit_reason, sa.func.count()).where(
        Kepesertaan.exit_reason.is_not(None)
    )
    if kpm_ids is not None:
        statement = statement.where(Kepesertaan.kpm_id.in_(kpm_ids))
    elif pendamping_ids is not None:
        theirs = sa.select(Dampingan.kpm_id).where(Dampingan.pendamping_id.in_(pendamping_ids))
        statement = statement.where(Kepesertaan.kpm_id.in_(theirs))
    found = await session.execute(
        statement.join(Kpm, Kpm.kpm_id == Kepesertaan.kpm_id).group_by(Kepesertaan.exit_reason)
    )
    return {str(reason): count for reason, count in found if reason is not None}
