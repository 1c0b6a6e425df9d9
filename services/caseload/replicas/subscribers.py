"""Handlers that replicate registry's and referral's events."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.replicas.models import Aid, Pendamping, Penugasan, StatusRange, WilayahTugas
from services.caseload.subscriptions import aid, pendamping
from shared.accompaniment import StatusFacts
from shared.contracts.referral import (
    RujukanAnswered,
    RujukanDelivered,
    RujukanDeliveryVoided,
    RujukanExpired,
    RujukanSent,
    RujukanSupplied,
    RujukanWithdrawn,
)
from shared.contracts.registry import (
    PendampingRegistered,
    PendampingStatusChanged,
    PenugasanEnded,
    PenugasanStarted,
    WilayahTugasEnded,
    WilayahTugasPlaced,
)
from shared.database import upsert
from shared.messaging import Received


async def replicate_statuses(session: AsyncSession, events: list[Received[Any]]) -> None:
    """Store each status under its first day."""
    rows = [{name: event.fields[name] for name in StatusFacts.model_fields} for event in events]
    await upsert(session, StatusRange, rows, key=["pendamping_id", "from_on"])


pendamping.replicate(Pendamping, PendampingRegistered, PendampingStatusChanged, then=replicate_statuses)
pendamping.replicate(Penugasan, PenugasanStarted, PenugasanEnded)
pendamping.replicate(WilayahTugas, WilayahTugasPlaced, WilayahTugasEnded)

# One call per event: one call for all would write NULL to columns that only the other events fill.
aid.replicate(Aid, RujukanSent)
aid.replicate(Aid, RujukanAnswered)
aid.replicate(Aid, RujukanSupplied)
aid.replicate(Aid, RujukanWithdrawn)
aid.replicate(Aid, RujukanExpired)
aid.replicate(Aid, RujukanDeliveryVoided, fixed={"delivered_on": None})


@aid.on(RujukanDelivered)
async def replicate_delivery(session: AsyncSession, event: RujukanDelivered) -> None:
    """Replicate a delivery. The answered amount stays if the delivery has none."""
    row = event.model_dump(mode="json", include=set(Aid.__table__.columns.keys()), exclude_none=True)
    await upsert(session, Aid, [row], key=["rujukan_program_id"])
