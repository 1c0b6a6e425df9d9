"""What a family is a member of, what is about to end, and which tahap are payable. Pilar pays nobody; it answers."""

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
from shared.errors import NotFound

LIVE = (CaseState.OPEN, CaseState.DETERMINED, CaseState.EFFECTIVE)
DECIDED = (CaseState.DETERMINED, CaseState.EFFECTIVE)


class MembershipStatus(StrEnum):
    """Where a membership stands today. DECISION_PENDING: the family leaves another bansos; this one needs its own decision."""

    ACTIVE = "ACTIVE"
    CASE_OPEN = "CASE_OPEN"
    END_ANNOUNCED = "END_ANNOUNCED"
    ENDING = "ENDING"
    ENDED = "ENDED"
    DECISION_PENDING = "DECISION_PENDING"


class Payable(StrEnum):
    """ALL: no end is dated. UP_TO: up to the last payable tahap. HELD: an objection stops the end. NONE: ended without one."""

    ALL = "ALL"
    UP_TO = "UP_TO"
    HELD = "HELD"
    NONE = "NONE"


async def list_memberships(session: AsyncSession, actor: Actor, kpm_id: UUID) -> list[dict[str, Any]]:
    """Return the family's memberships, oldest first, each with its case and where it stands.

    Raises:
        NotFound: not the caller's to see.
    """
    await require_sight(session, actor, kpm_id)
    today = await clock.today(session)
    held = sa.select(Kepesertaan).where(Kepesertaan.kpm_id == kpm_id)
    found = (await session.scalars(held.order_by(sa.func.lower(Kepesertaan.valid), Kepesertaan.bansos))).all()
    cases = await live_cases(session, kpm_id)
    leaving = {case.kepesertaan_id for case in cases.values() if case.state in DECIDED}
    return [shown(row, cases.get(row.kepesertaan_id), leaving, today) for row in found]


async def live_cases(session: AsyncSession, kpm_id: UUID) -> dict[UUID, CaseMark]:
    """Return the case of each membership that has one, by membership."""
    wanted = sa.select(CaseMark).where(CaseMark.kpm_id == kpm_id, CaseMark.state.in_(LIVE))
    return {
        case.kepesertaan_id: case for case in await session.scalars(wanted.order_by(CaseMark.graduasi_id))
    }


def shown(row: Kepesertaan, case: CaseMark | None, leaving: set[UUID], today: date) -> dict[str, Any]:
    """Return one membership as it is shown."""
    return {
        "kepesertaan_id": row.kepesertaan_id,
        "bansos": row.bansos,
        "valid_from": row.valid.lower,
        "valid_to": row.valid.upper,
        "active": row.valid.contains(today),
        "status": status_of(row, case, leaving, today),
        "exit_reason": row.exit_reason,
        "graduasi_id": row.graduasi_id,
        "last_payable_tahap": row.last_payable_tahap,
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


def status_of(row: Kepesertaan, case: CaseMark | None, leaving: set[UUID], today: date) -> MembershipStatus:
    """Return where a membership stands as of a date."""
    if row.valid.upper is not None:
        return MembershipStatus.ENDED if row.valid.upper <= today else MembershipStatus.ENDING
    if case is not None:
        return MembershipStatus.CASE_OPEN if case.state is CaseState.OPEN else MembershipStatus.END_ANNOUNCED
    return MembershipStatus.DECISION_PENDING if leaving - {row.kepesertaan_id} else MembershipStatus.ACTIVE


async def payable_tahap(session: AsyncSession, actor: Actor, kpm_id: UUID, bansos: Bansos) -> dict[str, Any]:
    """Return which tahap of a bansos are payable to the family, as graduation told the end.

    Raises:
        NotFound: not the caller's to see, or never a member.
    """
    memberships = await list_memberships(session, actor, kpm_id)
    mine = [row for row in memberships if row["bansos"] is bansos]
    if not mine:
        raise NotFound("kepesertaan")
    row = mine[-1]
    return {
        "kpm_id": kpm_id,
        "bansos": bansos,
        "kepesertaan_id": row["kepesertaan_id"],
        "status": row["status"],
        "payable": payable_of(row),
        "last_payable_tahap": row["last_payable_tahap"],
        "first_unpayable_tahap": row["case"] and row["case"]["effective_tahap"],
        "ends_on": row["valid_to"] or (row["case"] and row["case"]["effective_on"]),
        "pending": [
            other["bansos"] for other in memberships if other["status"] == MembershipStatus.DECISION_PENDING
        ],
    }


def payable_of(row: dict[str, Any]) -> Payable:
    """Return how far a membership is payable; an announced end stops nothing yet."""
    if row["case"] and row["case"]["held"]:
        return Payable.HELD
    if row["valid_to"] is None:
        return Payable.ALL
    return Payable.UP_TO if row["last_payable_tahap"] else Payable.NONE


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
