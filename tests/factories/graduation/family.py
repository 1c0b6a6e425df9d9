"""Ends of families and of businesses, as caseload tells them."""

from datetime import date
from typing import Any
from uuid import UUID

from shared.contracts import caseload
from shared.contracts.kinds import FamilyEndReason, Sex, UsahaEndReason, UsahaSector
from tests.factories.graduation.case import CaseDriver, expect_ok
from tests.factories.graduation.events import DESA
from tests.factories.graduation.exit_proposal import build_exit_proposed
from tests.factories.services import Running


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


def own_proposal(driver: CaseDriver, **other: Any) -> caseload.ExitProposed:
    """Return the event of the proposal that caseload itself makes after a death."""
    system = {"proposer": "system:caseload", "proposer_sub": "system:caseload"}
    return build_exit_proposed(driver, **{**system, "pendamping_id": None, "penugasan_id": None, **other})


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


async def case_of(driver: CaseDriver) -> dict[str, Any]:
    """Return the case as an official sees it."""
    path = f"/v1/graduasi/{driver.graduasi_id}"
    return dict(expect_ok(await driver.service.get(path, as_=driver.by["approval"]), 200))


async def fact_ids(service: Running, fact: str) -> list[str]:
    """Return the ids of caseload's published events of a kind, in order."""
    return [str(one["id"]) for one in await service.read_envelopes() if one["type"] == f"caseload.{fact}.v1"]
