"""Cases whose membership was voided in caseload (docs/case-lifecycle.md#wrong-memberships)."""

from datetime import date

import pytest

from shared.contracts.caseload import KepesertaanVoided
from tests.factories.graduation.case import CaseDriver
from tests.factories.graduation.events import apply_events
from tests.factories.graduation.family import case_of
from tests.factories.services import Running


def build_voided(driver: CaseDriver) -> KepesertaanVoided:
    since = date(2019, 1, 1)
    return KepesertaanVoided(
        kepesertaan_id=driver.kepesertaan_id,
        kpm_id=driver.kpm_id,
        kode_wilayah=driver.field.area,
        bansos="PKH",
        valid_from=since,
        valid_to=since,
    )


@pytest.mark.parametrize("state", ["SIAP", "DISETUJUI_DINSOS"])
async def test_case_before_its_sk_is_cancelled_by_the_service_itself(graduation: Running, state: str) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to(state)
    await apply_events(graduation, build_voided(driver))
    await apply_events(graduation, build_voided(driver))
    assert (await case_of(driver))["state"] == "DIBATALKAN"
    events = [
        one["data"]
        for one in await graduation.read_envelopes()
        if one["type"] == "graduation.graduasi_closed.v1"
    ]
    assert [(one["closed_as"], one["reason"]) for one in events] == [("DIBATALKAN", "DASAR_GUGUR")]
    again = await driver.field.service.post(
        "/v1/graduasi",
        {
            "kpm_id": str(driver.kpm_id),
            "kepesertaan_id": str(driver.kepesertaan_id),
            "exit_reason": "SEJAHTERA_MANDIRI",
        },
        as_=driver.field.token,
    )
    assert again.json()["title"] == "KepesertaanNotActive", again.text


async def test_case_in_an_sk_stays(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    before = (await case_of(driver))["state"]
    await apply_events(graduation, build_voided(driver))
    assert (await case_of(driver))["state"] == before
