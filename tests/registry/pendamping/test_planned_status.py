"""Statuses that are recorded for a later day take effect on that day."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.factories.registry import commands
from tests.factories.services import Running


async def read_status(registry: Running, pendamping: dict[str, Any]) -> tuple[str, str]:
    path = f"/v1/pendamping/{pendamping['pendamping_id']}"
    view = commands.expect_ok(await registry.get(path, as_=commands.ministry_token(registry)))
    return view["status"], view["status_from_on"]


async def plan(registry: Running, pendamping: dict[str, Any], status: str, from_on: str) -> Any:
    return await commands.change_status(registry, pendamping, status, reason="CUTI_TAHUNAN", from_on=from_on)


async def test_planned_leave_begins_and_ends_on_its_days(registry: Running) -> None:
    await registry.set_clock(commands.START)
    pendamping = await commands.register_active_pendamping(registry)
    planned = commands.expect_ok(await plan(registry, pendamping, "CUTI", "2026-03-10"))
    assert (planned["status"], planned["status_from_on"]) == ("AKTIF", "2000-01-01")
    commands.expect_ok(await plan(registry, pendamping, "AKTIF", "2026-03-17"))
    events = [event["data"] for event in await registry.read_envelopes()][-2:]
    assert [(one["status"], one["from_on"]) for one in events] == [
        ("CUTI", "2026-03-10"),
        ("AKTIF", "2026-03-17"),
    ]
    await registry.set_clock(datetime(2026, 3, 10, 1, tzinfo=UTC))
    await registry.work()
    assert await read_status(registry, pendamping) == ("CUTI", "2026-03-10")
    await registry.set_clock(datetime(2026, 3, 20, 1, tzinfo=UTC))
    await registry.work()
    assert await read_status(registry, pendamping) == ("AKTIF", "2026-03-17")
    assert len(await registry.read_envelopes()) == 4


async def test_command_after_the_day_counts_the_planned_status_before_the_worker_ran(
    registry: Running,
) -> None:
    await registry.set_clock(commands.START)
    pendamping = await commands.register_active_pendamping(registry)
    commands.expect_ok(await plan(registry, pendamping, "CUTI", "2026-03-10"))
    await registry.set_clock(datetime(2026, 3, 12, 1, tzinfo=UTC))
    refused = await plan(registry, pendamping, "NONAKTIF", "2026-03-12")
    assert refused.json()["title"] == "IllegalTransition"
    back = commands.expect_ok(await plan(registry, pendamping, "AKTIF", "2026-03-12"))
    assert (back["status"], back["status_from_on"]) == ("AKTIF", "2026-03-12")


async def test_planned_leave_is_taken_back_on_its_first_day(registry: Running) -> None:
    await registry.set_clock(commands.START)
    pendamping = await commands.register_active_pendamping(registry)
    commands.expect_ok(await plan(registry, pendamping, "CUTI", "2026-03-10"))
    commands.expect_ok(await plan(registry, pendamping, "AKTIF", "2026-03-10"))
    await registry.set_clock(datetime(2026, 3, 12, 1, tzinfo=UTC))
    await registry.work()
    assert (await read_status(registry, pendamping))[0] == "AKTIF"


async def test_final_status_before_a_planned_leave_voids_it(registry: Running) -> None:
    await registry.set_clock(commands.START)
    pendamping, penugasan = await commands.register_placed_pendamping(registry)
    commands.expect_ok(await plan(registry, pendamping, "CUTI", "2026-03-10"))
    commands.expect_ok(await plan(registry, pendamping, "PENSIUN", "2026-03-05"))
    ended = [
        event["data"]
        for event in await registry.read_envelopes()
        if event["type"].endswith("penugasan_ended.v1")
    ]
    assert [(one["penugasan_id"], one["valid_to"]) for one in ended] == [
        (penugasan["penugasan_id"], "2026-03-05")
    ]
    await registry.set_clock(datetime(2026, 3, 12, 1, tzinfo=UTC))
    await registry.work()
    assert await read_status(registry, pendamping) == ("PENSIUN", "2026-03-05")


async def test_placement_past_a_planned_final_status_is_refused(registry: Running) -> None:
    await registry.set_clock(commands.START)
    pendamping = await commands.register_active_pendamping(registry)
    commands.expect_ok(await plan(registry, pendamping, "PENSIUN", "2026-06-01"))
    open_end = await commands.start_penugasan(registry, pendamping, valid_from="2026-03-01")
    assert (open_end.status_code, open_end.json()["title"]) == (409, "PendampingHasLeft")
    until = {"valid_from": "2026-03-01", "valid_to": "2026-06-01"}
    commands.expect_ok(await commands.start_penugasan(registry, pendamping, **until))


@pytest.mark.parametrize(
    ("status", "from_on", "title"),
    [("NONAKTIF", "2026-03-05", "NextStatusConflicts"), ("NONAKTIF", "2026-03-10", "IllegalTransition")],
)
async def test_status_that_the_planned_one_cannot_follow_is_refused(
    registry: Running, status: str, from_on: str, title: str
) -> None:
    await registry.set_clock(commands.START)
    pendamping = await commands.register_active_pendamping(registry)
    commands.expect_ok(await plan(registry, pendamping, "CUTI", "2026-03-10"))
    answer = await plan(registry, pendamping, status, from_on)
    assert (answer.status_code, answer.json()["title"]) == (409, title)


async def test_death_of_today_in_papua_is_recorded_and_of_a_later_day_is_not(registry: Running) -> None:
    await registry.set_clock(datetime(2026, 3, 1, 16, 30, tzinfo=UTC))  # 23:30 in Jakarta, 01:30 in Papua
    pendamping = await commands.register_active_pendamping(registry)
    later = await plan(registry, pendamping, "MENINGGAL", "2026-03-03")
    assert later.json()["title"] == "DateInTheFuture"
    commands.expect_ok(await plan(registry, pendamping, "MENINGGAL", "2026-03-02"))
