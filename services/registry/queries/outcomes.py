"""What became of the graduates of a pendamping: those whose SK lies in the year, whoever looked after them since."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.models import Graduasi, Monitoring, Relapse, Rujukan, RujukanProgram
from services.registry.queries.days import year_of
from shared.contracts.kinds import RujukanProgramState

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
