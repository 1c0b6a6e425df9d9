"""Replicas that rules read keep the state of each past day."""

from datetime import date

from tests.factories.delivery import append_log_again
from tests.factories.graduation.case import CaseDriver, set_day
from tests.factories.graduation.events import apply_events
from tests.factories.graduation.family import business_ended, family_facts
from tests.factories.services import Running

FIRST, SECOND = date(2026, 4, 6), date(2026, 5, 18)


async def read_members(service: Running) -> list[tuple[date, int]]:
    rows = await service.sql("SELECT from_on, members FROM replica_kpm.kpm_history ORDER BY from_on")
    return [(row["from_on"], row["members"]) for row in rows]


async def test_family_keeps_its_state_of_each_day(graduation: Running) -> None:
    await set_day(graduation, FIRST)
    driver = await CaseDriver.start(graduation)
    await set_day(graduation, SECOND)
    await apply_events(
        graduation, family_facts(driver.kpm_id, members=5), family_facts(driver.kpm_id, members=3)
    )
    assert await read_members(graduation) == [(FIRST, 4), (SECOND, 3)]


async def test_repeated_events_write_the_same_history(graduation: Running) -> None:
    await set_day(graduation, FIRST)
    driver = await CaseDriver.start(graduation)
    await apply_events(graduation, family_facts(driver.kpm_id, members=3))
    await set_day(graduation, SECOND)
    await append_log_again(graduation)
    await apply_events(graduation)
    assert await read_members(graduation) == [(FIRST, 3)]


async def test_business_and_membership_keep_their_states(graduation: Running) -> None:
    await set_day(graduation, FIRST)
    driver = await CaseDriver.start(graduation)
    await set_day(graduation, SECOND)
    await apply_events(graduation, await business_ended(driver, SECOND))
    rows = await graduation.sql("SELECT from_on, ended_on FROM replica_kpm.usaha_history ORDER BY from_on")
    assert [tuple(row) for row in rows] == [(FIRST, None), (SECOND, SECOND)]
    rows = await graduation.sql("SELECT from_on, valid_to FROM replica_kpm.kepesertaan_history")
    assert [tuple(row) for row in rows] == [(FIRST, None)]
