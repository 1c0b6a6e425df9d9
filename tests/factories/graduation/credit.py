"""Credits, and the hand-over of a family before its SK."""

from datetime import date
from typing import Any

from shared.contracts import caseload
from shared.contracts.kinds import Bansos
from shared.database import uuid7
from tests.factories.graduation.case import CaseDriver, read_emitted_events
from tests.factories.graduation.events import Field, apply_events
from tests.factories.services import Running


async def hand_over_family(driver: CaseDriver, on: date) -> Field:
    """Move the family to another pendamping on a day."""
    successor = await Field(driver.service).start()
    rows = await driver.service.sql(
        "SELECT dampingan_id FROM replica_kpm.dampingan WHERE kpm_id = $1 AND valid_to IS NULL", driver.kpm_id
    )
    ended = driver.field.build_dampingan(driver.kpm_id, dampingan_id=rows[0][0], valid_to=on)
    started = successor.build_dampingan(driver.kpm_id, valid_from=on)
    await apply_events(driver.service, caseload.DampinganEnded(**ended), caseload.DampinganStarted(**started))
    driver.by["field"] = successor.token
    return successor


async def read_credit_granted(service: Running) -> dict[str, Any]:
    ((_, event),) = await read_emitted_events(service, "credit_granted")
    return event


async def start_other_membership(driver: CaseDriver) -> CaseDriver:
    """Start SEMBAKO of a case's family, and return the driver of a case on it."""
    other = CaseDriver(driver.field, driver.kpm_id, uuid7())
    started = caseload.KepesertaanStarted(
        kpm_id=driver.kpm_id,
        kode_wilayah=driver.field.area,
        kepesertaan_id=other.kepesertaan_id,
        bansos=Bansos.SEMBAKO,
        valid_from=date(2019, 1, 1),
    )
    await apply_events(driver.service, started)
    return other
