"""Credits, and the hand-over of a family before its SK."""

from datetime import date
from typing import Any

from shared.contracts import caseload
from tests.factories.graduation.case import Road, emitted_events
from tests.factories.graduation.events import Field, tell
from tests.factories.services import Running


async def handed_over(road: Road, on: date) -> Field:
    """Another pendamping takes the family; the old one's dampingan ends the same day."""
    successor = await Field(road.service).begin()
    rows = await road.service.sql(
        "SELECT dampingan_id FROM replica_kpm.dampingan WHERE kpm_id = $1 AND valid_to IS NULL", road.kpm_id
    )
    ended = road.field.dampingan(road.kpm_id, dampingan_id=rows[0][0], valid_to=on)
    begun = successor.dampingan(road.kpm_id, valid_from=on)
    await tell(road.service, caseload.DampinganEnded(**ended), caseload.DampinganStarted(**begun))
    road.by["field"] = successor.token
    return successor


async def credited(service: Running) -> dict[str, Any]:
    ((_, fact),) = await emitted_events(service, "credit_granted")
    return fact
