"""Pro-rated targets: rounding per person, and the national sum of all persons."""

import itertools
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from tests.factories.registry import commands
from tests.factories.registry.commands import unused_niks
from tests.factories.registry.events import read_scorecard
from tests.factories.services import Running

# Each example has its own year, so that persons of other examples do not serve in it. Leap years are included.
# All years are past, because a status cannot be set from a future day.
years = itertools.count(2002, 2)
leave_marks = st.lists(st.integers(-150, 450), max_size=4, unique=True).map(sorted)
service_marks = st.lists(st.integers(-200, 500), min_size=2, max_size=6, unique=True).map(sorted)
Spans = list[tuple[date, date | None]]


def build_spans(first: date, marks: list[int]) -> Spans:
    """Return every other span between the marks.

    With an odd number of marks the last span has no end.
    """
    days = [first + timedelta(days=mark) for mark in marks]
    return list(itertools.zip_longest(days[::2], days[1::2]))


def list_days(spans: Spans, after: date) -> set[date]:
    lengths = [(begin, (min(end or after, after) - begin).days) for begin, end in spans]
    return {begin + timedelta(days=number) for begin, length in lengths for number in range(length)}


def count_days_in_service(first: date, after: date, placements: Spans, leaves: Spans) -> int:
    """Count the days with a placement and without leave, one by one."""
    return len({day for day in list_days(placements, after) - list_days(leaves, after) if day >= first})


def round_half_up(value: Fraction) -> int:
    return int(value + Fraction(1, 2))


@settings(
    max_examples=12,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    people=st.lists(st.tuples(service_marks, leave_marks), min_size=1, max_size=4),
    per_person=st.integers(0, 60),
)
async def test_the_national_sum_is_the_sum_of_the_rounded_targets_of_all_persons(
    registry: Running, people: list[tuple[list[int], list[int]]], per_person: int
) -> None:
    year = next(years)
    first, after = date(year, 1, 1), date(year + 1, 1, 1)
    body = {"year": year, "kind": "PKH_PENDAMPING", "per_person": per_person, "basis": "Kerangka kerja"}
    commands.expect_ok(await registry.post("/v1/target", body, as_=commands.ministry_token(registry)))
    persons, exact = [], Fraction(0)
    for marks, leave in people:
        placements = [(begin, end or after) for begin, end in build_spans(first, marks)]
        placements = [(begin, end) for begin, end in placements if begin < end]
        leaves = build_spans(first, leave)
        pendamping = await register_with_leaves(registry, placements, leaves)
        days = count_days_in_service(first, after, placements, leaves)
        share = Fraction(per_person * days, (after - first).days)
        target = (await read_scorecard(registry, pendamping, year))["target"] or 0
        assert target == round_half_up(share)
        persons.append((target, share))
        exact += share
    path = f"/v1/target?year={year}"
    answer = await registry.get(path, as_=commands.ministry_token(registry))
    (national,) = commands.expect_ok(answer)["items"]
    assert national["sum"] == sum(target for target, _ in persons)
    assert national["people"] == sum(share > 0 for _, share in persons) or per_person == 0
    hundredths = round_half_up(100 * exact)
    assert round(100 * national["exact"]) == hundredths
    assert round(100 * national["rounding_difference"]) == 100 * national["sum"] - hundredths
    assert abs(national["rounding_difference"]) <= national["people"] / 2 + 0.01
    for figure in (national["sum"], national["people"], national["person_days"]):
        assert str(figure) in national["explanation"]["id"]


async def register_with_leaves(
    registry: Running, placements: list[tuple[date, date]], leaves: Spans
) -> dict[str, Any]:
    pendamping = await commands.register_active_pendamping(registry, next(unused_niks))
    for begin, end in placements:
        dates = {"valid_from": str(begin), "valid_to": str(end), "sk_on": str(begin)}
        commands.expect_ok(await commands.start_penugasan(registry, pendamping, **dates))
    for begin, end in leaves:
        commands.expect_ok(await commands.change_status(registry, pendamping, "CUTI", from_on=str(begin)))
        if end is not None:
            commands.expect_ok(await commands.change_status(registry, pendamping, "AKTIF", from_on=str(end)))
    return pendamping


async def test_the_national_sum_is_zero_when_nobody_serves(registry: Running) -> None:
    answer = await registry.get("/v1/target?year=2026", as_=commands.ministry_token(registry))
    (national,) = commands.expect_ok(answer)["items"]
    assert (national["sum"], national["people"], national["exact"], national["rounding_difference"]) == (
        0,
        0,
        0,
        0,
    )


async def test_one_statement_reads_the_targets_and_sums_of_a_year(registry: Running) -> None:
    for number, nik in enumerate(itertools.islice(unused_niks, 4)):
        pendamping = await commands.register_pendamping(registry, nik)
        commands.expect_ok(
            await commands.start_penugasan(registry, pendamping, valid_from=f"2026-0{number + 1}-01")
        )
    statements: list[str] = []

    def record(_: Any, __: Any, statement: str, *___: Any) -> None:
        statements.append(statement)

    engine = registry.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", record)
    commands.expect_ok(await registry.get("/v1/target?year=2026", as_=commands.ministry_token(registry)))
    event.remove(engine, "before_cursor_execute", record)
    assert len([text for text in statements if "penugasan" in text or "target" in text]) == 1
