"""No case opens on facts of a family that a reaction has overtaken."""

from typing import Any

import httpx
import pytest

from shared.contracts import caseload
from shared.events import Event
from tests.factories.graduation.case import CaseDriver, expect_ok
from tests.factories.graduation.events import apply_events
from tests.factories.graduation.family import family_facts
from tests.factories.services import Running, expect_refusal


def build_move(driver: CaseDriver) -> Event:
    return family_facts(driver.kpm_id, kode_wilayah="33.24.09.2014")


def build_void(driver: CaseDriver) -> Event:
    since: Any = "2019-01-01"
    names = {"kepesertaan_id": driver.kepesertaan_id, "kpm_id": driver.kpm_id}
    where = {"kode_wilayah": driver.field.area, "bansos": "PKH"}
    return caseload.KepesertaanVoided(**names, **where, valid_from=since, valid_to=since)


async def open_case(driver: CaseDriver) -> httpx.Response:
    ids = {"kpm_id": str(driver.kpm_id), "kepesertaan_id": str(driver.kepesertaan_id)}
    body = ids | {"exit_reason": "SEJAHTERA_MANDIRI"}
    return await driver.service.post("/v1/graduasi", body, as_=driver.by["field"])


@pytest.mark.parametrize("build", [build_move, build_void])
async def test_case_waits_for_the_replica(graduation: Running, build: Any) -> None:
    driver = await CaseDriver.start(graduation)
    await apply_events(graduation, build(driver), without="kpm")
    expect_refusal(await open_case(driver), "NotYetKnown")
    assert await graduation.sql("SELECT FROM graduasi") == []
    await apply_events(graduation, family_facts(driver.kpm_id))
    if build is build_move:
        expect_ok(await open_case(driver))
    else:
        expect_refusal(await open_case(driver), "KepesertaanNotActive")
