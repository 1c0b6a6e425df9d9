"""Metrics of graduation: how many tahap the calendar still has."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.graduation.policy.models.calendar import TahapCalendar
from shared import telemetry
from shared.schema import business_clock

SERVICE = "graduation"
tahap_ahead = telemetry.gauge("tahap_ahead", "Tahap whose cut-off has not passed.", "service")


async def measure_tahap(connection: AsyncConnection) -> None:
    """Count the tahap whose cut-off has not passed on the business day."""
    offset = sa.select(business_clock.c.offset_seconds * sa.text("interval '1 second'")).scalar_subquery()
    today = sa.cast(sa.func.timezone("Asia/Jakarta", sa.func.clock_timestamp() + offset), sa.Date)
    ahead = sa.select(sa.func.count()).select_from(TahapCalendar).where(TahapCalendar.cutoff_on >= today)
    tahap_ahead.labels(SERVICE).set(await connection.scalar(ahead) or 0)
