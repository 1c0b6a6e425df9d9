"""A wrong result of a decided monitoring is reversed by two people (docs/case-lifecycle.md#wrong-results)."""

from datetime import date
from typing import Any

import httpx
import pytest

from tests.factories.approval import approve, approver_token
from tests.factories.graduation.case import CaseDriver, expect_ok, read_emitted_events, set_day
from tests.factories.graduation.events import KENDAL, apply_events
from tests.factories.graduation.family import family_ended
from tests.factories.graduation.monitoring import (
    complete_monitoring,
    create_monitored_case,
    end_dampingan,
    read_tasks,
    record_monitoring,
    relapse_reported,
)
from tests.factories.services import Running, expect_refusal

LATE = date(2027, 4, 1)


def office_token(service: Running, area: str = KENDAL) -> str:
    return service.token("DINSOS_KABKOTA", "dinsos-9", [area])


async def request_reversal(driver: CaseDriver, task: dict[str, Any], by: str = "") -> httpx.Response:
    service, token = driver.service, by or office_token(driver.service)
    scan = await service.put_file(b"berita acara pemeriksaan", as_=token)
    body = {"void_reason": "SALAH_KELUARGA", "reason": "Keluarga lain.", "evidence_sha256": scan}
    return await service.post(f"/v1/monitoring/{task['task_id']}/reversal", body, as_=token)


async def reverse_result(driver: CaseDriver, task: dict[str, Any]) -> None:
    expect_ok(await approve(driver.service, await request_reversal(driver, task)))


async def list_tasks(driver: CaseDriver) -> list[dict[str, Any]]:
    path = f"/v1/monitoring?graduasi_id={driver.graduasi_id}&open_only=false"
    return list(expect_ok(await driver.service.get(path, as_=driver.by["approval"]), 200)["items"])


async def read_outcome(driver: CaseDriver) -> tuple[str, str | None]:
    path = f"/v1/graduasi/{driver.graduasi_id}"
    shown = expect_ok(await driver.service.get(path, as_=driver.by["sk"]), 200)
    return shown["state"], shown["outcome"]


async def read_survival(driver: CaseDriver, month: int) -> tuple[int, int, int]:
    answer = await driver.service.get("/v1/cohort?year=2026", as_=driver.by["sk"])
    [item] = expect_ok(answer, 200)["items"]
    row = next(one for one in item["survival"] if one["month"] == month)
    return row["reached"], row["seen"], row["still_out"]


@pytest.mark.parametrize(("wrong", "right"), [(True, False), (False, True)])
async def test_reversed_outcome_is_decided_again_by_the_right_result(
    graduation: Running, *, wrong: bool, right: bool
) -> None:
    driver = await complete_monitoring(graduation, still_out=wrong)
    await end_dampingan(driver, date(2027, 1, 2))
    await set_day(graduation, LATE)
    last = (await list_tasks(driver))[5]
    requested = await request_reversal(driver, last)
    assert await read_outcome(driver) == ("SELESAI", "BERTAHAN" if wrong else "KAMBUH")
    expect_ok(await approve(graduation, requested))
    assert await read_outcome(driver) == ("PEMANTAUAN", None)
    assert await read_survival(driver, 6) == (1, 0, 0)
    again = {"visited_on": "2027-01-01", "cause": None if right else "SAKIT"}
    expect_ok(await record_monitoring(driver, last, still_out=right, **again))
    assert await read_outcome(driver) == ("SELESAI", "BERTAHAN" if right else "KAMBUH")
    assert await read_survival(driver, 6) == (1, 1, int(right))
    follow_ups = [task["month"] for task in await read_tasks(driver, "LANJUTAN")]
    assert follow_ups == ([12, 24] if right else [])


async def test_events_name_what_no_longer_holds(graduation: Running) -> None:
    driver = await complete_monitoring(graduation, still_out=False)
    await reverse_result(driver, (await list_tasks(driver))[5])
    kinds = ("monitoring_recorded", "relapse_confirmed", "relapse_reversed")
    events = await read_emitted_events(graduation, *kinds)
    assert [kind for kind, _ in events[-4:]] == [*kinds[:2], "relapse_reversed", "monitoring_recorded"]
    reversal, result = events[-2][1], events[-1][1]
    assert (reversal["month"], reversal["reversed_on"]) == (6, "2027-01-01")
    assert (result["voided"], result["reopens"], result["completes"]) == (True, True, False)


async def test_case_that_a_wrong_check_ended_goes_on_with_its_months(graduation: Running) -> None:
    driver, tasks = await create_monitored_case(graduation)
    expect_ok(await record_monitoring(driver, tasks[0]))
    await apply_events(graduation, relapse_reported(driver, date(2026, 7, 1)))
    [check] = await read_tasks(driver, "LAPORAN")
    expect_ok(await record_monitoring(driver, check, still_out=False, cause="SAKIT"))
    assert await read_outcome(driver) == ("SELESAI", "KAMBUH")
    assert await read_tasks(driver, "BULANAN") == []
    await reverse_result(driver, check)
    assert await read_outcome(driver) == ("PEMANTAUAN", None)
    assert [task["month"] for task in await read_tasks(driver, "BULANAN")] == [2, 3, 4, 5, 6]
    assert [task["task_id"] for task in await read_tasks(driver, "LAPORAN")] == [check["task_id"]]
    expect_ok(await record_monitoring(driver, check))
    assert await read_outcome(driver) == ("PEMANTAUAN", None)


