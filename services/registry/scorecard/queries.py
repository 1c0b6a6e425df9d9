"""How well: credits as graduation last told against the target, with load and visits as caseload last told."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.framework.queries import current_targets, days_in_service, person_target, year_of
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
from shared.contracts.kinds import DampinganPurpose, LimitSide, RujukanProgramState
from shared.dates import day_of, midnight

GRANTED = sa.func.count().label("granted")
REVERSED = sa.func.count().filter(Credit.reversed).label("reversed")


async def read_scorecard(
    session: AsyncSession, actor: Actor, pendamping_id: UUID, year: int
) -> dict[str, Any]:
    """Return the scorecard of a year; net = granted - reversed, the target by days in service (chain.md 3).

    Load counts families accompanied today (PEMANTAUAN weighs nothing); raise NotFound where one may not see.
    """
    person = await read_pendamping(session, actor, pendamping_id)
    reasons = await _credits(session, pendamping_id, year)
    placements = await _placements(session, pendamping_id, year)
    kinds = await _kinds(session, placements, year)
    return {
        "pendamping_id": pendamping_id,
        "pendamping_no": person["pendamping_no"],
        "year": year,
        "target": sum(kind["target"] for kind in kinds)
        if any(kind["target_number"] for kind in kinds)
        else None,
        **{word: sum(counts[word] for counts in reasons.values()) for word in ("granted", "reversed", "net")},
        "by_exit_reason": [{"exit_reason": reason} | counts for reason, counts in reasons.items()],
        "by_kind": kinds,
        "load_now": sum(row["load_now"] for row in placements),
        "load": load_of(placements),
        "limit_crossings": await _crossings(session, pendamping_id, year),
        **activity_of(placements),
        **await read_outcomes(session, pendamping_id, year),
        "penugasan": placements,
    }


def load_of(placements: list[dict[str, Any]]) -> dict[str, Any]:
    """Return how many families weigh now, whether caseload warned of it, and the limit that it named last."""
    warned = [row for row in placements if row["limit_side"] is LimitSide.ABOVE]
    named = warned or [row for row in placements if row["limit"] is not None]
    return {
        "weighing": sum(row["load_now"] for row in placements),
        "warned": bool(warned),
        "limit": named[-1]["limit"] if named else None,
    }


def activity_of(placements: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the year's visits and sessions; attendance is the share of those invited that came, 0 to 1."""
    invited = sum(row["p2k2_invited"] for row in placements)
    attended = sum(row["p2k2_attended"] for row in placements)
    return {
        "visits": sum(row["visits"] for row in placements),
        "p2k2_held": sum(row["p2k2_held"] for row in placements),
        "p2k2_attendance": round(attended / invited, 4) if invited else None,
    }


async def _crossings(session: AsyncSession, pendamping_id: UUID, year: int) -> list[dict[str, Any]]:
    """The year's last fifty, oldest first, by the date in Jakarta."""
    first, after, _ = year_of(year)
    begins, ends = (midnight(day.replace(month=1, day=1)) for day in (first, after))
    row, order = LimitCrossing, (LimitCrossing.crossed_at.desc(), LimitCrossing.event_id.desc())
    columns = (row.penugasan_id, row.crossed_at, row.count, row.limit, row.side)
    mine = (row.pendamping_id == pendamping_id, row.crossed_at >= begins, row.crossed_at < ends)
    found = (await session.execute(sa.select(*columns).where(*mine).order_by(*order).limit(50))).mappings()
    return [dict(one) | {"on": day_of(one["crossed_at"])} for one in reversed(found.all())]


def counted(granted: int, taken_back: int) -> dict[str, int]:
    """Return the words of chain.md 9."""
    return {"granted": granted, "reversed": taken_back, "net": granted - taken_back}


async def _credits(session: AsyncSession, pendamping_id: UUID, year: int) -> dict[str, dict[str, int]]:
    mine = (Credit.pendamping_id == pendamping_id, Credit.year == year)
    statement = sa.select(Credit.exit_reason, GRANTED, REVERSED).where(*mine).group_by(Credit.exit_reason)
    rows = await session.execute(statement.order_by(Credit.exit_reason))
    return {reason.value: counted(granted, taken) for reason, granted, taken in rows}


