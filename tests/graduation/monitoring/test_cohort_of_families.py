"""A cohort counts families, not cases (docs/case-lifecycle.md#survival)."""

from datetime import date
from typing import Any

import pytest

from tests.factories.graduation.case import CaseDriver, expect_ok, set_day, work_until
from tests.factories.graduation.credit import start_other_membership
from tests.factories.graduation.monitoring import record_monitoring
from tests.factories.graduation.objection import annul_graduasi, build_tahap
from tests.factories.services import Running


async def determine_both(service: Running) -> tuple[CaseDriver, CaseDriver]:
    """Return cases of one family on two memberships, in effect since 2026-07-01."""
    pkh = await (await CaseDriver.start(service)).advance_to("DISETUJUI_DINSOS")
    sembako = await (await start_other_membership(pkh)).advance_to("DISETUJUI_DINSOS")
    ids = [pkh.graduasi_id, sembako.graduasi_id]
    body = {"sk_no": "SK/1/2026", "sk_on": "2026-05-18", "graduasi_ids": ids}
    expect_ok(await service.post("/v1/sk", body, as_=pkh.by["sk"]))
    await work_until(service, date(2026, 7, 1))
    return pkh, sembako


async def read_cohort(driver: CaseDriver) -> dict[str, Any]:
    answer = await driver.service.get("/v1/cohort?year=2026", as_=driver.by["sk"])
    [item] = expect_ok(answer, 200)["items"]
    return dict(item)


@pytest.mark.parametrize(("results", "still_out"), [((True, True), 1), ((True, False), 0), ((True,), 1)])
async def test_family_with_two_cases_counts_once_and_any_relapse_counts(
    graduation: Running, results: tuple[bool, ...], still_out: int
) -> None:
    drivers = await determine_both(graduation)
    await set_day(graduation, date(2027, 1, 1))
    for driver, result in zip(drivers, results, strict=False):
        path = f"/v1/monitoring?graduasi_id={driver.graduasi_id}"
        tasks = expect_ok(await graduation.get(path, as_=driver.by["field"]), 200)["items"]
        cause = None if result else "SAKIT"
        expect_ok(await record_monitoring(driver, tasks[5], still_out=result, cause=cause))
    shown = await read_cohort(drivers[0])
    assert [shown[name] for name in ("determined", "annulled", "effective")] == [1, 0, 1]
    sixth = next(one for one in shown["survival"] if one["month"] == 6)
    assert sixth == {"month": 6, "reached": 1, "seen": 1, "still_out": still_out}


async def test_family_is_annulled_when_all_its_cases_are(graduation: Running) -> None:
    pkh, sembako = await determine_both(graduation)
    counts: list[list[int]] = []
    for driver in (pkh, sembako):
        expect_ok(await annul_graduasi(driver, back_pay=build_tahap("2026-3")))
        shown = await read_cohort(pkh)
        counts.append([shown[name] for name in ("determined", "annulled", "effective")])
    assert counts == [[1, 0, 1], [1, 1, 0]]
