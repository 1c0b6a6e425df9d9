"""Follow-ups after the monitoring, and checks of reported relapses."""

from datetime import date
from uuid import UUID

import pytest

from shared.contracts import referral
from shared.database import uuid7
from tests.factories.graduation.case import CaseDriver, expect_ok, read_emitted_events, set_day
from tests.factories.graduation.events import Field, apply_events
from tests.factories.graduation.monitoring import (
    complete_monitoring,
    create_monitored_case,
    end_dampingan,
    read_tasks,
    record_monitoring,
    relapse_reported,
)
from tests.factories.services import Running


def build_outcome_recorded(
    driver: CaseDriver, *, still_in_business: bool, voided: bool = False
) -> referral.OutcomeRecorded:
    return referral.OutcomeRecorded(
        rujukan_id=uuid7(),
        rujukan_program_id=uuid7(),
        graduasi_id=UUID(driver.graduasi_id),
        kpm_id=driver.kpm_id,
        kode_wilayah=driver.field.area,
        program_code="KUR_SUPERMIKRO",
        month=3,
        still_in_business=still_in_business,
        recorded_on=date(2026, 8, 20),
        voided=voided,
    )


@pytest.mark.parametrize(("still_out", "outcome"), [(True, "BERTAHAN"), (False, "KAMBUH")])
async def test_event_of_the_last_month_has_the_outcome(
    graduation: Running, still_out: bool, outcome: str
) -> None:
    await complete_monitoring(graduation, still_out=still_out)
    facts = [fact for _, fact in await read_emitted_events(graduation, "monitoring_recorded")]
    assert [fact["completes"] for fact in facts] == [False] * 5 + [True]
    assert [fact["outcome"] for fact in facts] == [None] * 5 + [outcome]


async def test_bertahan_creates_follow_ups_at_12_and_24_months(graduation: Running) -> None:
    driver = await complete_monitoring(graduation)
    tasks = await read_tasks(driver, "LANJUTAN")
    assert [(one["month"], one["opens_on"], one["due_on"]) for one in tasks] == [
        (12, "2027-06-01", "2027-07-01"),
        (24, "2028-06-01", "2028-07-01"),
    ]
    await set_day(graduation, date(2027, 6, 20))
    expect_ok(await record_monitoring(driver, tasks[0]))
    assert await driver.read_state() == "SELESAI"
    facts = [fact for _, fact in await read_emitted_events(graduation, "monitoring_recorded")]
    assert (facts[-1]["month"], facts[-1]["completes"]) == (12, False)


async def test_follow_up_of_an_unaccompanied_family_is_open_to_pendamping_of_the_area(
    graduation: Running,
) -> None:
    driver = await complete_monitoring(graduation)
    task = (await read_tasks(driver, "LANJUTAN"))[0]
    await set_day(graduation, date(2027, 6, 20))
    neighbour = await Field(graduation).start()
    elsewhere = await Field(graduation, "33.24.10.2001").start()
    mine, driver.by["field"] = driver.by["field"], neighbour.token
    assert (await record_monitoring(driver, task)).status_code == 404  # somebody still accompanies it
    driver.by["field"] = mine
    await end_dampingan(driver)
    driver.by["field"] = elsewhere.token
    assert (await record_monitoring(driver, task)).json()["title"] == "FamilyNotAccompanied"
    driver.by["field"] = neighbour.token
    expect_ok(await record_monitoring(driver, task))


async def test_relapse_in_a_follow_up_is_confirmed_and_closes_later_tasks(
    graduation: Running,
) -> None:
    driver = await complete_monitoring(graduation)
    task = (await read_tasks(driver, "LANJUTAN"))[0]
    await set_day(graduation, date(2027, 6, 20))
    expect_ok(await record_monitoring(driver, task, still_out=False, cause="BENCANA"))
    facts = [fact for _, fact in await read_emitted_events(graduation, "relapse_confirmed")]
    assert [(fact["month"], fact["cause"]) for fact in facts] == [(12, "BENCANA")]
    assert await read_tasks(driver, "LANJUTAN", "LAPORAN") == []
    await apply_events(graduation, relapse_reported(driver, date(2027, 6, 21)))
    assert await read_tasks(driver, "LAPORAN") == []  # a relapse is told once; it needs no further look
    rows = await graduation.sql("SELECT outcome FROM graduasi")
    assert rows[0][0] == "BERTAHAN"  # how the six months ended stays


