"""Random lives of placements and areas: what is accepted is exactly what the rules allow, and every day is accounted for."""

import asyncio
import itertools
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories.registry import commands as past
from tests.factories.registry.commands import niks
from tests.factories.services import Running, open_scope

FIRST, YEAR_END = date(2026, 1, 1), date(2027, 1, 1)
KINDS = {"PKH_PENDAMPING": "PPPK", "TKSK": "PPPK", "TAGANA": "RELAWAN"}
PAID_PAIR = {"PKH_PENDAMPING", "TKSK"}
AREAS = (past.KELURAHAN, "33.24.09")

days = st.integers(0, 60)
lengths = st.none() | st.integers(1, 40)
acts = st.one_of(
    st.tuples(st.just("start"), st.sampled_from(sorted(KINDS)), days, lengths),
    st.tuples(st.just("place"), st.integers(0, 3), days, lengths, st.sampled_from(AREAS)),
    st.tuples(st.just("end"), st.integers(0, 3), days),
    st.tuples(st.just("uncover"), st.integers(0, 3), days),
)


def later(begin: date, length: int | None) -> date | None:
    return None if length is None else begin + timedelta(days=length)


@dataclass
class Span:
    """A range as the rules have it, and what PostgreSQL calls it."""

    begin: date
    end: date | None
    what: str
    row: dict[str, Any]
    of: "Span | None" = None
    changes: int = 1

    def overlaps(self, begin: date, end: date | None) -> bool:
        return max(self.begin, begin) < min(self.end or date.max, end or date.max)

    def days(self) -> set[date]:
        count = (min(self.end or YEAR_END, YEAR_END) - self.begin).days
        return {self.begin + timedelta(days=number) for number in range(count)}

    def stop(self, on: date) -> None:
        self.end, self.changes = max(on, self.begin), self.changes + 1


@dataclass
class Life:
    """A pendamping's placements and areas, beside what the rules say they must be."""

    registry: Running
    person: dict[str, Any]
    placements: list[Span] = field(default_factory=list)
    areas: list[Span] = field(default_factory=list)

    async def start(self, kind: str, day: int, length: int | None) -> None:
        begin = FIRST + timedelta(days=day)
        end = later(begin, length)
        clash = [
            span
            for span in self.placements
            if span.overlaps(begin, end) and (span.what == kind or {span.what, kind} == PAID_PAIR)
        ]
        answer = await past.penugasan(
            self.registry,
            self.person,
            kind=kind,
            employer_status=KINDS[kind],
            valid_from=str(begin),
            valid_to=end and str(end),
        )
        assert (answer.status_code == 201) == (not clash), answer.text
        if clash:
            assert answer.json()["title"] in {"PenugasanOverlaps", "RolesConflict"}
        else:
            self.placements.append(Span(begin, end, kind, answer.json()))

    async def place(self, index: int, day: int, length: int | None, area: str) -> None:
        if index >= len(self.placements):
            return
        held, begin = self.placements[index], FIRST + timedelta(days=day)
        end = later(begin, length) or held.end
        inside = held.begin <= begin < (held.end or date.max) and (end or date.max) <= (held.end or date.max)
        free = not any(one.of is held and one.what == area and one.overlaps(begin, end) for one in self.areas)
        said = {"valid_from": str(begin), "valid_to": str(later(begin, length)) if length else None}
        answer = await past.wilayah_tugas(self.registry, held.row, area, **said)
        titles = {True: "WilayahTugasOverlaps", False: "WilayahTugasOutsidePenugasan"}
        assert (answer.status_code == 201) == (inside and free), answer.text
        if inside and free:
            self.areas.append(Span(begin, end, area, answer.json(), held))
        else:
            assert answer.json()["title"] == titles[inside]

    async def end(self, index: int, day: int) -> None:
        if index < len(self.placements):
            span = self.placements[index]
            path = f"/v1/penugasan/{span.row['penugasan_id']}/end"
            on = FIRST + timedelta(days=day)
            if await self._ended(span, path, on):
                for area in self.areas:
                    if area.of is span and (area.end is None or area.end > on):
                        area.stop(on)

    async def uncover(self, index: int, day: int) -> None:
        if index < len(self.areas):
            span = self.areas[index]
            path = f"/v1/wilayah-tugas/{span.row['wilayah_tugas_id']}/end"
            await self._ended(span, path, FIRST + timedelta(days=day))

    async def _ended(self, span: Span, path: str, on: date) -> bool:
        body = {"valid_to": str(on), "reason": "ROTASI"}
        answer = await self.registry.post(path, body, as_=past.ministry(self.registry))
        backward, late = on < span.begin, span.end is not None and on >= span.end
        assert (answer.status_code == 201) == (not backward and not late), answer.text
        if backward or late:
            assert answer.json()["title"] == ("InvalidRange" if backward else "EndAlreadySet")
            return False
        span.stop(on)
        return True

    async def check(self) -> None:
        """What is stored, what is kept of its history, and what a scorecard counts are the days of the model."""
        path = f"/v1/pendamping/{self.person['pendamping_id']}"
        shown = past.made(await self.registry.get(path, as_=past.ministry(self.registry)))
        kept = {row["penugasan_id"]: row for row in shown["penugasan"]}
        areas = {one["wilayah_tugas_id"]: one for row in shown["penugasan"] for one in row["wilayah_tugas"]}
        assert (len(kept), len(areas)) == (len(self.placements), len(self.areas))
        histories: dict[str, list[Any]] = {}
        for row in shown["range_history"]:
            histories.setdefault(row["thing_id"], []).append(row)
        for span, key, there in [
            *((span, "penugasan_id", kept) for span in self.placements),
            *((span, "wilayah_tugas_id", areas) for span in self.areas),
        ]:
            row = there[span.row[key]]
            assert (row["valid_from"], row["valid_to"]) == (str(span.begin), span.end and str(span.end))
            history = sorted(histories[span.row[key]], key=lambda one: one["number"])
            assert [one["number"] for one in history] == list(range(1, span.changes + 1))
            assert history[-1]["valid_to"] == row["valid_to"]
        for area in self.areas:
            assert area.of is not None
            assert area.days() <= area.of.days()
        await self._check_days()

    async def _check_days(self) -> None:
        by_kind: dict[str, list[set[date]]] = {}
        for span in self.placements:
            by_kind.setdefault(span.what, []).append(span.days())
        union = {kind: set().union(*parts) for kind, parts in by_kind.items()}
        assert {kind: sum(map(len, parts)) for kind, parts in by_kind.items()} == {
            kind: len(whole) for kind, whole in union.items()
        }
        assert not union.get("PKH_PENDAMPING", set()) & union.get("TKSK", set())
        path = f"/v1/pendamping/{self.person['pendamping_id']}/scorecard?year=2026"
        shown = past.made(await self.registry.get(path, as_=past.ministry(self.registry)))
        assert {row["kind"]: row["days_in_service"] for row in shown["by_kind"]} == {
            kind: len(whole) for kind, whole in union.items()
        }


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(plan=st.lists(acts, min_size=4, max_size=14))
async def test_whatever_is_started_placed_and_ended(registry: Running, plan: list[tuple[Any, ...]]) -> None:
    life = Life(registry, await past.serving(registry, next(niks)))
    for act, *values in plan:
        await getattr(life, act)(*values)
    await life.check()


