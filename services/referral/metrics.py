"""Metrics of referral: how many partners are in each breaker state.

They name no partner and no person.
"""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.referral.partner.models import Breaker, BreakerState
from shared import telemetry

SERVICE = "referral"
breakers = telemetry.gauge("partner_breakers", "Partners by the state of their breaker.", "service", "state")


async def measure_breakers(connection: AsyncConnection) -> None:
    """Count partners whose breaker is open or half open."""
    rows = await connection.execute(sa.select(Breaker.state, sa.func.count()).group_by(Breaker.state))
    counts = {str(state): count for state, count in rows}
    for state in BreakerState:
        breakers.labels(SERVICE, state.value).set(counts.get(state.value, 0))