async def test_relapse_of_a_follow_up_is_lifted_and_the_outcome_stays(graduation: Running) -> None:
    driver = await complete_monitoring(graduation)
    first, _ = await read_tasks(driver, "LANJUTAN")
    await set_day(graduation, date(2027, 6, 20))
    expect_ok(await record_monitoring(driver, first, still_out=False, cause="SAKIT"))
    assert await read_tasks(driver, "LANJUTAN") == []
    await reverse_result(driver, first)
    assert await read_outcome(driver) == ("SELESAI", "BERTAHAN")
    assert [task["month"] for task in await read_tasks(driver, "LANJUTAN")] == [12, 24]
    expect_ok(await record_monitoring(driver, first, still_out=False, cause="SAKIT"))
    assert len(await read_emitted_events(graduation, "relapse_confirmed")) == 2


async def test_month_before_another_relapse_is_voided_and_closed(graduation: Running) -> None:
    driver = await complete_monitoring(graduation)
    [first, _] = await read_tasks(driver, "LANJUTAN")
    await set_day(graduation, date(2027, 6, 20))
    expect_ok(await record_monitoring(driver, first, still_out=False, cause="SAKIT"))
    await reverse_result(driver, (await list_tasks(driver))[2])
    assert await read_outcome(driver) == ("SELESAI", "BERTAHAN")
    [third] = [task for task in await list_tasks(driver) if task["month"] == 3]
    assert (third["recorded_on"], third["closed_on"]) == (None, "2027-06-20")
    assert await read_emitted_events(graduation, "relapse_reversed") == []
    assert await read_survival(driver, 12) == (0, 0, 0)


async def test_earlier_month_reopens_the_case_and_the_last_one_still_decides(graduation: Running) -> None:
    driver = await complete_monitoring(graduation, still_out=False)
    third = (await list_tasks(driver))[2]
    await reverse_result(driver, third)
    assert await read_outcome(driver) == ("PEMANTAUAN", None)
    expect_ok(await record_monitoring(driver, third))
    assert await read_outcome(driver) == ("SELESAI", "KAMBUH")


async def test_reversal_is_made_once_and_by_two_strangers_to_the_family(graduation: Running) -> None:
    driver = await complete_monitoring(graduation)
    last = (await list_tasks(driver))[5]
    elsewhere = await request_reversal(driver, last, office_token(graduation, "51"))
    expect_refusal(elsewhere, "NotFound", 404)
    visitor = driver.field.pendamping_id
    own = graduation.token("DINSOS_KABKOTA", "dinsos-8", [KENDAL], pendamping_id=visitor)
    expect_refusal(await request_reversal(driver, last, own), "FamilyAccompaniedLately", 403)
    requested = await request_reversal(driver, last)
    expect_refusal(await request_reversal(driver, last), "ApprovalAlreadyRequested", 409)
    itself = graduation.token("KEMENSOS", "kemensos-7", pendamping_id=visitor)
    expect_refusal(await approve(graduation, requested, itself), "FamilyAccompaniedLately", 403)
    expect_ok(await approve(graduation, requested))
    expect_refusal(await request_reversal(driver, last), "MonitoringNotRecorded", 409)


@pytest.mark.parametrize("role", ["PENDAMPING", "KETUA_TIM_KABKOTA", "KEMENSOS"])
async def test_other_roles_request_no_reversal(graduation: Running, role: str) -> None:
    driver, tasks = await create_monitored_case(graduation)
    token = driver.by["field"] if role == "PENDAMPING" else graduation.token(role, "x-1", [KENDAL])
    path = f"/v1/monitoring/{tasks[0]['task_id']}/reversal"
    body = {"void_reason": "SALAH_ISI", "reason": "Salah.", "evidence_sha256": "0" * 64}
    expect_refusal(await graduation.post(path, body, as_=token), "NotAllowed", 403)


async def test_result_of_an_ended_family_is_not_reversed(graduation: Running) -> None:
    driver = await complete_monitoring(graduation)
    last = (await list_tasks(driver))[5]
    requested = await request_reversal(driver, last)
    await apply_events(graduation, family_ended(driver.kpm_id, date(2027, 1, 1)))
    expect_refusal(await approve(graduation, requested, approver_token(graduation)), "FamilyHasEnded", 409)
    lead = graduation.token("KETUA_TIM_KABKOTA", "ketua-9", [KENDAL])
    void = await graduation.post(f"/v1/monitoring/{last['task_id']}/void", {"reason": "SALAH_ISI"}, as_=lead)
    expect_refusal(void, "FamilyHasEnded", 409)


@pytest.mark.parametrize("kind", ["LANJUTAN", "LAPORAN"])
async def test_voided_month_is_asked_again_after_the_other_relapse_is_lifted(
    graduation: Running, kind: str
) -> None:
    driver = await complete_monitoring(graduation)
    await set_day(graduation, date(2027, 6, 20))
    await apply_events(graduation, relapse_reported(driver, date(2027, 6, 20)))
    first, *_ = await read_tasks(driver, kind)
    expect_ok(await record_monitoring(driver, first, still_out=False, cause="SAKIT"))
    third = (await list_tasks(driver))[2]
    await reverse_result(driver, third)
    await reverse_result(driver, first)
    assert await read_outcome(driver) == ("PEMANTAUAN", None)
    assert [task["month"] for task in await read_tasks(driver, "BULANAN")] == [3]
    expect_ok(await record_monitoring(driver, third, visited_on="2027-01-01"))
    assert await read_outcome(driver) == ("SELESAI", "BERTAHAN")
