"""An act in the wrong state is refused with what to do first."""

import pytest

from tests.factories.graduation.case import CaseDriver, expect_ok
from tests.factories.services import Running

WHY = {"reason": "Perlu diperiksa lagi."}


async def read_detail(driver: CaseDriver, noun: str, by: str, language: str = "en") -> str:
    bodies = {
        "pernyataan": {"signed_on": "2026-05-18", "evidence_sha256": "a" * 64, "offers_sha256": "b" * 64}
    }
    answer = await driver.post(noun, bodies.get(noun, WHY), by, headers={"Accept-Language": language})
    assert (answer.status_code, answer.json()["title"]) == (409, "IllegalTransition")
    return str(answer.json()["detail"])


async def test_statement_before_the_assessment_asks_for_the_assessment(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("TERIDENTIFIKASI")
    detail = await read_detail(driver, "pernyataan", "field")
    assert "Record the assessment first" in detail
    assert "Record the assessment first" in detail
    indonesian = await read_detail(driver, "pernyataan", "field", "id")
    assert "Catat dahulu asesmennya" in indonesian


@pytest.mark.parametrize(
    ("state", "noun", "by", "first"),
    [
        ("SIAP", "return", "approval", "Record its signed statement first"),
        ("PERNYATAAN_DITANDATANGANI", "return", "approval", "Propose the exit first"),
        ("DISETUJUI_DINSOS", "pernyataan", "field", "return it first"),
        ("MASA_SANGGAH", "cancellation", "approval", "a wrong SK is annulled"),
    ],
)
async def test_refused_act_names_the_next_step(
    graduation: Running, state: str, noun: str, by: str, first: str
) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to(state)
    body = WHY | {"ground": "LAINNYA"} if noun == "cancellation" else None
    if body:
        answer = await driver.post(noun, body, by)
        assert first in answer.json()["detail"]
    else:
        assert first in await read_detail(driver, noun, by)


async def test_postponed_case_is_resumed_first(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIUSULKAN")
    expect_ok(await driver.post("postponement", WHY, "approval"))
    assert "Resume it first" in await read_detail(driver, "pernyataan", "field")
