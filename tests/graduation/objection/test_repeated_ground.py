"""After a refusal only a new ground suspends the exit again (docs/case-lifecycle.md#objections)."""

from datetime import date

import pytest

from tests.factories.graduation.case import CaseDriver, expect_ok, read_emitted_events, set_day, work_until
from tests.factories.graduation.events import apply_events
from tests.factories.graduation.family import family_ended
from tests.factories.graduation.objection import (
    SK_ON,
    annul_graduasi,
    build_tahap,
    decide_sanggah,
    decider_token,
    lodge_sanggah,
)
from tests.factories.services import Running, expect_refusal

FIRST, SECOND = date(2026, 6, 1), date(2026, 6, 2)
NEW = "PROSEDUR_TIDAK_BENAR"


async def repeat_ground(service: Running, by: str = "musyawarah") -> tuple[CaseDriver, str]:
    """Return a case with a refused sanggah, and another one on the same ground."""
    driver = await (await CaseDriver.start(service)).advance_to("MASA_SANGGAH", SK_ON)
    driver.by["judge"] = decider_token(service)
    await set_day(service, SECOND)
    first = expect_ok(await lodge_sanggah(driver, FIRST))
    expect_ok(await decide_sanggah(driver, first["sanggah_id"], "DITOLAK"))
    again = expect_ok(await lodge_sanggah(driver, SECOND, b"surat kedua", by))
    assert (again["state"], again["suspends"]) == ("DIAJUKAN", False)
    return driver, again["sanggah_id"]


async def test_same_ground_after_a_refusal_is_recorded_and_suspends_nothing(graduation: Running) -> None:
    driver, sanggah_id = await repeat_ground(graduation)
    assert await driver.read_state() == "MASA_SANGGAH"
    facts = [fact for _, fact in await read_emitted_events(graduation, "sanggah_lodged")]
    assert [fact["suspends"] for fact in facts] == [True, False]
    waits = await graduation.get("/v1/sanggah?waiting=me", as_=decider_token(graduation))
    assert [one["sanggah_id"] for one in expect_ok(waits, 200)["items"]] == [sanggah_id]
    await work_until(graduation, date(2026, 7, 2))
    assert await driver.read_state() == "PEMANTAUAN"


async def test_new_ground_suspends_beside_a_repeated_one(graduation: Running) -> None:
    driver, _ = await repeat_ground(graduation)
    expect_refusal(await lodge_sanggah(driver, SECOND, b"ketiga"), "SanggahStillOpen", 409)
    lodged = expect_ok(await lodge_sanggah(driver, SECOND, b"keempat", ground=NEW))
    assert lodged["suspends"] is True
    assert await driver.read_state() == "DISANGGAH"


async def test_refusal_of_a_repeated_ground_leaves_the_case_as_it_is(graduation: Running) -> None:
    driver, sanggah_id = await repeat_ground(graduation)
    expect_ok(await decide_sanggah(driver, sanggah_id, "DITOLAK"))
    assert await driver.read_state() == "MASA_SANGGAH"
    decided = [fact for _, fact in await read_emitted_events(graduation, "sanggah_decided")]
    assert (decided[1]["outcome"], decided[1]["effective_tahap"]) == ("DITOLAK", None)
    shown = await graduation.get(f"/v1/graduasi/{driver.graduasi_id}", as_=driver.by["sk"])
    stages = [one["stage"] for one in expect_ok(shown, 200)["stages"]]
    assert stages.count("SANGGAH") == 2


@pytest.mark.parametrize("day", [SECOND, date(2026, 7, 2)])
async def test_acceptance_of_a_repeated_ground_annuls_the_sk(graduation: Running, day: date) -> None:
    driver, sanggah_id = await repeat_ground(graduation)
    if day > SECOND:
        await work_until(graduation, day)
    back_pay = build_tahap("2026-3") if day > SECOND else []
    expect_ok(await decide_sanggah(driver, sanggah_id, "DITERIMA", back_pay=back_pay))
    assert await driver.read_state() == "DIPULIHKAN"


async def test_undecided_sanggah_lapses_when_another_one_undoes_the_sk(graduation: Running) -> None:
    # Who typed the one that lapses decides the other: the service itself ends it.
    driver, repeated = await repeat_ground(graduation, "judge")
    lodged = expect_ok(await lodge_sanggah(driver, SECOND, b"keempat", ground=NEW))
    expect_ok(await decide_sanggah(driver, lodged["sanggah_id"], "DITERIMA"))
    shown = await graduation.get(f"/v1/sanggah/{repeated}", as_=driver.by["sk"])
    decision = expect_ok(shown, 200)["decision"]
    assert (decision["decided_by"], decision["reason"]) == ("system:graduation", lodged["sanggah_id"])
    outcomes = [fact["outcome"] for _, fact in await read_emitted_events(graduation, "sanggah_decided")]
    assert outcomes == ["DITOLAK", "DITERIMA", "GUGUR"]


async def test_annulment_by_order_waits_for_a_repeated_ground(graduation: Running) -> None:
    driver, sanggah_id = await repeat_ground(graduation)
    expect_refusal(await annul_graduasi(driver), "SanggahStillOpen", 409)
    expect_ok(await decide_sanggah(driver, sanggah_id, "DITOLAK"))
    expect_ok(await annul_graduasi(driver))


async def test_repeated_ground_lapses_with_a_death_in_monitoring(graduation: Running) -> None:
    driver, sanggah_id = await repeat_ground(graduation)
    await work_until(graduation, date(2026, 7, 2))
    await apply_events(graduation, family_ended(driver.kpm_id, date(2026, 7, 2)))
    assert await driver.read_state() == "SELESAI"
    shown = await graduation.get(f"/v1/sanggah/{sanggah_id}", as_=driver.by["sk"])
    assert expect_ok(shown, 200)["state"] == "GUGUR"
