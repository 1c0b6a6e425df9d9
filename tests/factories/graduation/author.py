"""Statuses of the author of an assessment, and the pendamping who follows."""

from datetime import date

from shared.contracts import caseload, registry
from shared.contracts.kinds import PendampingStatus, SubjectKind
from tests.factories.graduation.case import CaseDriver
from tests.factories.graduation.events import Field, apply_events


async def change_status(driver: CaseDriver, status: str, reason: str = "SK_PEMBERHENTIAN") -> None:
    """Apply a status of the family's pendamping from 2026-05-18 on."""
    await apply_events(
        driver.service,
        registry.PendampingStatusChanged(
            pendamping_id=driver.field.pendamping_id,
            pendamping_no="PD-1",
            subject=SubjectKind.PERSON,
            status=PendampingStatus(status),
            reason=reason,
            from_on=date(2026, 5, 18),
        ),
    )


async def hand_over(driver: CaseDriver) -> None:
    """Let another pendamping accompany the family and act for the driver."""
    successor = await Field(driver.service, driver.field.area).start()
    await apply_events(driver.service, caseload.DampinganStarted(**successor.build_dampingan(driver.kpm_id)))
    driver.by["field"] = successor.token
