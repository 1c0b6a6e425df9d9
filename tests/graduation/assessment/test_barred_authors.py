"""An assessment by somebody dismissed or under an ethics hearing grounds no decision."""

from typing import Any

import pytest

from tests.factories.graduation.author import change_status, hand_over
from tests.factories.graduation.case import CaseDriver, expect_ok
from tests.factories.graduation.changed_facts import DAY, WHY, determine_all, run_bulk, show, taken_to
from tests.factories.services import Running, expect_refusal

BARRED = [("DIBERHENTIKAN", "PELANGGARAN_BERAT"), ("NONAKTIF", "SIDANG_ETIK")]
ACCEPTED = [
    *(("CUTI", "CUTI_MELAHIRKAN"), ("NONAKTIF", "SAKIT_LAMA"), ("MUTASI", "PINDAH_TUGAS")),
    *(("PENSIUN", "USIA"), ("BERAKHIR_KONTRAK", "HABIS_KONTRAK"), ("MENINGGAL", "MENINGGAL_DUNIA")),
]


async def take_until_sk(driver: CaseDriver) -> str:
    """Assess and propose again, and return the state after the SK."""
    assert expect_ok(await driver.assess())["result"] == "SIAP"
    for step in (lambda: driver.sign(str(DAY)), driver.propose, driver.verify):
        expect_ok(await step())
    expect_ok(await driver.deliberate(str(DAY)))
    expect_ok(await driver.approve())
    expect_ok(await driver.determine(str(DAY)))
    return await driver.read_state()


@pytest.mark.parametrize(("status", "reason"), BARRED)
async def test_case_of_a_barred_author_is_assessed_again_before_its_proposal(
    graduation: Running, status: str, reason: str
) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("PERNYATAAN_DITANDATANGANI", str(DAY))
    await change_status(driver, status, reason)
    await hand_over(driver)
    expect_refusal(await driver.propose(), "AssessmentAuthorBarred")
    assert await take_until_sk(driver) == "MASA_SANGGAH"


@pytest.mark.parametrize(("status", "reason"), BARRED)
async def test_case_of_a_barred_author_is_not_approved(graduation: Running, status: str, reason: str) -> None:
    driver = await taken_to(graduation, "DIMUSYAWARAHKAN")
    await change_status(driver, status, reason)
    answer = await driver.approve()
    expect_refusal(answer, "AssessmentAuthorBarred")
    assert [one["code"] for one in (await show(driver))["changes"]] == ["AUTHOR"]
    await hand_over(driver)
    expect_ok(await driver.post("return", WHY, "approval"))
    expect_refusal(await driver.propose(), "AssessmentAuthorBarred")
    assert await take_until_sk(driver) == "MASA_SANGGAH"


@pytest.mark.parametrize(("status", "reason"), BARRED)
async def test_sk_postpones_the_case_of_a_barred_author(
    graduation: Running, status: str, reason: str
) -> None:
    driver, other = [await taken_to(graduation, "DISETUJUI_DINSOS") for _ in range(2)]
    await change_status(driver, status, reason)
    made = await determine_all([driver, other])
    assert made["determined"] == [other.graduasi_id]
    postponed = made["postponed"]
    assert [(one["graduasi_id"], [why["code"] for why in one["reasons"]]) for one in postponed] == [
        (driver.graduasi_id, ["AUTHOR"])
    ]
    shown = await show(driver)
    assert (shown["state"], shown["held_for"]) == ("DITUNDA", "ASESMEN_GUGUR")
    expect_refusal(await driver.post("resumption", WHY, "approval"), "AssessmentAuthorBarred")
    await hand_over(driver)
    expect_ok(await driver.post("return", {**WHY, "new_assessment": True}, "approval"))
    assert await take_until_sk(driver) == "MASA_SANGGAH"


async def test_file_of_an_sk_postpones_the_case_of_a_barred_author(graduation: Running) -> None:
    driver, other = [await taken_to(graduation, "DISETUJUI_DINSOS") for _ in range(2)]
    await change_status(driver, "DIBERHENTIKAN")
    job = await run_bulk([driver, other])
    path = f"/v1/jobs/{job['job_id']}/errors"
    errors = expect_ok(await graduation.get(path, as_=driver.by["sk"]), 200)["items"]
    assert [(one["row"], one["code"]) for one in errors] == [(1, "AssessmentAuthorBarred")]
    assert (await show(driver))["held_for"] == "ASESMEN_GUGUR"


async def test_case_is_resumed_after_the_status_was_undone(graduation: Running) -> None:
    driver = await taken_to(graduation, "DISETUJUI_DINSOS")
    await change_status(driver, "NONAKTIF", "SIDANG_ETIK")
    await determine_all([driver], 200)
    await change_status(driver, "AKTIF", "TIDAK_TERBUKTI")
    assert expect_ok(await driver.post("resumption", WHY, "approval"))["held_for"] is None
    await determine_all([driver])


@pytest.mark.parametrize(("status", "reason"), ACCEPTED)
async def test_other_statuses_of_the_author_change_nothing(
    graduation: Running, status: str, reason: str
) -> None:
    driver = await taken_to(graduation, "DIMUSYAWARAHKAN")
    await change_status(driver, status, reason)
    expect_ok(await driver.approve())
    await determine_all([driver])


async def test_status_that_arrives_after_the_sk_changes_nothing(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH", str(DAY))
    await change_status(driver, "DIBERHENTIKAN")
    assert await driver.read_state() == "MASA_SANGGAH"


async def test_dismissal_of_who_did_not_assess_changes_nothing(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("SIAP", str(DAY))
    author = driver.field
    await hand_over(driver)
    expect_ok(await driver.assess())
    driver.field = author
    await change_status(driver, "DIBERHENTIKAN")
    expect_ok(await driver.sign(str(DAY)))
    expect_ok(await driver.propose())


async def propose_after_return(driver: CaseDriver, body: dict[str, Any]) -> Any:
    expect_ok(await driver.post("return", {**WHY, **body}, "approval"))
    return await driver.propose()


async def test_return_for_a_new_assessment_requires_one(graduation: Running) -> None:
    driver = await taken_to(graduation, "DIMUSYAWARAHKAN")
    answer = await propose_after_return(driver, {"new_assessment": True})
    expect_refusal(answer, "NewAssessmentMissing")
    # A postponement in between does not lift it.
    expect_ok(await driver.post("postponement", WHY, "approval"))
    expect_ok(await driver.post("resumption", WHY, "approval"))
    assert (await show(driver))["assess_again"]
    expect_refusal(await driver.propose(), "NewAssessmentMissing")
    assert await take_until_sk(driver) == "MASA_SANGGAH"


async def test_return_without_a_new_assessment_is_proposed_as_before(graduation: Running) -> None:
    driver = await taken_to(graduation, "DIMUSYAWARAHKAN")
    expect_ok(await propose_after_return(driver, {}))


async def test_path_without_a_score_is_not_returned_for_an_assessment(graduation: Running) -> None:
    driver = await CaseDriver.start(graduation, last_komponen_ends_on=DAY)
    await driver.open("ALAMIAH")
    expect_ok(await driver.propose())
    answer = await driver.post("return", {**WHY, "new_assessment": True}, "verification")
    expect_refusal(answer, "CaseNotScored")
