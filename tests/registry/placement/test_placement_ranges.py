"""Random sequences of placements and areas are accepted, stored and counted as a model predicts."""

import asyncio
import itertools
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories.registry import commands
from tests.factories.registry.commands import unused_niks
from tests.factories.services import Running, execute_nationally

FIRST, YEAR_END = date(2026, 1, 1), date(2027, 1, 1)
EMPLOYER_STATUSES = {"PKH_PENDAMPING": "PPPK", "TKSK": "PPPK", "TAGANA": "RELAWAN"}
CONFLICTING_PAIR = {"PKH_PENDAMPING", "TKSK"}
AREAS = (commands.KELURAHAN, "33.24.09")

days = st.integers(0, 60)
lengths = st.none() | st.integers(1, 40)
actions = st.one_of(
    st.tuples(st.just("start_placement"), st.sampled_from(sorted(EMPLOYER_STATUSES)), days, lengths),
    st.tuples(st.just("place_area"), st.integers(0, 3), days, lengths, st.sampled_from(AREAS)),
    st.tuples(st.just("end_placement"), st.integers(0, 3), days),
    st.tuples(st.just("end_area"), st.integers(0, 3), days),
)


def compute_end(begin: date, length: int | None) -> date | None:
    return None if length is None else begin + timedelta(days=length)


@dataclass
class Span:
    """An expected range, with the row that the service answered.

    `name` is the kind of a placement or the code of an area. `placement` is the placement of an area.
    """

    begin: date
    end: date | None
    name: str
    row: dict[str, Any]
    placement: "Span | None" = None
    changes: int = 1

    def overlaps(self, begin: date, end: date | None) -> bool:
        return max(self.begin, begin) < min(self.end or date.max, end or date.max)

    def days(self) -> set[date]:
        count = (min(self.end or YEAR_END, YEAR_END) - self.begin).days
        return {self.begin + timedelta(days=number) for number in range(count)}

    def end_on(self, day: date) -> None:
        self.end, self.changes = max(day, self.begin), self.changes + 1


@dataclass
class Model:
    """The expected placements and areas of a pendamping, compared with the service at each action."""

    registry: Running
    pendamping: dict[str, Any]
    placements: list[Span] = field(default_factory=list)
    areas: list[Span] = field(default_factory=list)

    async def start_placement(self, kind: str, day: int, length: int | None) -> None:
        begin = FIRST + timedelta(days=day)
        end = compute_end(begin, length)
        clashes = [
            span
            for span in self.placements
            if span.overlaps(begin, end) and (span.name == kind or {span.name, kind} == CONFLICTING_PAIR)
        ]
        answer = await commands.start_penugasan(
            self.registry,
            self.pendamping,
            kind=kind,
            employer_status=EMPLOYER_STATUSES[kind],
            valid_from=str(begin),
            valid_to=end and str(end),
        )
        assert (answer.status_code == 201) == (not clashes), answer.text
        if clashes:
            assert answer.json()["title"] in {"PenugasanOverlaps", "RolesConflict"}
        else:
            self.placements.append(Span(begin, end, kind, answer.json()))

    async def place_area(self, index: int, day: int, length: int | None, area: str) -> None:
        if index >= len(self.placements):
            return
        placement, begin = self.placements[index], FIRST + timedelta(days=day)
        end = compute_end(begin, length) or placement.end
        last_end = placement.end or date.max
        inside = placement.begin <= begin < last_end and (end or date.max) <= last_end
        free = not any(
            span.placement is placement and span.name == area and span.overlaps(begin, end)
            for span in self.areas
        )
        valid_to = str(compute_end(begin, length)) if length else None
        answer = await commands.place_wilayah_tugas(
            self.registry, placement.row, area, valid_from=str(begin), valid_to=valid_to
        )
        titles = {True: "WilayahTugasOverlaps", False: "WilayahTugasOutsidePenugasan"}
        assert (answer.status_code == 201) == (inside and free), answer.text
        if inside and free:
            self.areas.append(Span(begin, end, area, answer.json(), placement))
        else:
            assert answer.json()["title"] == titles[inside]

    async def end_placement(self, index: int, day: int) -> None:
        if index < len(self.placements):
            span = self.placements[index]
            path = f"/v1/penugasan/{span.row['penugasan_id']}/end"
            on = FIRST + timedelta(days=day)
            if await self._end_range(span, path, on):
                for area in self.areas:
                    if area.placement is span and (area.end is None or area.end > on):
                        area.end_on(on)

    async def end_area(self, index: int, day: int) -> None:
        if index < len(self.areas):
            span = self.areas[index]
            path = f"/v1/wilayah-tugas/{span.row['wilayah_tugas_id']}/end"
            await self._end_range(span, path, FIRST + timedelta(days=day))

    async def _end_range(self, span: Span, path: str, on: date) -> bool:
        body = {"valid_to": str(on), "reason": "ROTASI"}
        answer = await self.registry.post(path, body, as_=commands.ministry_token(self.registry))
        before_start, not_earlier = on < span.begin, span.end is not None and on >= span.end
        assert (answer.status_code == 201) == (not before_start and not not_earlier), answer.text
        if before_start or not_earlier:
            assert answer.json()["title"] == ("InvalidRange" if before_start else "EndAlreadySet")
            return False
        span.end_on(on)
        return True

    async def compare(self) -> None:
        """Compare the stored ranges, their histories and the days of the scorecard with the model."""
        path = f"/v1/pendamping/{self.pendamping['pendamping_id']}"
        view = commands.expect_ok(await self.registry.get(path, as_=commands.ministry_token(self.registry)))
        placements = {row["penugasan_id"]: row for row in view["penugasan"]}
        areas = {area["wilayah_tugas_id"]: area for row in view["penugasan"] for area in row["wilayah_tugas"]}
        assert (len(placements), len(areas)) == (len(self.placements), len(self.areas))
        histories: dict[str, list[Any]] = {}
        for row in view["range_history"]:
            histories.setdefault(row["thing_id"], []).append(row)
        for span, key, rows in [
            *((span, "penugasan_id", placements) for span in self.placements),
            *((span, "wilayah_tugas_id", areas) for span in self.areas),
        ]:
            row = rows[span.row[key]]
            assert (row["valid_from"], row["valid_to"]) == (str(span.begin), span.end and str(span.end))
            history = sorted(histories[span.row[key]], key=lambda entry: entry["number"])
            assert [entry["number"] for entry in history] == list(range(1, span.changes + 1))
            assert history[-1]["valid_to"] == row["valid_to"]
        for area in self.areas:
            assert area.placement is not None
            assert area.days() <= area.placement.days()
        await self._compare_days()

    async def _compare_days(self) -> None:
        by_kind: dict[str, list[set[date]]] = {}
        for span in self.placements:
            by_kind.setdefault(span.name, []).append(span.days())
        union = {kind: set().union(*parts) for kind, parts in by_kind.items()}
        assert {kind: sum(map(len, parts)) for kind, parts in by_kind.items()} == {
            kind: len(days_of_kind) for kind, days_of_kind in union.items()
        }
        assert not union.get("PKH_PENDAMPING", set()) & union.get("TKSK", set())
        path = f"/v1/pendamping/{self.pendamping['pendamping_id']}/scorecard?year=2026"
        scorecard = commands.expect_ok(
            await self.registry.get(path, as_=commands.ministry_token(self.registry))
        )
        assert {row["kind"]: row["days_in_service"] for row in scorecard["by_kind"]} == {
            kind: len(days_of_kind) for kind, days_of_kind in union.items()
        }


