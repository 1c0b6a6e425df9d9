"""A family that has ended leaves the survival figures and keeps its graduation."""

from datetime import date
from typing import Any

from tests.factories.graduation.case import CaseDriver, expect_ok, read_emitted_events, set_day
from tests.factories.graduation.events import apply_events
from tests.factories.graduation.family import family_ended
from tests.factories.graduation.monitoring import (
    complete_monitoring,
    create_monitored_case,
    record_monitoring,
    relapse_reported,
)
from tests.factories.services import Running


async def read_cohort(driver: CaseDriver) -> dict[str, Any]:
    answer = await driver.service.get("/v1/cohort?year=2026", as_=driver.by["sk"])
    (item,) = expect_ok(answer, 200)["items"]
    return dict(item)


async def test_family_that_died_during_its_monitoring_counts_in_no_month(graduation: Running) -> None:
    driver, tasks = await create_monitored_case(graduation)
    await set_day(graduation, date(2026, 8, 2))
    expect_ok(await record_monitoring(driver, tasks[0]))
    await apply_events(graduation, family_ended(driver.kpm_id, date(2026, 8, 2)))
    await set_day(graduation, date(2028, 7, 2))
    cohort = await read_cohort(driver)
    assert [(one["month"], one["reached"]) for one in cohort["survival"]] == [(6, 0), (12, 0), (24, 0)]
    assert (cohort["determined"], cohort["effective"], cohort["annulled"]) == (1, 1, 0)
    assert await read_emitted_events(graduation, "credit_reversed") == []


async def test_family_that_died_after_its_monitoring_counts_in_the_months_before(graduation: Running) -> None:
    driver = await complete_monitoring(graduation)
    await set_day(graduation, date(2027, 3, 1))
    await apply_events(graduation, family_ended(driver.kpm_id, date(2027, 3, 1)))
    await set_day(graduation, date(2028, 7, 2))
    survival = (await read_cohort(driver))["survival"]
    assert [(one["month"], one["reached"], one["still_out"]) for one in survival] == [
        (6, 1, 1),
        (12, 0, 0),
        (24, 0, 0),
    ]


async def test_reported_relapse_of_an_ended_family_opens_no_check(graduation: Running) -> None:
    driver, _ = await create_monitored_case(graduation)
    await apply_events(graduation, family_ended(driver.kpm_id, date(2026, 7, 1)))
    await apply_events(graduation, relapse_reported(driver, date(2026, 7, 1)))
    assert await graduation.sql("SELECT 1 FROM monitoring_task WHERE kind = 'LAPORAN'") == []
