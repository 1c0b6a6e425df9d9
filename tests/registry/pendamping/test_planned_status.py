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


async def read_placement_ends(registry: Running) -> list[tuple[str, str]]:
    """Return id and end of each placement that has ended."""
    events = [
        event for event in await registry.read_envelopes() if event["type"].endswith("penugasan_ended.v1")
    ]
    return [(event["data"]["penugasan_id"], event["data"]["valid_to"]) for event in events]


async def test_planned_leave_begins_and_ends_on_its_days(registry: Running) -> None:
    await registry.set_clock(commands.START)
    pendamping = await commands.register_active_pendamping(registry)
    planned = commands.expect_ok(await plan(registry, pendamping, "CUTI", "2026-03-10"))
    assert (planned["status"], planned["status_from_on"]) == ("AKTIF", "2000-01-01")
    assert [(one["status"], one["from_on"]) for one in planned["planned"]] == [("CUTI", "2026-03-10")]
    commands.expect_ok(await plan(registry, pendamping, "AKTIF", "2026-03-17"))
    path = f"/v1/pendamping/{pendamping['pendamping_id']}"
    read = commands.expect_ok(await registry.get(path, as_=commands.ministry_token(registry)))
    ahead = [(one["status"], one["from_on"]) for one in read["planned"]]
    assert ahead == [("CUTI", "2026-03-10"), ("AKTIF", "2026-03-17")]
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
    assert await read_placement_ends(registry) == []
    await registry.set_clock(datetime(2026, 3, 12, 1, tzinfo=UTC))
    await registry.work()
    assert await read_status(registry, pendamping) == ("PENSIUN", "2026-03-05")
    assert await read_placement_ends(registry) == [(penugasan["penugasan_id"], "2026-03-05")]


async def test_planned_final_status_is_taken_back_before_its_day(registry: Running) -> None:
    await registry.set_clock(commands.START)
    pendamping, _ = await commands.register_placed_pendamping(registry)
    commands.expect_ok(await plan(registry, pendamping, "CUTI", "2026-03-10"))
    commands.expect_ok(await plan(registry, pendamping, "PENSIUN", "2026-03-05"))
    count = len(await registry.read_envelopes())
    commands.expect_ok(await plan(registry, pendamping, "AKTIF", "2026-03-05"))
    events = [event["data"] for event in (await registry.read_envelopes())[count:]]
    assert [(one["status"], one["from_on"]) for one in events] == [
        ("AKTIF", "2026-03-05"),
        ("CUTI", "2026-03-10"),
    ]
    await registry.set_clock(datetime(2026, 3, 6, 1, tzinfo=UTC))
    await registry.work()
    assert await read_status(registry, pendamping) == ("AKTIF", "2026-03-05")
    assert await read_placement_ends(registry) == []
    commands.expect_ok(
        await commands.start_penugasan(registry, pendamping, kind="TAGANA", employer_status="RELAWAN")
    )


async def test_planned_final_status_is_replaced_by_another_one(registry: Running) -> None:
    await registry.set_clock(commands.START)
    pendamping = await commands.register_active_pendamping(registry)
    commands.expect_ok(await plan(registry, pendamping, "PENSIUN", "2026-03-05"))
    commands.expect_ok(await plan(registry, pendamping, "MUTASI", "2026-03-05"))
    again = await plan(registry, pendamping, "AKTIF", "2026-03-06")
    assert again.json()["title"] == "IllegalTransition"
    await registry.set_clock(datetime(2026, 3, 6, 1, tzinfo=UTC))
    await registry.work()
    assert await read_status(registry, pendamping) == ("MUTASI", "2026-03-05")


async def test_placement_past_a_planned_final_status_is_refused(registry: Running) -> None:
    await registry.set_clock(commands.START)
    pendamping = await commands.register_active_pendamping(registry)
    commands.expect_ok(await plan(registry, pendamping, "PENSIUN", "2026-06-01"))
    open_end = await commands.start_penugasan(registry, pendamping, valid_from="2026-03-01")
    assert (open_end.status_code, open_end.json()["title"]) == (409, "PendampingHasLeft")
    until = {"valid_from": "2026-03-01", "valid_to": "2026-06-01"}
    commands.expect_ok(await commands.start_penugasan(registry, pendamping, **until))


@pytest.mark.parametrize(
    ("from_on", "title"),
    [
        ("2026-03-05", "NextStatusConflicts"),
        ("2026-03-10", None),
        ("2026-03-11", "IllegalTransition"),
    ],
)
async def test_status_fits_between_the_planned_ones(
    registry: Running, from_on: str, title: str | None
) -> None:
    await registry.set_clock(commands.START)
    pendamping = await commands.register_active_pendamping(registry)
    commands.expect_ok(await plan(registry, pendamping, "CUTI", "2026-03-10"))
    answer = await plan(registry, pendamping, "NONAKTIF", from_on)
    assert (answer.status_code, answer.json().get("title")) == ((409, title) if title else (201, None))


async def test_death_of_today_in_papua_is_recorded_and_of_a_later_day_is_not(registry: Running) -> None:
    await registry.set_clock(datetime(2026, 3, 1, 16, 30, tzinfo=UTC))  # 23:30 in Jakarta, 01:30 in Papua
    pendamping = await commands.register_active_pendamping(registry)
    later = await plan(registry, pendamping, "MENINGGAL", "2026-03-03")
    assert later.json()["title"] == "DateInTheFuture"
    commands.expect_ok(await plan(registry, pendamping, "MENINGGAL", "2026-03-02"))