@settings(
    max_examples=25,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(plan=st.lists(actions, min_size=4, max_size=14))
async def test_random_sequences_of_starts_and_ends_give_the_ranges_of_the_model(
    registry: Running, plan: list[tuple[Any, ...]]
) -> None:
    pendamping = await commands.register_active_pendamping(registry, next(unused_niks))
    model = Model(registry, pendamping)
    for action, *values in plan:
        await getattr(model, action)(*values)
    await model.compare()


async def test_one_of_eight_simultaneous_placements_of_a_conflicting_pair_is_accepted(
    registry: Running,
) -> None:
    pendamping = await commands.register_pendamping(registry)
    kinds = itertools.islice(itertools.cycle(["PKH_PENDAMPING", "TKSK"]), 8)
    answers = await asyncio.gather(
        *[commands.start_penugasan(registry, pendamping, kind=kind) for kind in kinds]
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert {answer.json()["title"] for answer in answers if answer.status_code == 409} == {
        "PenugasanOverlaps",
        "RolesConflict",
    }


TABLES = (("penugasan", "penugasan_id"), ("wilayah_tugas", "wilayah_tugas_id"))


@pytest.mark.parametrize("role", ["database_url", "worker_database_url"])
@pytest.mark.parametrize(("table", "key"), TABLES)
async def test_no_database_role_of_the_service_can_write_an_overlap(
    registry: Running, role: str, table: str, key: str
) -> None:
    """Neither by a second row nor by extending an ended one."""
    pendamping = await commands.register_pendamping(registry)
    for begin, end in (("2025-10-03", "2026-07-01"), ("2026-07-01", None)):
        penugasan = commands.expect_ok(
            await commands.start_penugasan(registry, pendamping, valid_from=begin, valid_to=end)
        )
        commands.expect_ok(await commands.place_wilayah_tugas(registry, penugasan))
    if table == "wilayah_tugas":
        await registry.sql("UPDATE wilayah_tugas SET penugasan_id = $1", penugasan["penugasan_id"])
    columns = await registry.sql(
        "SELECT string_agg(quote_ident(column_name), ', ') AS names FROM information_schema.columns"
        " WHERE table_name = $1 AND column_name <> $2",
        table,
        key,
    )
    names = columns[0]["names"]
    copy = f"INSERT INTO {table} ({key}, {names}) SELECT uuidv7(), {names} FROM {table} LIMIT 1"
    extend = f"UPDATE {table} SET valid_to = '2026-07-02' WHERE valid_to = '2026-07-01'"
    reverse = f"UPDATE {table} SET valid_to = '2020-01-01' WHERE valid_to = '2026-07-01'"
    connection = await asyncpg.connect(getattr(registry.settings, role))
    try:
        for statement, error in (
            (copy, asyncpg.ExclusionViolationError),
            (extend, asyncpg.ExclusionViolationError),
            (reverse, asyncpg.CheckViolationError),
        ):
            with pytest.raises(error):
                await execute_nationally(connection, statement)
    finally:
        await connection.close()
