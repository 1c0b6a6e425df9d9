"""Read the scorecard of a pendamping: credits against the target, load, activity and outcomes.

Credits are replicas of graduation, load and activity of caseload, offers of referral.
"""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.framework.queries import (
    calculate_person_target,
    read_current_targets,
    select_days_in_service,
    year_bounds,
)
from services.registry.pendamping.queries import read_pendamping
from services.registry.placement.models import Penugasan
from services.registry.replicas.models import (
    Credit,
    Dampingan,
    Graduasi,
    Kunjungan,
    LimitCrossing,
    LoadLimit,
    Monitoring,
    P2k2,
    Relapse,
    Rujukan,
    RujukanProgram,
)
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import DampinganPurpose, LimitSide
from shared.contracts.rujukan_kinds import RujukanProgramState
from shared.dates import day_of, midnight

GRANTED = sa.func.count().label("granted")
REVERSED = sa.func.count().filter(Credit.reversed).label("reversed")
MOST_CROSSINGS = 50
# The month of the end of a monitoring that no visit has found (shared/contracts/graduation.py).
WITHOUT_VISIT = 0


async def read_scorecard(
    session: AsyncSession, actor: Actor, pendamping_id: UUID, year: int
) -> dict[str, Any]:
    """Return the scorecard of a pendamping for a year.

    Net credits are granted - reversed, and the target is pro rata by days in service (docs/domain.md#targets).
    The load counts families accompanied today, without PEMANTAUAN.

    Raises:
        NotFound: There is none, or the actor may not see it.
    """
    pendamping = await read_pendamping(session, actor, pendamping_id)
    credits_by_reason = await _count_credits(session, pendamping_id, year)
    placements = await _read_placements(session, pendamping_id, year)
    kinds = await _score_kinds(session, placements, year)
    return {
        "pendamping_id": pendamping_id,
        "pendamping_no": pendamping["pendamping_no"],
        "year": year,
        "target": sum(kind["target"] for kind in kinds)
        if any(kind["target_number"] for kind in kinds)
        else None,
        **{
            name: sum(counts[name] for counts in credits_by_reason.values())
            for name in ("granted", "reversed", "net")
        },
        "by_exit_reason": [{"exit_reason": reason} | counts for reason, counts in credits_by_reason.items()],
        "by_kind": kinds,
        "load_now": sum(row["load_now"] for row in placements),
        "load": summarize_load(placements),
        "limit_crossings": await _read_crossings(session, pendamping_id, year),
        **summarize_activity(placements),
        **await read_outcomes(session, pendamping_id, year),
        "penugasan": placements,
    }


