"""No person acts in two stages of one case (docs/decisions/0015-separation-of-duties-in-the-database.md)."""

import asyncpg
import pytest

from tests.factories.graduation.accounts import insert_acts
from tests.factories.graduation.case import CaseDriver, expect_ok
from tests.factories.graduation.events import KENDAL
from tests.factories.services import Running


async def test_second_account_of_the_pendamping_cannot_verify(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIUSULKAN")
    driver.by["verification"] = graduation.token(
        "KETUA_TIM_KABKOTA", "another-account", [KENDAL], pendamping_id=driver.field.pendamping_id
    )
    answer = await driver.verify()
    assert (answer.status_code, answer.json()["title"]) == (403, "SamePersonTwice")
    assert await driver.read_state() == "DIUSULKAN"
    assert (
        "Setiap tahap harus dilakukan orang yang berbeda"
        in (await driver.post("verification", {}, "verification", headers={"Accept-Language": "id"})).json()[
            "detail"
        ]
    )


async def test_verifier_cannot_approve(graduation: Running) -> None:
    driver = await CaseDriver.start(graduation)
    driver.by["verification"] = graduation.token("KETUA_TIM_KABKOTA", "one-person", [KENDAL])
    await driver.advance_to("DIMUSYAWARAHKAN")
    driver.by["approval"] = graduation.token("DINSOS_KABKOTA", "one-person", [KENDAL])
    answer = await driver.approve()
    assert (answer.status_code, answer.json()["title"]) == (403, "SamePersonTwice")
    driver.by["approval"] = graduation.token("DINSOS_KABKOTA", "another-person", [KENDAL])
    assert expect_ok(await driver.approve())["state"] == "DISETUJUI_DINSOS"


async def test_approver_cannot_determine_and_no_case_of_the_sk_moves(graduation: Running) -> None:
    one, two = await CaseDriver.start(graduation), await CaseDriver.start(graduation)
    await one.advance_to("DISETUJUI_DINSOS")
    two.by["approval"] = graduation.token("DINSOS_KABKOTA", "kemensos-1", [KENDAL])
    await two.advance_to("DISETUJUI_DINSOS")
    body = {"sk_no": "SK/1/2026", "sk_on": "2026-05-18", "graduasi_ids": [one.graduasi_id, two.graduasi_id]}
    answer = await graduation.post("/v1/sk", body, as_=one.by["sk"])
    assert (answer.status_code, answer.json()["title"]) == (403, "SamePersonTwice")
    assert {await one.read_state(), await two.read_state()} == {"DISETUJUI_DINSOS"}
    assert await graduation.sql("SELECT 1 FROM sk") == []


async def test_sql_of_the_service_role_is_refused(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIUSULKAN")
    with pytest.raises(asyncpg.ExclusionViolationError, match="ex_stage_act_four_people"):
        await insert_acts(
            graduation, driver.graduasi_id, ("VERIFIKASI", str(driver.field.pendamping_id), "x")
        )


async def test_same_person_may_act_twice_in_one_stage(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIUSULKAN")
    expect_ok(await driver.post("return", {"reason": "Foto rumah kabur."}, "verification"))
    expect_ok(await driver.propose())
    assert expect_ok(await driver.verify())["state"] == "DIVERIFIKASI_KETIM"
