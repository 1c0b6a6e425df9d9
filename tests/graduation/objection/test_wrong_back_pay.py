"""A wrong decision on withheld tahap is replaced by two people (docs/case-lifecycle.md#annulment)."""

from datetime import date
from typing import Any

import httpx
import pytest

from tests.factories.approval import approve
from tests.factories.graduation.case import CaseDriver, expect_ok, read_emitted_events, set_day, work_until
from tests.factories.graduation.objection import annul_graduasi, build_tahap
from tests.factories.services import Running, expect_refusal


async def create_annulled_case(service: Running) -> CaseDriver:
    """Return a case that was annulled without pay for tahap 2026-3, 100 days ago."""
    driver = await (await CaseDriver.start(service)).advance_to("MASA_SANGGAH")
    await work_until(service, date(2026, 7, 2))
    unpaid = [{**one, "reason_code": "TIDAK_BERHAK"} for one in build_tahap("2026-3", paid=False)]
    expect_ok(await annul_graduasi(driver, back_pay=unpaid))
    await set_day(service, date(2026, 10, 10))
    return driver


async def request_correction(driver: CaseDriver, by: str = "", **other: Any) -> httpx.Response:
    service, token = driver.service, by or driver.service.token("KEMENSOS", "kemensos-8")
    scan = await service.put_file(b"nota koreksi", as_=driver.by["sk"])
    body = {"reason": "Salah isi.", "evidence_sha256": scan, "back_pay": build_tahap("2026-3")}
    return await service.post(f"/v1/graduasi/{driver.graduasi_id}/back-pay", body | other, as_=token)


async def test_corrected_back_pay_is_sent_again_and_the_former_stays_readable(graduation: Running) -> None:
    driver = await create_annulled_case(graduation)
    requested = await request_correction(driver)
    assert len(await read_emitted_events(graduation, "graduasi_annulled")) == 1
    expect_ok(await approve(graduation, requested))
    path = f"/v1/graduasi/{driver.graduasi_id}"
    shown = expect_ok(await graduation.get(path, as_=driver.by["sk"]), 200)["annulment"]
    for name, paid in (("back_pay", True), ("replaced_back_pay", False)):
        assert [(one["tahap"], one["paid"]) for one in shown[name]] == [("2026-3", paid)]
    first, again = [fact for _, fact in await read_emitted_events(graduation, "graduasi_annulled")]
    changed = {name for name in first if first[name] != again[name]}
    assert changed == {"back_pay", "back_pay_tahap"}
    assert (again["back_pay_tahap"], again["annulled_on"]) == (["2026-3"], "2026-07-02")


@pytest.mark.parametrize(
    ("back_pay", "title"),
    [([], "BackPayUndecided"), (build_tahap("2026-3", "2026-4"), "BackPayNotConcerned")],
)
async def test_correction_decides_the_same_tahap(
    graduation: Running, back_pay: list[dict[str, Any]], title: str
) -> None:
    driver = await create_annulled_case(graduation)
    expect_refusal(await request_correction(driver, back_pay=back_pay), title, 422)


async def test_correction_needs_an_annulled_case_and_two_people_without_a_stage(graduation: Running) -> None:
    driver = await create_annulled_case(graduation)
    expect_refusal(await request_correction(driver, driver.by["sk"]), "SamePersonTwice", 403)
    expect_refusal(await request_correction(driver, driver.by["approval"]), "NotAllowed", 403)
    requested = await request_correction(driver)
    own = graduation.token("KEMENSOS", "kemensos-8")
    expect_refusal(await approve(graduation, requested, own), "DecidedByLodger", 409)
    other = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH", "2026-10-10")
    expect_refusal(await request_correction(other), "CaseNotAnnulled", 409)
