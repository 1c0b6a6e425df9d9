"""Officials who accompanied families before, in graduation's replicas."""

from datetime import date
from uuid import UUID

from shared.contracts import caseload
from shared.database import uuid7
from tests.factories.graduation.case import CaseDriver
from tests.factories.graduation.events import apply_events


async def accompany_until(
    driver: CaseDriver, valid_to: date | None, valid_from: date = date(2022, 1, 1)
) -> UUID:
    """Record an earlier dampingan of the family, and return its pendamping."""
    former = uuid7()
    terms = driver.field.build_dampingan(
        driver.kpm_id, pendamping_id=former, penugasan_id=uuid7(), valid_from=valid_from
    )
    await apply_events(driver.service, caseload.DampinganStarted(**terms))
    if valid_to is not None:
        await apply_events(driver.service, caseload.DampinganEnded(**terms, valid_to=valid_to))
    return former
