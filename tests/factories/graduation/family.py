"""Ends of families and of businesses, as caseload tells them."""

from datetime import date
from typing import Any
from uuid import UUID

from shared.contracts import caseload
from shared.contracts.kinds import FamilyEndReason, Sex, UsahaEndReason, UsahaSector
from tests.factories.graduation.case import CaseDriver
from tests.factories.graduation.events import DESA


def family_facts(kpm_id: UUID, **other: Any) -> caseload.KpmUpdated:
    """Return the event of a family's facts: two adults and two children."""
    fields: dict[str, Any] = {
        "kpm_id": kpm_id,
        "kode_wilayah": DESA,
        "members": 4,
        "able_productive": 2,
        "lansia": 0,
        "disabilitas": 0,
        "komponen": {},
        "desil": [],
    }
    return caseload.KpmUpdated(**{**fields, **other})


def family_ended(
    kpm_id: UUID, on: date, reason: FamilyEndReason = FamilyEndReason.MENINGGAL
) -> caseload.KpmUpdated:
    """Return the event of a family whose only member has died or joined another family."""
    return family_facts(kpm_id, members=0, able_productive=0, ended_on=on, end_reason=reason)


async def business_ended(
    driver: CaseDriver, on: date, reason: UsahaEndReason = UsahaEndReason.MENINGGAL
) -> caseload.UsahaRecorded:
    """Return the event that the family's business has ended."""
    rows = await driver.service.sql(
        "SELECT usaha_id, started_on, omzet_rp, has_nib, has_letter FROM replica_kpm.usaha WHERE kpm_id = $1",
        driver.kpm_id,
    )
    return caseload.UsahaRecorded(
        **dict(rows[0]),
        kpm_id=driver.kpm_id,
        kode_wilayah=DESA,
        owner_sex=Sex.P,
        owner_birth_year=1987,
        owner_married=True,
        sector=UsahaSector.PERDAGANGAN,
        ended_on=on,
        end_reason=reason,
    )
