"""A death is undone whose case is in an SK already."""

from datetime import date

import pytest

from tests.factories.graduation.case import CaseDriver, expect_ok, set_day, work_until
from tests.factories.graduation.events import apply_events
from tests.factories.graduation.exit_proposal import DAY, start_case, withdrawal
from tests.factories.graduation.family import fact_ids, family_ended, family_facts, own_proposal
from tests.factories.graduation.objection import (
    annul_graduasi,
    build_tahap,
    decide_sanggah,
    decider_token,
    lodge_sanggah,
)
from tests.factories.services import Running, expect_refusal

WHY = {"reason": "Kematian tercatat kembali."}


async def dead_in_sk(service: Running) -> CaseDriver:
    """Return the case of a death in its term."""
    driver = await start_case(service)
    await apply_events(service, family_ended(driver.kpm_id, DAY), own_proposal(driver))
    (row,) = await service.sql("SELECT graduasi_id FROM graduasi WHERE state = 'DIUSULKAN'")
    driver.graduasi_id = str(row["graduasi_id"])
    expect_ok(await driver.verify())
    expect_ok(await driver.approve())
    expect_ok(await driver.determine(str(DAY)))
    assert await driver.read_state() == "MASA_SANGGAH"
    return driver


async def test_sk_about_a_living_person_is_held(graduation: Running) -> None:
    driver = await dead_in_sk(graduation)
    await apply_events(graduation, family_facts(driver.kpm_id))
    assert await driver.read_state() == "DITUNDA"
    path = f"/v1/graduasi/{driver.graduasi_id}/history?limit=200"
    row = (await graduation.get(path, as_=driver.by["approval"])).json()["items"][-1]
    assert (row["sub"], row["reason_code"]) == ("system:graduation", "KEMATIAN_DIBATALKAN")
    assert row["reason"] in await fact_ids(graduation, "kpm_updated")
    expect_refusal(await driver.post("resumption", WHY, "approval"), "FactsChanged")
    expect_ok(await annul_graduasi(driver))
    assert await driver.read_state() == "DIPULIHKAN"


async def test_sk_between_the_reversal_and_its_withdrawal_is_held(graduation: Running) -> None:
    """The two events of a reversal may be applied in two batches."""
    driver = await start_case(graduation)
    proposal = own_proposal(driver)
    await apply_events(graduation, family_ended(driver.kpm_id, DAY), proposal)
    (row,) = await graduation.sql("SELECT graduasi_id FROM graduasi WHERE state = 'DIUSULKAN'")
    driver.graduasi_id = str(row["graduasi_id"])
    expect_ok(await driver.verify())
    expect_ok(await driver.approve())
    await apply_events(graduation, family_facts(driver.kpm_id, members=1))
    expect_ok(await driver.determine(str(DAY)))
    await apply_events(graduation, withdrawal(proposal))
    assert await driver.read_state() == "DITUNDA"
    expect_refusal(await driver.post("resumption", WHY, "approval"), "FactsChanged")


async def test_held_sk_continues_when_the_death_is_recorded_again(graduation: Running) -> None:
    driver = await dead_in_sk(graduation)
    await apply_events(graduation, family_facts(driver.kpm_id))
    await set_day(graduation, date(2026, 9, 1))
    await graduation.work()
    assert await driver.read_state() == "DITUNDA", "it never takes effect by itself"
    await apply_events(graduation, family_ended(driver.kpm_id, date(2026, 9, 1)))
    expect_ok(await driver.post("resumption", WHY, "approval"))
    assert await driver.read_state() == "MASA_SANGGAH"


async def test_postponed_sk_about_a_living_person_is_not_resumed(graduation: Running) -> None:
    driver = await dead_in_sk(graduation)
    expect_ok(await driver.post("postponement", WHY, "approval"))
    await apply_events(graduation, family_facts(driver.kpm_id))
    expect_refusal(await driver.post("resumption", WHY, "approval"), "FactsChanged")


async def test_other_cases_are_not_held_when_a_family_is_open_again(graduation: Running) -> None:
    driver = await dead_in_sk(graduation)
    other = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    await apply_events(graduation, family_facts(other.kpm_id), family_facts(driver.kpm_id))
    assert (await other.read_state(), await driver.read_state()) == ("MASA_SANGGAH", "DITUNDA")


async def list_undone(driver: CaseDriver) -> list[str]:
    answer = await driver.service.get("/v1/graduasi?fact_undone=true", as_=decider_token(driver.service))
    return [item["graduasi_id"] for item in expect_ok(answer, 200)["items"]]


async def read_changes(driver: CaseDriver) -> list[str]:
    path = f"/v1/graduasi/{driver.graduasi_id}"
    shown = expect_ok(await driver.service.get(path, as_=decider_token(driver.service)), 200)
    assert (shown["fact_undone_on"] is not None) is bool(shown["changes"])
    return [change["code"] for change in shown["changes"]]


@pytest.mark.parametrize(("on", "state"), [(date(2026, 6, 18), "EFEKTIF"), (date(2026, 7, 2), "SELESAI")])
async def test_death_undone_after_the_effect_is_shown_until_it_is_annulled(
    graduation: Running, on: date, state: str
) -> None:
    driver = await dead_in_sk(graduation)
    await work_until(graduation, on)
    assert (await driver.read_state(), await list_undone(driver)) == (state, [])
    await apply_events(graduation, family_facts(driver.kpm_id))
    assert (await driver.read_state(), await list_undone(driver)) == (state, [driver.graduasi_id])
    assert await read_changes(driver) == ["DEATH_UNDONE"]
    back_pay = build_tahap("2026-3") if state == "SELESAI" else []
    expect_ok(await annul_graduasi(driver, back_pay=back_pay))
    assert (await driver.read_state(), await list_undone(driver)) == ("DIPULIHKAN", [])


async def test_mark_goes_when_the_death_is_recorded_again(graduation: Running) -> None:
    driver = await dead_in_sk(graduation)
    await work_until(graduation, date(2026, 7, 2))
    await apply_events(graduation, family_facts(driver.kpm_id))
    await apply_events(graduation, family_ended(driver.kpm_id, date(2026, 7, 2)))
    assert (await list_undone(driver), await read_changes(driver)) == ([], [])
    assert await driver.read_state() == "SELESAI"


async def test_objection_to_an_undone_death_can_only_be_accepted(graduation: Running) -> None:
    driver = await dead_in_sk(graduation)
    lodged = expect_ok(await lodge_sanggah(driver, DAY))
    await apply_events(graduation, family_facts(driver.kpm_id))
    assert (await driver.read_state(), await read_changes(driver)) == ("DISANGGAH", ["DEATH_UNDONE"])
    for outcome in ("DITOLAK", "SALAH_CATAT"):
        expect_refusal(await decide_sanggah(driver, lodged["sanggah_id"], outcome), "DeathUndone")
    expect_ok(await decide_sanggah(driver, lodged["sanggah_id"], "DITERIMA"))
    assert await driver.read_state() == "DIPULIHKAN"


async def test_other_cases_in_effect_are_not_marked(graduation: Running) -> None:
    other = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    await work_until(graduation, date(2026, 7, 2))
    await apply_events(graduation, family_facts(other.kpm_id))
    assert await list_undone(other) == []
