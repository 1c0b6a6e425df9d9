"""The pro-rated target: persons, rounded half up, and what rounding added come to the nation's sum, whoever serves when."""

import itertools
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories.registry import commands as past
from tests.factories.registry.commands import niks
from tests.factories.registry.events import scorecard
from tests.factories.services import Running

# Each example has a year of its own, so that nobody of another one serves in it; leap years come by. No status is told
# ahead of its day, so that all of these years are over.
years = itertools.count(2002, 2)
leaves = st.lists(st.integers(-150, 450), max_size=4, unique=True).map(sorted)
cuts = st.lists(st.integers(-200, 500), min_size=2, max_size=6, unique=True).map(sorted)


def spans(first: date, marks: list[int]) -> list[tuple[date, date | None]]:
    """Served, pause, served: every other stretch between the marks; an odd last one has no end within reach."""
    days = [first + timedelta(days=mark) for mark in marks]
    return list(itertools.zip_longest(days[::2], days[1::2]))


def days_of(parts: list[tuple[date, date | None]], after: date) -> set[date]:
    lengths = [(begin, (min(end or after, after) - begin).days) for begin, end in parts]
    return {begin + timedelta(days=number) for begin, length in lengths for number in range(length)}


def served(
    first: date, after: date, parts: list[tuple[date, date | None]], away: list[tuple[date, date | None]]
) -> int:
    """Day by day, as nobody would count in earnest: placed, and not on leave."""
    return len({day for day in days_of(parts, after) - days_of(away, after) if day >= first})


def half_up(value: Fraction) -> int:
    return int(value + Fraction(1, 2))


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(people=st.lists(st.tuples(cuts, leaves), min_size=1, max_size=4), per_person=st.integers(0, 60))
async def test_persons_and_the_difference_are_the_nation(
    registry: Running, people: list[tuple[list[int], list[int]]], per_person: int
) -> None:
    year = next(years)
    first, after = date(year, 1, 1), date(year + 1, 1, 1)
    body = {"year": year, "kind": "PKH_PENDAMPING", "per_person": per_person, "basis": "Kerangka kerja"}
    past.made(await registry.post("/v1/target", body, as_=past.ministry(registry)))
    persons, exact = [], Fraction(0)
    for marks, leave in people:
        parts = [(begin, end or after) for begin, end in spans(first, marks)]
        parts = [(begin, end) for begin, end in parts if begin < end]
        away = spans(first, leave)
        person = await registered(registry, parts, away)
        share = Fraction(per_person * served(first, after, parts, away), (after - first).days)
        shown = await scorecard(registry, person, year)
        assert (shown["target"] or 0) == half_up(share)
        persons.append((shown["target"] or 0, share))
        exact += share
    path = f"/v1/target?year={year}"
    (nation,) = past.made(await registry.get(path, as_=past.ministry(registry)))["items"]
    assert nation["sum"] == sum(target for target, _ in persons)
    assert nation["people"] == sum(share > 0 for _, share in persons) or per_person == 0
    hundredths = half_up(100 * exact)
    assert round(100 * nation["exact"]) == hundredths
    assert round(100 * nation["rounding_difference"]) == 100 * nation["sum"] - hundredths
    assert abs(nation["rounding_difference"]) <= nation["people"] / 2 + 0.01
    for figure in (nation["sum"], nation["people"], nation["person_days"]):
        assert str(figure) in nation["explanation"]["id"]


async def registered(
    registry: Running, parts: list[tuple[date, date]], away: list[tuple[date, date | None]]
) -> dict[str, Any]:
    person = await past.serving(registry, next(niks))
    for begin, end in parts:
        dates = {"valid_from": str(begin), "valid_to": str(end), "sk_on": str(begin)}
        past.made(await past.penugasan(registry, person, **dates))
    for begin, end in away:
        past.made(await past.status(registry, person, "CUTI", from_on=str(begin)))
        if end is not None:
            past.made(await past.status(registry, person, "AKTIF", from_on=str(end)))
    return person


async def test_a_nation_of_whom_nobody_serves_has_a_sum_of_nothing(registry: Running) -> None:
    (nation,) = past.made(await registry.get("/v1/target?year=2026", as_=past.ministry(registry)))["items"]
    assert (nation["sum"], nation["people"], nation["exact"], nation["rounding_difference"]) == (0, 0, 0, 0)


async def test_one_statement_adds_up_the_nation(registry: Running) -> None:
    """However many kinds and people: the framework of a year is read in one go."""
    from sqlalchemy import event

    for number, nik in enumerate(itertools.islice(niks, 4)):
        person = await past.pendamping(registry, nik)
        past.made(await past.penugasan(registry, person, valid_from=f"2026-0{number + 1}-01"))
    asked: list[str] = []

    def listen(*told: Any) -> None:
        asked.append(str(told[2]))

    engine = registry.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", listen)
    past.made(await registry.get("/v1/target?year=2026", as_=past.ministry(registry)))
    event.remove(engine, "before_cursor_execute", listen)
    assert len([text for text in asked if "penugasan" in text or "target" in text]) == 1