async def _placements(session: AsyncSession, pendamping_id: UUID, year: int) -> list[dict[str, Any]]:
    mine = days_in_service(year).where(Penugasan.pendamping_id == pendamping_id)
    served = mine.subquery("served")
    shown = {
        **_work(await clock.today(session), year),
        "net": _count(Credit).where(Credit.year == year, ~Credit.reversed),
        "limit": sa.select(LoadLimit.limit).where(LoadLimit.penugasan_id == Penugasan.penugasan_id),
        "limit_side": sa.select(LoadLimit.side).where(LoadLimit.penugasan_id == Penugasan.penugasan_id),
    }
    statement = sa.select(
        Penugasan.penugasan_id,
        Penugasan.kind,
        Penugasan.valid_from,
        Penugasan.valid_to,
        sa.func.coalesce(served.c.days, 0).label("days_in_service"),
        *(figure.scalar_subquery().label(word) for word, figure in shown.items()),
    ).where(Penugasan.pendamping_id == pendamping_id)
    statement = statement.outerjoin(served, served.c.penugasan_id == Penugasan.penugasan_id)
    order = (Penugasan.valid_from, Penugasan.penugasan_id)
    return [dict(row) for row in (await session.execute(statement.order_by(*order))).mappings()]


def _work(today: date, year: int) -> dict[str, sa.Select[Any]]:
    """What caseload told of a placement: families that weigh today, the year's visits and sessions."""
    first, after, _ = year_of(year)
    holds = sa.func.daterange(Dampingan.valid_from, Dampingan.valid_to).op("@>")(today)
    held = (P2k2.penugasan_id == Penugasan.penugasan_id, P2k2.on >= first, P2k2.on < after)

    def people(column: Any) -> sa.Select[Any]:
        return sa.select(sa.func.coalesce(sa.func.sum(column), 0)).where(*held)

    return {
        "load_now": _count(Dampingan).where(Dampingan.purpose == DampinganPurpose.PENDAMPINGAN, holds),
        "visits": _count(Kunjungan).where(Kunjungan.on >= first, Kunjungan.on < after),
        "p2k2_held": sa.select(sa.func.count()).select_from(P2k2).where(*held),
        "p2k2_invited": people(P2k2.invited),
        "p2k2_attended": people(P2k2.attended),
    }


def _count(table: type[Dampingan] | type[Kunjungan] | type[Credit]) -> sa.Select[int]:
    return sa.select(sa.func.count()).where(table.penugasan_id == Penugasan.penugasan_id)


async def _kinds(session: AsyncSession, placements: list[dict[str, Any]], year: int) -> list[dict[str, Any]]:
    """A kind held twice in a year is one service: its days add up before they are rounded."""
    targets = await current_targets(session, year)
    found = []
    for kind in dict.fromkeys(row["kind"] for row in placements):
        mine = [row for row in placements if row["kind"] == kind]
        served, row = sum(one["days_in_service"] for one in mine), targets.get(kind)
        share = person_target(row, served) if row else {"target": 0, "explanation": None}
        about = {"kind": kind, "days_in_service": served, "target_number": row.number if row else None}
        found.append(about | share | {"net": sum(one["net"] for one in mine)})
    return found


async def read_numbers(
    session: AsyncSession, actor: Actor, kpm_ids: list[UUID] | None, pendamping_ids: list[UUID] | None
) -> dict[str, dict[str, int]]:
    """Return credits granted, reversed and net by exit reason, in the caller's areas, of all or of those named."""
    statement = sa.select(Credit.exit_reason, GRANTED, REVERSED).where(
        sa.true() if actor.national else sa.func.platform.in_scope(Credit.kode_wilayah)
    )
    if kpm_ids is not None:
        theirs = sa.select(Graduasi.graduasi_id).where(Graduasi.kpm_id.in_(kpm_ids))
        statement = statement.where(Credit.graduasi_id.in_(theirs))
    if pendamping_ids is not None:
        statement = statement.where(Credit.pendamping_id.in_(pendamping_ids))
    rows = await session.execute(statement.group_by(Credit.exit_reason).order_by(Credit.exit_reason))
    return {reason.value: counted(granted, taken) for reason, granted, taken in rows}


