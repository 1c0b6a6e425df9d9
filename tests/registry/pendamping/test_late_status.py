"""A leave, and a return from it, that are recorded after the status that followed."""

from typing import Any

import pytest

from tests.factories.registry import commands
from tests.factories.services import Running, expect_refusal


@pytest.fixture
async def pendamping(registry: Running) -> dict[str, Any]:
    """A pendamping AKTIF since 2025-10-03 who was on leave from 10 to 20 February 2026."""
    await registry.set_clock(commands.START)
    row, _ = await commands.register_placed_pendamping(registry)
    for status, on in (("CUTI", "2026-02-10"), ("AKTIF", "2026-02-20")):
        commands.expect_ok(await commands.change_status(registry, row, status, from_on=on))
    return row


async def read_pendamping(registry: Running, pendamping: dict[str, Any]) -> dict[str, Any]:
    path = f"/v1/pendamping/{pendamping['pendamping_id']}"
    return commands.expect_ok(await registry.get(path, as_=commands.ministry_token(registry)))


async def read_days(registry: Running, pendamping: dict[str, Any]) -> int:
    """Return the days in service of 2026, on which leave does not count."""
    path = f"/v1/pendamping/{pendamping['pendamping_id']}/scorecard?year=2026"
    scorecard = commands.expect_ok(await registry.get(path, as_=commands.ministry_token(registry)))
    return scorecard["penugasan"][0]["days_in_service"]


async def test_forgotten_leave_counts_and_leaves_the_status_of_today(
    registry: Running, pendamping: dict[str, Any]
) -> None:
    days = await read_days(registry, pendamping)
    for status, on in (("CUTI", "2026-01-05"), ("AKTIF", "2026-01-10")):
        shown = commands.expect_ok(await commands.change_status(registry, pendamping, status, from_on=on))
        assert (shown["status"], shown["status_from_on"]) == ("AKTIF", "2026-02-20")
    assert await read_days(registry, pendamping) == days - 5
    event = (await registry.read_envelopes())[-1]["data"]
    assert (event["status"], event["from_on"]) == ("AKTIF", "2026-01-10")
    assert (await read_pendamping(registry, pendamping))["status_history"][-1]["previous"] == "CUTI"


async def test_leave_that_began_earlier_and_ended_earlier(
    registry: Running, pendamping: dict[str, Any]
) -> None:
    days = await read_days(registry, pendamping)
    for status, on in (("CUTI", "2026-02-08"), ("AKTIF", "2026-02-15")):
        commands.expect_ok(await commands.change_status(registry, pendamping, status, from_on=on))
    assert await read_days(registry, pendamping) == days - 2 + 5
    wrong = await commands.reverse_status(registry, pendamping, "AKTIF", "2026-02-15")
    commands.expect_ok(wrong)
    assert await read_days(registry, pendamping) == days - 2
    assert (await read_pendamping(registry, pendamping))["status_from_on"] == "2026-02-20"


async def test_earlier_first_day_in_service(registry: Running, pendamping: dict[str, Any]) -> None:
    commands.expect_ok(await commands.change_status(registry, pendamping, "AKTIF", from_on="2025-09-15"))
    assert (await read_pendamping(registry, pendamping))["status_from_on"] == "2026-02-20"


async def test_leave_before_a_retirement_is_recorded_late(
    registry: Running, pendamping: dict[str, Any]
) -> None:
    commands.expect_ok(await commands.change_status(registry, pendamping, "PENSIUN", from_on="2026-02-25"))
    late = await commands.change_status(registry, pendamping, "CUTI", from_on="2026-02-22")
    assert commands.expect_ok(late)["status"] == "PENSIUN"
    after = await commands.change_status(registry, pendamping, "CUTI", from_on="2026-02-26")
    expect_refusal(after, "IllegalTransition")


@pytest.mark.parametrize(
    ("status", "on", "title"),
    [
        ("AKTIF", "2026-02-10", "DateBeforeLast"),
        ("CUTI", "2025-08-31", "DateBeforeLast"),
        ("NONAKTIF", "2026-01-05", "DateBeforeLast"),
        ("PENSIUN", "2026-01-05", "DateBeforeLast"),
        ("AKTIF", "2026-01-05", "IllegalTransition"),
        ("CUTI", "2025-09-15", "IllegalTransition"),
    ],
)
async def test_what_is_no_late_leave_is_refused(
    registry: Running, pendamping: dict[str, Any], status: str, on: str, title: str
) -> None:
    expect_refusal(await commands.change_status(registry, pendamping, status, from_on=on), title)
