"""A sanggah is one lodger and one date on a case (docs/case-lifecycle.md#objections)."""

import asyncio
from datetime import date
from typing import Any

import pytest

from tests.factories.graduation.case import CaseDriver, expect_ok, read_emitted_events, set_day
from tests.factories.graduation.objection import (
    SK_ON,
    build_sanggah,
    decide_sanggah,
    decider_token,
    lodge_sanggah,
)
from tests.factories.services import Running, expect_refusal

LODGED_ON = date(2026, 6, 1)
NIK, OTHER_NIK = "3324015211879001", "3324010508849001"


async def create_case(service: Running) -> CaseDriver:
    driver = await (await CaseDriver.start(service)).advance_to("MASA_SANGGAH", SK_ON)
    await set_day(service, LODGED_ON)
    return driver


async def read_scans(driver: CaseDriver, sanggah_id: str) -> list[str]:
    path = f"/v1/sanggah/{sanggah_id}"
    shown = expect_ok(await driver.service.get(path, as_=decider_token(driver.service)), 200)
    return [scan["evidence_sha256"] for scan in shown["scans"]]


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ({"lodger_nik": NIK}, {"lodger_nik": "3324 0152 1187 9001"}),
        ({"register_no": "012/Sanggah-VI/2026"}, {"register_no": "012/ SANGGAH VI/2026"}),
        ({"lodged_by": "KELUARGA"}, {"lodged_by": "KELUARGA", "ground": "LAINNYA"}),
    ],
)
async def test_second_scan_of_one_lodger_and_date_joins_the_sanggah(
    graduation: Running, first: dict[str, Any], again: dict[str, Any]
) -> None:
    driver = await create_case(graduation)
    lodged = expect_ok(await lodge_sanggah(driver, LODGED_ON, **first))
    added = expect_ok(await lodge_sanggah(driver, LODGED_ON, b"halaman kedua", **again), 200)
    assert (added["sanggah_id"], added["ground"]) == (lodged["sanggah_id"], lodged["ground"])
    assert len(await read_scans(driver, lodged["sanggah_id"])) == len(added["scans"]) == 2
    assert len(await read_emitted_events(graduation, "sanggah_lodged")) == 1


async def test_same_scan_again_changes_nothing(graduation: Running) -> None:
    driver = await create_case(graduation)
    lodged = expect_ok(await lodge_sanggah(driver, LODGED_ON, lodger_nik=NIK))
    again = expect_ok(await lodge_sanggah(driver, LODGED_ON, lodger_nik=NIK), 200)
    assert (again["sanggah_id"], again["scans"]) == (lodged["sanggah_id"], lodged["scans"])


@pytest.mark.parametrize(
    "other",
    [{"lodger_nik": OTHER_NIK}, {"register_no": NIK}, {"lodged_by": "KUASA", "lodger_nik": NIK}, {}],
)
async def test_other_lodger_is_another_sanggah(graduation: Running, other: dict[str, Any]) -> None:
    driver = await create_case(graduation)
    first = expect_ok(await lodge_sanggah(driver, LODGED_ON, lodger_nik=NIK))
    answer = await lodge_sanggah(driver, LODGED_ON, b"surat lain", **other)
    expect_refusal(answer, "SanggahStillOpen", 409)
    assert answer.json()["params"] == {"sanggah_id": first["sanggah_id"]}


async def test_scan_is_added_after_the_decision_and_nothing_is_suspended_again(graduation: Running) -> None:
    driver = await create_case(graduation)
    lodged = expect_ok(await lodge_sanggah(driver, LODGED_ON, lodger_nik=NIK))
    expect_ok(await decide_sanggah(driver, lodged["sanggah_id"], "DITOLAK"))
    added = expect_ok(await lodge_sanggah(driver, LODGED_ON, b"lampiran", lodger_nik=NIK), 200)
    assert (added["state"], len(added["scans"])) == ("DITOLAK", 2)
    assert await driver.read_state() == "MASA_SANGGAH"


async def test_scan_of_another_sanggah_of_the_case_is_refused(graduation: Running) -> None:
    driver = await create_case(graduation)
    lodged = expect_ok(await lodge_sanggah(driver, LODGED_ON, lodger_nik=NIK))
    expect_ok(await decide_sanggah(driver, lodged["sanggah_id"], "DITOLAK"))
    answer = await lodge_sanggah(driver, LODGED_ON, lodger_nik=OTHER_NIK)
    expect_refusal(answer, "SanggahAlreadyLodged", 409)
    assert len(await read_scans(driver, lodged["sanggah_id"])) == 1


async def test_two_desks_at_once_record_one_sanggah(graduation: Running) -> None:
    driver = await create_case(graduation)
    papers = [await build_sanggah(driver, LODGED_ON, one, lodger_nik=NIK) for one in (b"satu", b"dua")]
    answers = await asyncio.gather(*(driver.post("sanggah", one, "musyawarah") for one in papers))
    assert sorted(one.status_code for one in answers) == [200, 201]
    assert len({one.json()["sanggah_id"] for one in answers}) == 1


async def test_nik_and_register_number_together_are_refused(graduation: Running) -> None:
    driver = await create_case(graduation)
    answer = await lodge_sanggah(driver, LODGED_ON, lodger_nik=NIK, register_no="012/2026")
    assert answer.status_code == 422


async def test_nik_of_the_lodger_is_stored_as_a_keyed_hash_only(graduation: Running) -> None:
    driver = await create_case(graduation)
    lodged = await lodge_sanggah(driver, LODGED_ON, lodger_nik=NIK)
    assert NIK not in lodged.text
    ((stored,),) = await graduation.sql("SELECT s::text FROM sanggah s")
    assert NIK not in stored


async def test_who_added_a_scan_does_not_decide(graduation: Running) -> None:
    driver = await create_case(graduation)
    lodged = expect_ok(await lodge_sanggah(driver, LODGED_ON, lodger_nik=NIK))
    driver.by["desk"] = decider_token(graduation)
    expect_ok(await lodge_sanggah(driver, LODGED_ON, b"lampiran", by="desk", lodger_nik=NIK), 200)
    answer = await decide_sanggah(driver, lodged["sanggah_id"], "DITERIMA")
    expect_refusal(answer, "DecidedByLodger", 409)
    waits = await graduation.get("/v1/sanggah?waiting=me", as_=driver.by["desk"])
    assert expect_ok(waits, 200)["items"] == []
    other = graduation.token("KEMENSOS", "kemensos-9")
    expect_ok(await decide_sanggah(driver, lodged["sanggah_id"], "DITERIMA", other))