STATE = RujukanProgramState
OFFER = RujukanProgram
DELIVERED = OFFER.delivered_on.is_not(None)
ACCEPTED = sa.or_(OFFER.answer.in_((STATE.DISETUJUI, STATE.DISALURKAN, STATE.TUTUP)), DELIVERED)
ANSWERED = sa.or_(OFFER.answer.is_not(None), ACCEPTED)
SENT = sa.or_(OFFER.sent_on.is_not(None), ANSWERED)
REACHED = {"sent": SENT, "answered": ANSWERED, "accepted": ACCEPTED, "delivered": DELIVERED}


async def read_outcomes(session: AsyncSession, pendamping_id: UUID, year: int) -> dict[str, Any]:
    """Return determined, effective and annulled by exit reason, survival by month, and the way through referral.

    Survival and referral leave out what was annulled: it is no graduation.
    """
    first, after, _ = year_of(year)
    mine = (Graduasi.pendamping_id == pendamping_id, Graduasi.sk_on >= first, Graduasi.sk_on < after)
    live = sa.select(Graduasi.graduasi_id).where(*mine, Graduasi.annulled_on.is_(None))
    relapsed = sa.select(sa.func.count()).select_from(Relapse).where(Relapse.graduasi_id.in_(live))
    return {
        "graduasi": await _by_reason(session, *mine),
        "survival": await _survival(session, live),
        "relapsed": await session.scalar(relapsed),
        "funnel": await _funnel(session, live),
        "offers": await _offers(session, live),
    }


async def _by_reason(session: AsyncSession, *mine: sa.ColumnElement[bool]) -> list[dict[str, Any]]:
    annulled = Graduasi.annulled_on.is_not(None)
    effective = sa.and_(Graduasi.effective_on.is_not(None), ~annulled)
    statement = sa.select(
        Graduasi.exit_reason,
        sa.func.count().label("determined"),
        sa.func.count().filter(effective).label("effective"),
        sa.func.count().filter(annulled).label("annulled"),
    ).where(*mine)
    rows = await session.execute(statement.group_by(Graduasi.exit_reason).order_by(Graduasi.exit_reason))
    return [dict(row) for row in rows.mappings()]


async def _survival(session: AsyncSession, live: sa.Select[Any]) -> dict[int, dict[str, int]]:
    still = sa.func.count().filter(Monitoring.still_out)
    statement = sa.select(Monitoring.month, sa.func.count(), still).where(Monitoring.graduasi_id.in_(live))
    rows = await session.execute(statement.group_by(Monitoring.month).order_by(Monitoring.month))
    return {month: {"seen": seen, "still_out": out} for month, seen, out in rows}


async def _funnel(session: AsyncSession, live: sa.Select[Any]) -> dict[str, int]:
    """Families: one with three offers is one; whoever came far came through what lies before."""
    each = sa.select(
        OFFER.graduasi_id, *(sa.func.bool_or(step).label(word) for word, step in REACHED.items())
    ).where(OFFER.graduasi_id.in_(live))
    offers = each.group_by(OFFER.graduasi_id).subquery()
    counts = (sa.func.count().filter(offers.c[word]).label(word) for word in REACHED)
    opened = sa.select(Rujukan.graduasi_id).where(Rujukan.graduasi_id.in_(live)).distinct().subquery()
    joined = opened.outerjoin(offers, offers.c.graduasi_id == opened.c.graduasi_id)
    statement = sa.select(sa.func.count().label("opened"), *counts).select_from(joined)
    return dict((await session.execute(statement)).mappings().one())


async def _offers(session: AsyncSession, live: sa.Select[Any]) -> dict[str, Any]:
    """Offers: how many partners answered, took the family, or refused it and why."""
    refused = OFFER.answer == STATE.DITOLAK
    counted = (
        sa.func.count().filter(step).label(word) for word, step in (*REACHED.items(), ("refused", refused))
    )
    withdrawn = sa.func.count().filter(OFFER.withdrawn_on.is_not(None)).label("withdrawn")
    statement = sa.select(sa.cast(OFFER.reason_code, sa.Text).label("reason"), *counted, withdrawn)
    rows = await session.execute(
        statement.where(OFFER.graduasi_id.in_(live)).group_by(sa.literal_column("1"))
    )
    found = [dict(row) for row in rows.mappings()]
    words = (*REACHED, "refused", "withdrawn")
    by_reason = {str(row["reason"]): row["refused"] for row in found if row["refused"]}
    return {word: sum(row[word] for row in found) for word in words} | {
        "refused_by_reason": dict(sorted(by_reason.items()))
    }
