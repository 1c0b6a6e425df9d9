"""What a family is a member of, and what is about to end."""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.models import CaseMark, CaseState, Dampingan, Kepesertaan, Kpm
from services.caseload.queries.sight import require_sight
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import Bansos

LIVE = (CaseState.OPEN, CaseState.DETERMINED, CaseState.EFFECTIVE)
DECIDED = (CaseState.DETERMINED, CaseState.EFFECTIVE)


class MembershipStatus(StrEnum):
    """Where a membership stands today.

    HELD: an objection in term stops its end. CONTINUED: another membership of the bansos goes on from its end.
    DECISION_PENDING: the family leaves another bansos; this one needs its own decision.
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
    found = (await session.scalars(held.order_by(sa.func.lower(Kepesertaan.valid), Kepesertaan.bansos))).all()
    cases = await cases_of(session, kpm_id)
    live = {case.kepesertaan_id: case for case in cases if case.state in LIVE}
    leaving = leaves(found, live)
    shown_ = [shown(row, live.get(row.kepesertaan_id), leaving, today) for row in found]
    for row in shown_:
        row["back_pay_tahap"] = back_pay(cases, row["kepesertaan_id"])
    return shown_


async def cases_of(session: AsyncSession, kpm_id: UUID) -> Sequence[CaseMark]:
    """Return every case that there was about a family, oldest first."""
    wanted = sa.select(CaseMark).where(CaseMark.kpm_id == kpm_id)
    return (await session.scalars(wanted.order_by(CaseMark.graduasi_id))).all()


def back_pay(cases: Sequence[CaseMark], kepesertaan_id: UUID) -> list[str]:
    """Return the tahap of a membership that an annulment decided to pay back."""
    mine = [case.back_pay_tahap for case in cases if case.kepesertaan_id == kepesertaan_id]
    return sorted({tahap for tahaps in mine for tahap in tahaps})


def leaves(found: Sequence[Kepesertaan], live: Mapping[UUID, CaseMark]) -> set[Bansos]:
    """Return the bansos that a family leaves or has left, by decision, and is not back in."""
    decided = {row.bansos for row in found if (c := live.get(row.kepesertaan_id)) and c.state in DECIDED}
    back = {row.bansos for row in found if row.valid.upper is None and row.kepesertaan_id not in live}
    return decided - back


def shown(row: Kepesertaan, case: CaseMark | None, leaving: set[Bansos], today: date) -> dict[str, Any]:
    """Return one membership as it is shown; while its end is held it is active."""
    return {
        "kepesertaan_id": row.kepesertaan_id,
        "bansos": row.bansos,
        "valid_from": row.valid.lower,
        "valid_to": row.valid.upper,
        "active": row.valid.contains(today) or (case is not None and case.held),
        "status": status_of(row, case, leaving, today),
        "exit_reason": row.exit_reason,
        "graduasi_id": row.graduasi_id,
        "last_payable_tahap": row.last_payable_tahap,
        "continued_by": row.continued_by,
        "case": case and {name: getattr(case, name) for name in CASE_FIELDS},
        "version": row.version,
    }


CASE_FIELDS = (
    "graduasi_id",
    "exit_reason",
    "state",
    "held",
    "sk_no",
    "sk_on",
    "term_ends_on",
    "effective_tahap",
    "effective_on",
    "certificate_no",
)


def status_of(row: Kepesertaan, case: CaseMark | None, leaving: set[Bansos], today: date) -> MembershipStatus:
    """Return where a membership stands as of a date."""
    if row.continued_by is not None:
        return MembershipStatus.CONTINUED
    if case is not None and case.held:
        return MembershipStatus.HELD
    if row.valid.upper is not None:
        return MembershipStatus.ENDED if row.valid.upper <= today else MembershipStatus.ENDING
    if case is not None:
        return MembershipStatus.CASE_OPEN if case.state is CaseState.OPEN else MembershipStatus.END_ANNOUNCED
    return MembershipStatus.DECISION_PENDING if leaving - {row.bansos} else MembershipStatus.ACTIVE


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