async def test_and_of_two_paid_posts_asked_at_once_one_is_held(registry: Running) -> None:
    person = await past.pendamping(registry)
    asked = itertools.islice(itertools.cycle(["PKH_PENDAMPING", "TKSK"]), 8)
    answers = await asyncio.gather(*[past.penugasan(registry, person, kind=kind) for kind in asked])
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert {answer.json()["title"] for answer in answers if answer.status_code == 409} == {
        "PenugasanOverlaps",
        "RolesConflict",
    }


TABLES = (("penugasan", "penugasan_id"), ("wilayah_tugas", "wilayah_tugas_id"))


@pytest.mark.parametrize("role", ["database_url", "worker_database_url"])
@pytest.mark.parametrize(("table", "key"), TABLES)
async def test_and_no_role_of_the_service_writes_an_overlap(
    registry: Running, role: str, table: str, key: str
) -> None:
    """Neither as a second row nor by drawing an ended one out again over what followed it."""
    person = await past.pendamping(registry)
    for begin, end in (("2025-10-03", "2026-07-01"), ("2026-07-01", None)):
        held = past.made(await past.penugasan(registry, person, valid_from=begin, valid_to=end))
        past.made(await past.wilayah_tugas(registry, held))
    if table == "wilayah_tugas":
        await registry.sql("UPDATE wilayah_tugas SET penugasan_id = $1", held["penugasan_id"])
    columns = await registry.sql(
        "SELECT string_agg(quote_ident(column_name), ', ') AS names FROM information_schema.columns"
        " WHERE table_name = $1 AND column_name <> $2",
        table,
        key,
    )
    names = columns[0]["names"]
    copied = f"INSERT INTO {table} ({key}, {names}) SELECT uuidv7(), {names} FROM {table} LIMIT 1"
    drawn = f"UPDATE {table} SET valid_to = '2026-07-02' WHERE valid_to = '2026-07-01'"
    backward = f"UPDATE {table} SET valid_to = '2020-01-01' WHERE valid_to = '2026-07-01'"
    connection = await asyncpg.connect(getattr(registry.settings, role))
    try:
        for statement, error in (
            (copied, asyncpg.ExclusionViolationError),
            (drawn, asyncpg.ExclusionViolationError),
            (backward, asyncpg.CheckViolationError),
        ):
            with pytest.raises(error):
                await attempted(connection, statement)
    finally:
        await connection.close()


async def attempted(connection: asyncpg.Connection, statement: str) -> None:
    async with connection.transaction():
        await open_scope(connection, areas="*")
        await connection.execute(statement)