def summarize_load(placements: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the load today, whether a placement is above its limit, and the last limit."""
    above = [row for row in placements if row["limit_side"] is LimitSide.ABOVE]
    with_limit = above or [row for row in placements if row["limit"] is not None]
    return {
        "weighing": sum(row["load_now"] for row in placements),
        "warned": bool(above),
        "limit": with_limit[-1]["limit"] if with_limit else None,
    }


def summarize_activity(placements: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the year's visits, P2K2 sessions and P2K2 attendance (0 to 1)."""
    invited = sum(row["p2k2_invited"] for row in placements)
    attended = sum(row["p2k2_attended"] for row in placements)
    return {
        "visits": sum(row["visits"] for row in placements),
        "p2k2_held": sum(row["p2k2_held"] for row in placements),
        "p2k2_attendance": round(attended / invited, 4) if invited else None,
    }


async def _read_crossings(session: AsyncSession, pendamping_id: UUID, year: int) -> list[dict[str, Any]]:
    """Return the pendamping's newest limit crossings of a year, oldest first."""
    first, after, _ = year_bounds(year)
    begins, ends = (midnight(day.replace(month=1, day=1)) for day in (first, after))
    row, order = LimitCrossing, (LimitCrossing.crossed_at.desc(), LimitCrossing.event_id.desc())
    columns = (row.penugasan_id, row.crossed_at, row.count, row.limit, row.side)
    conditions = (row.pendamping_id == pendamping_id, row.crossed_at >= begins, row.crossed_at < ends)
    statement = sa.select(*columns).where(*conditions).order_by(*order).limit(MOST_CROSSINGS)
    newest_first = (await session.execute(statement)).mappings().all()
    return [dict(crossing) | {"on": day_of(crossing["crossed_at"])} for crossing in reversed(newest_first)]


def credit_counts(granted: int, reversed_: int) -> dict[str, int]:
    """Return the credit counts under the names of docs/case-lifecycle.md#counts."""
    return {"granted": granted, "reversed": reversed_, "net": granted - reversed_}


async def _count_credits(session: AsyncSession, pendamping_id: UUID, year: int) -> dict[str, dict[str, int]]:
    conditions = (Credit.pendamping_id == pendamping_id, Credit.year == year)
    statement = sa.select(Credit.exit_reason, GRANTED, REVERSED).where(*conditions)
    rows = await session.execute(statement.group_by(Credit.exit_reason).order_by(Credit.exit_reason))
    return {reason.value: credit_counts(granted, reversed_) for reason, granted, reversed_ in rows}


async def _read_placements(session: AsyncSession, pendamping_id: UUID, year: int) -> list[dict[str, Any]]:
    service = select_days_in_service(year).where(Penugasan.pendamping_id == pendamping_id).subquery("service")
    figures = {
        **_select_activity(await clock.today(session), year),
        "net": _select_count(Credit).where(Credit.year == year, ~Credit.reversed),
        "limit": sa.select(LoadLimit.limit).where(LoadLimit.penugasan_id == Penugasan.penugasan_id),
        "limit_side": sa.select(LoadLimit.side).where(LoadLimit.penugasan_id == Penugasan.penugasan_id),
    }
    statement = sa.select(
        Penugasan.penugasan_id,
        Penugasan.kind,
        Penugasan.valid_from,
        Penugasan.valid_to,
        sa.func.coalesce(service.c.days, 0).label("days_in_service"),
        *(figure.scalar_subquery().label(name) for name, figure in figures.items()),
    ).where(Penugasan.pendamping_id == pendamping_id)
    statement = statement.outerjoin(service, service.c.penugasan_id == Penugasan.penugasan_id)
    order = (Penugasan.valid_from, Penugasan.penugasan_id)
    return [dict(row) for row in (await session.execute(statement.order_by(*order))).mappings()]


def _select_activity(today: date, year: int) -> dict[str, sa.Select[Any]]:
    """Return selects of a placement's load today, and of its year's visits and sessions."""
    first, after, _ = year_bounds(year)
    is_current = sa.func.daterange(Dampingan.valid_from, Dampingan.valid_to).op("@>")(today)
    in_year = (P2k2.penugasan_id == Penugasan.penugasan_id, P2k2.on >= first, P2k2.on < after, ~P2k2.voided)

    def select_sum(column: Any) -> sa.Select[Any]:
        return sa.select(sa.func.coalesce(sa.func.sum(column), 0)).where(*in_year)

    return {
        "load_now": _select_count(Dampingan).where(
            Dampingan.purpose == DampinganPurpose.PENDAMPINGAN, is_current
        ),
        "visits": _select_count(Kunjungan).where(
            Kunjungan.on >= first, Kunjungan.on < after, ~Kunjungan.voided
        ),
        "p2k2_held": sa.select(sa.func.count()).select_from(P2k2).where(*in_year),
        "p2k2_invited": select_sum(P2k2.invited),
        "p2k2_attended": select_sum(P2k2.attended),
    }


def _select_count(table: type[Dampingan] | type[Kunjungan] | type[Credit]) -> sa.Select[int]:
    return sa.select(sa.func.count()).where(table.penugasan_id == Penugasan.penugasan_id)


async def _score_kinds(
    session: AsyncSession, placements: list[dict[str, Any]], year: int
) -> list[dict[str, Any]]:
    targets = await read_current_targets(session, year)
    scores = []
    for kind in dict.fromkeys(row["kind"] for row in placements):
        of_kind = [row for row in placements if row["kind"] == kind]
        # The days of all placements of a kind are added up before rounding.
        days, target = sum(row["days_in_service"] for row in of_kind), targets.get(kind)
        share = calculate_person_target(target, days) if target else {"target": 0, "explanation": None}
        score = {"kind": kind, "days_in_service": days, "target_number": target.number if target else None}
        scores.append(score | share | {"net": sum(row["net"] for row in of_kind)})
    return scores


async def read_numbers(
    session: AsyncSession, actor: Actor, kpm_ids: list[UUID] | None, pendamping_ids: list[UUID] | None
) -> dict[str, dict[str, int]]:
    """Return credit counts by exit reason in the actor's areas, filtered by families and pendamping."""
    statement = sa.select(Credit.exit_reason, GRANTED, REVERSED).where(
        sa.true() if actor.national else sa.func.platform.in_scope(Credit.kode_wilayah)
    )
    if kpm_ids is not None:
        graduasi_ids = sa.select(Graduasi.graduasi_id).where(Graduasi.kpm_id.in_(kpm_ids))
        statement = statement.where(Credit.graduasi_id.in_(graduasi_ids))
    if pendamping_ids is not None:
        statement = statement.where(Credit.pendamping_id.in_(pendamping_ids))
    rows = await session.execute(statement.group_by(Credit.exit_reason).order_by(Credit.exit_reason))
    return {reason.value: credit_counts(granted, reversed_) for reason, granted, reversed_ in rows}


STATE = RujukanProgramState
OFFER = RujukanProgram
DELIVERED = OFFER.delivered_on.is_not(None)
ACCEPTED = sa.or_(OFFER.answer.in_((STATE.DISETUJUI, STATE.DISALURKAN, STATE.TUTUP)), DELIVERED)
ANSWERED = sa.or_(OFFER.answer.is_not(None), ACCEPTED)
SENT = sa.or_(OFFER.sent_on.is_not(None), ANSWERED)
STEPS = {"sent": SENT, "answered": ANSWERED, "accepted": ACCEPTED, "delivered": DELIVERED}
"""Conditions that an offer has reached a step of referral. Each includes the later steps."""


async def read_outcomes(session: AsyncSession, pendamping_id: UUID, year: int) -> dict[str, Any]:
    """Return graduations by exit reason, and of their families survival, relapses and steps.

    Survival and referral exclude annulled graduations. Survival excludes families that ended during the monitoring.
    """
    first, after, _ = year_bounds(year)
    conditions = (Graduasi.pendamping_id == pendamping_id, Graduasi.sk_on >= first, Graduasi.sk_on < after)
    graduasi_ids = sa.select(Graduasi.graduasi_id).where(*conditions, Graduasi.annulled_on.is_(None))
    relapsed = (
        sa.select(sa.func.count(Graduasi.kpm_id.distinct()))
        .join(Relapse, Relapse.graduasi_id == Graduasi.graduasi_id)
        .where(Relapse.graduasi_id.in_(graduasi_ids), Relapse.reversed_on.is_(None))
    )
    return {
        "graduasi": await _count_graduasi(session, *conditions),
        "survival": await _count_survival(session, graduasi_ids),
        "relapsed": await session.scalar(relapsed),
        "funnel": await _count_families_by_step(session, graduasi_ids),
        "offers": await _count_offers_by_step(session, graduasi_ids),
    }


async def _count_graduasi(session: AsyncSession, *conditions: sa.ColumnElement[bool]) -> list[dict[str, Any]]:
    annulled = Graduasi.annulled_on.is_not(None)
    effective = sa.and_(Graduasi.effective_on.is_not(None), ~annulled)
    statement = sa.select(
        Graduasi.exit_reason,
        sa.func.count().label("determined"),
        sa.func.count().filter(effective).label("effective"),
        sa.func.count().filter(annulled).label("annulled"),
    ).where(*conditions)
    rows = await session.execute(statement.group_by(Graduasi.exit_reason).order_by(Graduasi.exit_reason))
    return [dict(row) for row in rows.mappings()]


async def _count_survival(session: AsyncSession, graduasi_ids: sa.Select[Any]) -> list[dict[str, int]]:
    """Return how many families were seen in each month, and were still without bansos."""
    # A family that ended during its monitoring counts in no month.
    ended = sa.select(Monitoring.graduasi_id).where(Monitoring.month == WITHOUT_VISIT)
    families = (
        sa.select(Monitoring.month, sa.func.bool_and(Monitoring.still_out).label("still_out"))
        .join(Graduasi, Graduasi.graduasi_id == Monitoring.graduasi_id)
        .where(Graduasi.graduasi_id.in_(graduasi_ids), Graduasi.graduasi_id.not_in(ended), ~Monitoring.voided)
        .group_by(Monitoring.month, Graduasi.kpm_id)
        .subquery()
    )
    month, still_out = families.c.month, sa.func.count().filter(families.c.still_out)
    rows = await session.execute(sa.select(month, sa.func.count(), still_out).group_by(month).order_by(month))
    return [{"month": month, "seen": count, "still_out": out} for month, count, out in rows]


async def _count_families_by_step(session: AsyncSession, graduasi_ids: sa.Select[Any]) -> dict[str, int]:
    """Return how many families reached each step, each counted once."""
    reached = (sa.func.bool_or(step).label(name) for name, step in STEPS.items())
    families = (
        sa.select(Graduasi.kpm_id, *reached)
        .join(Rujukan, Rujukan.graduasi_id == Graduasi.graduasi_id)
        .outerjoin(OFFER, OFFER.graduasi_id == Graduasi.graduasi_id)
        .where(Graduasi.graduasi_id.in_(graduasi_ids))
        .group_by(Graduasi.kpm_id)
        .subquery()
    )
    counts = (sa.func.count().filter(families.c[name]).label(name) for name in STEPS)
    statement = sa.select(sa.func.count().label("opened"), *counts).select_from(families)
    return dict((await session.execute(statement)).mappings().one())


async def _count_offers_by_step(session: AsyncSession, graduasi_ids: sa.Select[Any]) -> dict[str, Any]:
    """Return how many offers reached each step, and the partners' refusals by reason."""
    refused = OFFER.answer == STATE.DITOLAK
    counts = (
        sa.func.count().filter(step).label(name) for name, step in (*STEPS.items(), ("refused", refused))
    )
    withdrawn = sa.func.count().filter(OFFER.withdrawn_on.is_not(None)).label("withdrawn")
    statement = sa.select(sa.cast(OFFER.reason_code, sa.Text).label("reason"), *counts, withdrawn)
    result = await session.execute(
        statement.where(OFFER.graduasi_id.in_(graduasi_ids)).group_by(sa.literal_column("1"))
    )
    rows = [dict(row) for row in result.mappings()]
    by_reason = {str(row["reason"]): row["refused"] for row in rows if row["refused"]}
    return {name: sum(row[name] for row in rows) for name in (*STEPS, "refused", "withdrawn")} | {
        "refused_by_reason": dict(sorted(by_reason.items()))
    }