async def test_bad_month_before_the_last_confirms_no_relapse(graduation: Running) -> None:
    driver, tasks = await create_monitored_case(graduation)
    await set_day(graduation, date(2026, 8, 2))
    expect_ok(await record_monitoring(driver, tasks[0], still_out=False, cause="SAKIT"))
    assert await read_emitted_events(graduation, "relapse_confirmed") == []
    assert await driver.read_state() == "PEMANTAUAN"


async def test_reported_relapse_creates_a_check_within_the_policys_days(graduation: Running) -> None:
    driver, _ = await create_monitored_case(graduation)
    await set_day(graduation, date(2026, 8, 20))
    await apply_events(
        graduation, relapse_reported(driver, date(2026, 8, 19)), relapse_reported(driver, date(2026, 8, 20))
    )
    (check,) = await read_tasks(driver, "LAPORAN")
    assert (check["month"], check["opens_on"], check["due_on"]) == (2, "2026-08-20", "2026-09-03")
    expect_ok(await record_monitoring(driver, check))
    assert await driver.read_state() == "PEMANTAUAN"
    assert await read_emitted_events(graduation, "relapse_confirmed") == []
    await apply_events(graduation, relapse_reported(driver, date(2026, 8, 21)))
    assert len(await read_tasks(driver, "LAPORAN")) == 1


async def test_relapse_in_a_check_ends_the_monitoring(graduation: Running) -> None:
    driver, tasks = await create_monitored_case(graduation)
    await set_day(graduation, date(2026, 8, 20))
    await apply_events(graduation, relapse_reported(driver, date(2026, 8, 20)))
    (check,) = await read_tasks(driver, "LAPORAN")
    expect_ok(await record_monitoring(driver, check, still_out=False, cause="USAHA_TUTUP"))
    shown = expect_ok(await graduation.get(f"/v1/graduasi/{driver.graduasi_id}", as_=driver.by["sk"]), 200)
    assert (shown["state"], shown["outcome"]) == ("SELESAI", "KAMBUH")
    facts = [fact for _, fact in await read_emitted_events(graduation, "monitoring_recorded")]
    assert (facts[-1]["completes"], facts[-1]["outcome"]) == (True, "KAMBUH")
    assert len(await read_emitted_events(graduation, "relapse_confirmed")) == 1
    assert await read_tasks(driver, "BULANAN") == []
    assert (await record_monitoring(driver, tasks[0])).json()["title"] == "CaseNotMonitored"
    await apply_events(graduation, relapse_reported(driver, date(2026, 8, 21)))
    assert await read_tasks(driver, "LAPORAN") == []


@pytest.mark.parametrize(
    ("still_in_business", "voided", "checks"), [(True, False, 0), (False, False, 1), (False, True, 0)]
)
async def test_ended_business_creates_a_check(
    graduation: Running, still_in_business: bool, voided: bool, checks: int
) -> None:
    driver, _ = await create_monitored_case(graduation)
    await set_day(graduation, date(2026, 8, 20))
    await apply_events(
        graduation, build_outcome_recorded(driver, still_in_business=still_in_business, voided=voided)
    )
    assert len(await read_tasks(driver, "LAPORAN")) == checks


async def test_voided_report_creates_no_check(graduation: Running) -> None:
    driver, _ = await create_monitored_case(graduation)
    await set_day(graduation, date(2026, 8, 20))
    voided = relapse_reported(driver, date(2026, 8, 20)).model_copy(update={"voided": True})
    await apply_events(graduation, voided)
    assert await read_tasks(driver, "LAPORAN") == []


async def test_report_before_the_effect_is_ignored(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    await apply_events(graduation, relapse_reported(driver, date(2026, 5, 18)))
    assert await graduation.sql("SELECT 1 FROM monitoring_task") == []
