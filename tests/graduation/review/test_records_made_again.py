"""A statement, a berita acara and a return that were wrong are recorded again (docs/case-lifecycle.md#records-made-again)."""

from datetime import date
from typing import Any

import httpx
import pytest

from shared.database import uuid7
from tests.factories.graduation.case import CaseDriver, expect_ok, set_day
from tests.factories.graduation.evidence import list_flags
from tests.factories.services import Running, expect_refusal

DAY = "2026-05-18"
REASON = {"reason": "Berkas belum lengkap."}


async def read_case(driver: CaseDriver) -> dict[str, Any]:
    path = f"/v1/graduasi/{driver.graduasi_id}"
    return dict(expect_ok(await driver.service.get(path, as_=driver.by["sk"]), 200))


async def deliberate(driver: CaseDriver, content: bytes, *named: str, **more: Any) -> httpx.Response:
    scan = await driver.service.put_file(content, as_=driver.by["musyawarah"])
    body = {"berita_acara_no": "BA/1", "held_on": DAY, "evidence_sha256": scan, "graduasi_ids": named}
    return await driver.post("musyawarah", body | more, "musyawarah")


async def test_statement_with_a_wrong_signer_and_date_is_replaced_before_the_proposal(
    graduation: Running,
) -> None:
    mother, father = uuid7(), uuid7()
    facts = {"pengurus_id": mother, "member_ids": [mother, father]}
    driver = await (await CaseDriver.start(graduation, **facts)).advance_to("PERNYATAAN_DITANDATANGANI")
    wrong = (await read_case(driver))["pernyataan"]
    await set_day(graduation, date(2026, 5, 20))
    expect_refusal(await driver.sign("2026-05-17", signer_id=str(father)), "DateTooEarly", 422)
    right = expect_ok(await driver.sign("2026-05-18", signer_id=str(father)))
    assert right["state"] == "PERNYATAAN_DITANDATANGANI"
    shown = (await read_case(driver))["pernyataan"]
    assert (shown["signer_id"], shown["asesmen_id"]) == (str(father), wrong["asesmen_id"])
    rows = await graduation.sql("SELECT signer_id FROM pernyataan ORDER BY pernyataan_id")
    assert [row["signer_id"] for row in rows] == [mother, father]
    expect_ok(await driver.propose())
    usul = await graduation.sql("SELECT pernyataan_id::text FROM usul")
    assert usul[0]["pernyataan_id"] == shown["pernyataan_id"]
    expect_refusal(await driver.sign("2026-05-18"), "IllegalTransition", 409)


async def test_berita_acara_is_replaced_before_the_approval(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIVERIFIKASI_KETIM")
    await set_day(graduation, date(2026, 5, 20))
    expect_ok(await deliberate(driver, b"wrong", held_on="2026-05-20"))
    expect_refusal(await deliberate(driver, b"right", held_on="2026-05-17"), "DateTooEarly", 422)
    again = expect_ok(await deliberate(driver, b"right", held_on="2026-05-18"))
    assert again["state"] == "DIMUSYAWARAHKAN"
    rows = await graduation.sql("SELECT held_on FROM musyawarah ORDER BY musyawarah_id")
    assert [str(row["held_on"]) for row in rows] == ["2026-05-20", "2026-05-18"]
    expect_ok(await driver.approve())
    expect_refusal(await deliberate(driver, b"right"), "IllegalTransition", 409)


async def test_berita_acara_recorded_again_names_the_other_cases(graduation: Running) -> None:
    first = await (await CaseDriver.start(graduation)).advance_to("DIVERIFIKASI_KETIM")
    other = CaseDriver(first.field, *await first.field.family())
    await other.advance_to("DIVERIFIKASI_KETIM")
    expect_ok(await deliberate(first, b"one paper"))
    expect_ok(await deliberate(first, b"one paper", other.graduasi_id))
    expect_ok(await deliberate(other, b"one paper", first.graduasi_id))
    assert await list_flags(graduation) == []


@pytest.mark.parametrize("by", ["verification", "approval"])
async def test_return_with_a_wrong_mark_is_made_again(graduation: Running, by: str) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIUSULKAN")
    expect_ok(await driver.post("return", REASON | {"new_assessment": True}, "verification"))
    expect_refusal(await driver.propose(), "NewAssessmentMissing", 409)
    corrected = expect_ok(await driver.post("return", REASON, by))
    assert (corrected["state"], corrected["assess_again"]) == ("DIKEMBALIKAN", False)
    expect_ok(await driver.propose())


async def test_return_without_the_mark_asks_for_an_assessment_when_it_is_made_again(
    graduation: Running,
) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIUSULKAN")
    expect_ok(await driver.post("return", REASON, "verification"))
    expect_ok(await driver.post("return", REASON | {"new_assessment": True}, "verification"))
    expect_refusal(await driver.propose(), "NewAssessmentMissing", 409)


@pytest.mark.parametrize("state", ["DIVERIFIKASI_KETIM", "DIMUSYAWARAHKAN", "DISETUJUI_DINSOS"])
async def test_step_made_in_error_is_returned_and_made_again_by_the_same_people(
    graduation: Running, state: str
) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to(state)
    by = "verification" if state == "DIVERIFIKASI_KETIM" else "approval"
    expect_ok(await driver.post("return", REASON, by))
    expect_ok(await driver.propose())
    expect_ok(await driver.verify())
    expect_ok(await driver.deliberate(DAY))
    expect_ok(await driver.approve())
    expect_ok(await driver.determine(DAY))


@pytest.mark.parametrize("noun", ["refusal", "cancellation"])
async def test_after_a_refusal_or_cancellation_in_error_another_case_is_opened(
    graduation: Running, noun: str
) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIUSULKAN")
    expect_ok(await driver.post(noun, REASON | {"ground": "LAINNYA"}, "approval"))
    await driver.advance_to("MASA_SANGGAH")


@pytest.mark.parametrize("ended", [False, True])
async def test_resumption_in_error_is_postponed_again_or_annulled(graduation: Running, ended: bool) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    expect_ok(await driver.post("postponement", REASON, "approval"))
    await set_day(graduation, date(2026, 6, 20) if ended else date(2026, 5, 20))
    expect_ok(await driver.post("resumption", REASON, "approval"))
    if ended:
        await graduation.work()
        refused = await driver.post("postponement", REASON, "approval")
        assert refused.json()["remedy"]["operations"][0]["operation_id"] == "annul_graduasi"
    else:
        expect_ok(await driver.post("postponement", REASON, "approval"))
