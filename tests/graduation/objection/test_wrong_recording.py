"""A sanggah that was recorded in error does not count (docs/case-lifecycle.md#objections)."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.factories.graduation.case import (
    CaseDriver,
    expect_ok,
    read_emitted_events,
    read_penetapan,
    set_day,
    work_until,
)
from tests.factories.graduation.events import apply_events
from tests.factories.graduation.exit_proposal import build_exit_proposed
from tests.factories.graduation.objection import (
    DAY_AFTER,
    SK_ON,
    annul_graduasi,
    build_tahap,
    decide_sanggah,
    lodge_sanggah,
)
from tests.factories.services import Running, expect_refusal

FIRST = date(2026, 6, 1)
ERROR, NIK = "SALAH_CATAT", "3324015211879001"


async def create_case(service: Running) -> CaseDriver:
    driver = await (await CaseDriver.start(service)).advance_to("MASA_SANGGAH", SK_ON)
    await set_day(service, FIRST)
    return driver


@pytest.mark.parametrize("right", [{}, {"ground": "LAINNYA"}, {"lodger_nik": NIK}, {"lodged_by": "KUASA"}])
async def test_right_sanggah_is_recorded_with_the_same_paper_and_suspends(
    graduation: Running, right: dict[str, Any]
) -> None:
    driver = await create_case(graduation)
    wrong = expect_ok(await lodge_sanggah(driver, FIRST, lodger_nik=None))
    decided = expect_ok(await decide_sanggah(driver, wrong["sanggah_id"], ERROR))
    assert (decided["state"], await driver.read_state()) == (ERROR, "MASA_SANGGAH")
    again = expect_ok(await lodge_sanggah(driver, FIRST, **right))
    assert (again["suspends"], await driver.read_state()) == (True, "DISANGGAH")
    expect_ok(await decide_sanggah(driver, again["sanggah_id"], "DITOLAK"))
    repeated = expect_ok(await lodge_sanggah(driver, FIRST, b"kedua", **(right | {"lodged_by": "KELUARGA"})))
    assert repeated["suspends"] is False


async def test_wrong_case_goes_on_as_if_nothing_was_recorded(graduation: Running) -> None:
    driver = await create_case(graduation)
    wrong = expect_ok(await lodge_sanggah(driver, FIRST))
    await work_until(graduation, DAY_AFTER)
    assert await driver.read_state() == "DISANGGAH"
    expect_ok(await decide_sanggah(driver, wrong["sanggah_id"], ERROR))
    assert await driver.read_state() == "EFEKTIF"
    [(_, decided)] = await read_emitted_events(graduation, "sanggah_decided")
    assert (decided["outcome"], decided["effective_tahap"]) == (ERROR, "2026-3")
    assert len(await read_emitted_events(graduation, "kpm_graduated")) == 1
    read = await graduation.get(f"/v1/sanggah/{wrong['sanggah_id']}", as_=driver.by["sk"])
    assert expect_ok(read, 200)["decision"]["reason"] == "Pencari nafkah meninggal."


async def test_wrong_recording_is_ended_once_without_back_pay_and_not_by_its_desk(
    graduation: Running,
) -> None:
    driver = await create_case(graduation)
    desk = graduation.token("DINSOS_KABKOTA", "desk-1", ["33.24"])
    driver.by["desk"] = desk
    wrong = expect_ok(await lodge_sanggah(driver, FIRST, by="desk"))["sanggah_id"]
    expect_refusal(await decide_sanggah(driver, wrong, ERROR, desk), "DecidedByLodger", 409)
    paid = await decide_sanggah(driver, wrong, ERROR, back_pay=build_tahap("2026-3"))
    expect_refusal(paid, "BackPayNotConcerned", 422)
    expect_ok(await decide_sanggah(driver, wrong, ERROR))
    expect_refusal(await decide_sanggah(driver, wrong, ERROR), "SanggahAlreadyDecided", 409)


async def test_wrong_recording_beside_an_open_one_leaves_the_case_suspended(graduation: Running) -> None:
    driver = await create_case(graduation)
    first = expect_ok(await lodge_sanggah(driver, FIRST))["sanggah_id"]
    expect_ok(await decide_sanggah(driver, first, "DITOLAK"))
    repeated = expect_ok(await lodge_sanggah(driver, FIRST, b"kedua"))["sanggah_id"]
    expect_ok(await lodge_sanggah(driver, FIRST, b"ketiga", ground="LAINNYA"))
    expect_ok(await decide_sanggah(driver, repeated, ERROR))
    assert await driver.read_state() == "DISANGGAH"


async def test_wrong_refusal_is_undone_by_an_annulment(graduation: Running) -> None:
    driver = await create_case(graduation)
    refused = expect_ok(await lodge_sanggah(driver, FIRST))["sanggah_id"]
    expect_ok(await decide_sanggah(driver, refused, "DITOLAK"))
    expect_ok(await annul_graduasi(driver))
    assert await driver.read_state() == "DIPULIHKAN"


@pytest.mark.parametrize("way", ["accepted", "annulled"])
async def test_after_a_wrong_undoing_another_case_is_opened(graduation: Running, way: str) -> None:
    driver = await create_case(graduation)
    if way == "accepted":
        accepted = expect_ok(await lodge_sanggah(driver, FIRST))["sanggah_id"]
        expect_ok(await decide_sanggah(driver, accepted, "DITERIMA"))
        await driver.advance_to("MASA_SANGGAH", "2026-06-01")
    else:
        expect_ok(await annul_graduasi(driver))
        await apply_events(graduation, build_exit_proposed(driver))
    standing = await graduation.sql("SELECT state FROM graduasi WHERE state <> 'DIPULIHKAN'")
    assert [row["state"] for row in standing] == ["MASA_SANGGAH" if way == "accepted" else "DIUSULKAN"]


@pytest.mark.parametrize(("days", "effective"), [(0, "2026-3"), (120, "2027-1")])
async def test_wrong_recording_after_the_effect_moves_it_only_over_a_cutoff(
    graduation: Running, days: int, effective: str
) -> None:
    driver = await create_case(graduation)
    await work_until(graduation, DAY_AFTER)
    assert (await read_penetapan(driver))["effective_tahap"] == "2026-3"
    await set_day(graduation, typed_on := date(2026, 7, 1))
    wrong = expect_ok(await lodge_sanggah(driver, FIRST))["sanggah_id"]
    await set_day(graduation, typed_on + timedelta(days=days))
    expect_ok(await decide_sanggah(driver, wrong, ERROR))
    assert (await read_penetapan(driver))["effective_tahap"] == effective
    assert await driver.read_state() in {"EFEKTIF", "PEMANTAUAN"}
