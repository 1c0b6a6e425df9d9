"""Coverage of an area from replicas of caseload, live and as counted on a day."""

from datetime import date
from typing import Any

import httpx
import pytest

from services.registry.coverage import jobs as count_jobs
from shared.contracts.caseload import DampinganChanged, KpmUpdated
from shared.contracts.kinds import DampinganPurpose
from tests.factories.registry import commands, events
from tests.factories.registry.events import deliver_events
from tests.factories.services import Running

OTHER_KELURAHAN = "33.24.09.2012"


async def read_coverage(
    registry: Running, kode_wilayah: str = "33.24.09", as_: str = "", year: int = 2026
) -> dict[str, Any]:
    path = f"/v1/coverage?kode_wilayah={kode_wilayah}&year={year}"
    return commands.expect_ok(await registry.get(path, as_=as_ or commands.ministry_token(registry)))


def read_counts(view: dict[str, Any]) -> tuple[int, int, int]:
    return view["families"], view["accompanied"], view["unaccompanied"]


async def test_families_accompanied_today_and_members_without_a_pendamping_are_counted(
    registry: Running,
) -> None:
    await registry.set_clock(commands.START)
    pendamping, penugasan = await commands.register_placed_pendamping(registry)
    accompanied, unaccompanied, exited, monitored, from_april = (
        events.build_kpm_registered() for _ in range(5)
    )
    members = (accompanied, unaccompanied, monitored, from_april)
    membership = events.build_kepesertaan_started(exited)
    monitoring = events.build_dampingan_started(
        pendamping, penugasan, valid_from=date(2026, 1, 1), kpm_id=monitored.kpm_id
    )
    await deliver_events(
        registry,
        *(accompanied, unaccompanied, exited, monitored, from_april),
        events.build_kpm_registered(OTHER_KELURAHAN),
        *(events.build_kepesertaan_started(family) for family in members),
        *(membership, events.build_kepesertaan_ended(membership, date(2026, 1, 1))),
        events.build_dampingan_started(
            pendamping, penugasan, valid_from=date(2026, 1, 1), kpm_id=accompanied.kpm_id
        ),
        monitoring,
        DampinganChanged(**monitoring.model_dump() | {"purpose": DampinganPurpose.PEMANTAUAN}),
        events.build_dampingan_started(
            pendamping, penugasan, valid_from=date(2026, 4, 1), kpm_id=from_april.kpm_id
        ),
        times=2,
    )
    coverage = await read_coverage(registry)
    assert read_counts(coverage) == (6, 2, 2)
    assert {area["kode_wilayah"]: read_counts(area) for area in coverage["areas"]} == {
        commands.KELURAHAN: (5, 2, 2),
        OTHER_KELURAHAN: (1, 0, 0),
    }
    assert read_counts(await read_coverage(registry, commands.KELURAHAN)) == (5, 2, 2)
    (kecamatan,) = (await read_coverage(registry, "33.24"))["areas"]
    assert (kecamatan["kode_wilayah"], read_counts(kecamatan)) == ("33.24.09", (6, 2, 2))
    await registry.set_clock(commands.START.replace(month=4, day=2))
    assert read_counts(await read_coverage(registry)) == (6, 3, 1)


async def test_a_family_counts_in_the_area_where_it_lives_now(registry: Running) -> None:
    family = events.build_kpm_registered()
    moved = KpmUpdated(**family.model_dump() | {"kode_wilayah": OTHER_KELURAHAN})
    await deliver_events(registry, family, moved)
    assert [area["kode_wilayah"] for area in (await read_coverage(registry))["areas"]] == [OTHER_KELURAHAN]


async def test_the_office_of_the_new_area_counts_a_moved_family_as_the_ministry_does(
    registry: Running,
) -> None:
    """The membership still has the old area, whose office no longer counts the family."""
    family = events.build_kpm_registered("35.03.01.2001")
    moved = KpmUpdated(**family.model_dump() | {"kode_wilayah": commands.KELURAHAN})
    await deliver_events(registry, family, events.build_kepesertaan_started(family), moved)
    new_office, old_office = (registry.token("DINSOS_KABKOTA", areas=[area]) for area in ("33.24", "35.03"))
    assert read_counts(await read_coverage(registry)) == (1, 0, 1)
    assert read_counts(await read_coverage(registry, as_=new_office)) == (1, 0, 1)
    assert read_counts(await read_coverage(registry, "35.03", as_=old_office)) == (0, 0, 0)


async def test_memberships_are_counted_by_the_year_of_their_start_and_end(registry: Running) -> None:
    await registry.set_clock(commands.START)
    family = events.build_kpm_registered()
    old, new, continued = (
        events.build_kepesertaan_started(family, date(2019, 1, 1)),
        events.build_kepesertaan_started(family, date(2026, 1, 1), "SEMBAKO"),
        events.build_kepesertaan_started(family, date(2020, 1, 1)),
    )
    ended = events.build_kepesertaan_ended(old, date(2026, 10, 1), "ALAMIAH")
    annulled_end = events.build_kepesertaan_ended(continued, date(2026, 10, 1))
    restored = events.build_kepesertaan_restored(annulled_end)
    await deliver_events(registry, family, old, new, continued, ended, annulled_end, restored, times=2)
    ahead = (await read_coverage(registry))["kepesertaan"]
    assert [(row["bansos"], row["ended"]) for row in ahead] == [("SEMBAKO", 0)]
    await registry.set_clock(commands.START.replace(month=10))
    assert (await read_coverage(registry))["kepesertaan"] == [
        {"bansos": "PKH", "started": 0, "ended": 1, "ended_by_reason": {"ALAMIAH": 1}},
        {"bansos": "SEMBAKO", "started": 1, "ended": 0, "ended_by_reason": {}},
    ]
    assert (await read_coverage(registry, year=2019))["kepesertaan"][0]["started"] == 1


async def test_a_membership_that_the_next_one_continues_does_not_count_as_ended(registry: Running) -> None:
    """An exit is annulled after the family has returned.

    The old membership then ends where the new one starts, and nobody has exited.
    """
    family = events.build_kpm_registered()
    old, new = (
        events.build_kepesertaan_started(family, date(2020, 1, 1)),
        events.build_kepesertaan_started(family, date(2026, 8, 1)),
    )
    ended = events.build_kepesertaan_ended(old, date(2026, 5, 1))
    restored = events.build_kepesertaan_restored(ended, date(2026, 8, 1))
    await deliver_events(registry, family, old, ended, new, restored, times=2)
    (pkh,) = (await read_coverage(registry))["kepesertaan"]
    assert (pkh["started"], pkh["ended"], pkh["ended_by_reason"]) == (1, 0, {})
    rows = await registry.sql("SELECT valid_to FROM replica_coverage.kepesertaan ORDER BY valid_from")
    assert [row["valid_to"] for row in rows] == [date(2026, 8, 1), None]


@pytest.mark.parametrize(
    ("area", "title"), [("33", "AreaTooWide"), ("33.24.09.9999", "WilayahUnknown"), ("33.2", "")]
)
async def test_live_coverage_of_more_than_a_kabupaten_or_of_an_unknown_area_is_refused(
    registry: Running, area: str, title: str
) -> None:
    path = f"/v1/coverage?kode_wilayah={area}&year=2026"
    answer = await registry.get(path, as_=commands.ministry_token(registry))
    assert answer.status_code == 422
    assert not title or answer.json()["title"] == title


async def test_only_offices_of_the_area_read_its_coverage(registry: Running) -> None:
    await deliver_events(registry, events.build_kpm_registered())
    dinsos, other_dinsos = (registry.token("DINSOS_KABKOTA", areas=[area]) for area in ("33.24", "35.03"))
    assert read_counts(await read_coverage(registry, as_=dinsos))[0] == 1
    answer = await registry.get("/v1/coverage?kode_wilayah=33.24.09&year=2026", as_=other_dinsos)
    assert (answer.status_code, answer.json()["title"]) == (403, "NotAllowed")


async def run_count(registry: Running) -> dict[str, Any]:
    """Request a count, run its job, and return the answer with `families_counted`."""
    accepted = await registry.post("/v1/coverage-count", as_=commands.ministry_token(registry))
    assert accepted.status_code == 202, accepted.text
    await registry.work()
    job_path = accepted.json()["job"]
    job = commands.expect_ok(await registry.get(job_path, as_=commands.ministry_token(registry)))
    assert job["state"] == "DONE"
    return accepted.json() | {"families_counted": job["done"]}


async def get_count(registry: Running, query: str = "", as_: str = "") -> httpx.Response:
    path = f"/v1/coverage-count{query}"
    return await registry.get(path, as_=as_ or commands.ministry_token(registry))


async def test_each_level_of_a_count_is_the_sum_of_the_level_below_and_equals_live_coverage(
    registry: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(count_jobs, "FAMILIES_PER_STEP", 2)
    await registry.set_clock(commands.START)
    pendamping, penugasan = await commands.register_placed_pendamping(registry)
    codes = [commands.KELURAHAN] * 3 + [OTHER_KELURAHAN, "33.24.10.2001", "33.25.01.2001", "35.03.01.2001"]
    families = [events.build_kpm_registered(code) for code in codes]
    await deliver_events(
        registry,
        *families,
        *(events.build_kepesertaan_started(family) for family in families[:6]),
        *(
            events.build_dampingan_started(
                pendamping, penugasan, valid_from=date(2026, 1, 1), kpm_id=family.kpm_id
            )
            for family in families[1:5]
        ),
        times=2,
    )
    accepted = await run_count(registry)
    assert (accepted["counted_on"], accepted["families_counted"]) == ("2026-03-01", 7)
    country = commands.expect_ok(await get_count(registry))
    assert (country["kode_wilayah"], country["counted_on"], country["families"]) == (None, "2026-03-01", 7)
    assert (country["accompanied"], country["members"], country["unaccompanied"]) == (4, 6, 2)
    assert country["share"] == round(4 / 6, 4)
    assert {area["kode_wilayah"]: (read_counts(area), area["share"]) for area in country["areas"]} == {
        "33": ((6, 4, 2), round(4 / 6, 4)),
        "35": ((1, 0, 0), None),
    }
    province = commands.expect_ok(await get_count(registry, "?kode_wilayah=33"))
    assert {area["kode_wilayah"]: read_counts(area) for area in province["areas"]} == {
        "33.24": (5, 4, 1),
        "33.25": (1, 0, 1),
    }
    kabupaten = commands.expect_ok(await get_count(registry, "?kode_wilayah=33.24"))
    assert [area["kode_wilayah"] for area in kabupaten["areas"]] == ["33.24.09", "33.24.10"]
    assert kabupaten["areas"] == (await read_coverage(registry, "33.24"))["areas"]
    kecamatan = commands.expect_ok(await get_count(registry, "?kode_wilayah=33.24.09"))
    assert read_counts(kecamatan) == (4, 3, 1)


async def test_a_later_count_does_not_change_an_earlier_one(registry: Running) -> None:
    await registry.set_clock(commands.START)
    await deliver_events(registry, events.build_kpm_registered())
    await run_count(registry)
    await registry.set_clock(commands.START.replace(month=4))
    await deliver_events(
        registry, events.build_kpm_registered(), events.build_kpm_registered("35.03.01.2001")
    )
    await run_count(registry)
    for on, families in (("2026-03-01", 1), ("2026-03-31", 1), ("2026-04-01", 3), ("2026-12-31", 3)):
        count = commands.expect_ok(await get_count(registry, f"?on={on}"))
        assert count["families"] == families, on
    assert (await get_count(registry, "?on=2026-02-28")).json()["title"] == "CoverageNotCounted"
    for role in ("registry_api", "registry_worker"):
        (row,) = await registry.sql(
            "SELECT has_table_privilege($1, 'coverage_figure', 'UPDATE') AS may", role
        )
        assert not row["may"]


async def test_an_unfinished_count_is_not_shown(registry: Running) -> None:
    await deliver_events(registry, events.build_kpm_registered())
    accepted = await registry.post("/v1/coverage-count", as_=commands.ministry_token(registry))
    assert accepted.status_code == 202
    answer = await get_count(registry)
    assert (answer.status_code, answer.json()["title"]) == (404, "CoverageNotCounted")


async def test_a_country_without_families_is_counted(registry: Running) -> None:
    await run_count(registry)
    count = commands.expect_ok(await get_count(registry))
    assert (read_counts(count), count["share"], count["areas"]) == ((0, 0, 0), None, [])


@pytest.mark.parametrize(
    ("query", "status", "title"),
    [
        ("", 403, "NotAllowed"),
        ("?kode_wilayah=33", 403, "NotAllowed"),
        ("?kode_wilayah=33.24", 200, None),
        ("?kode_wilayah=33.24.09", 200, None),
        ("?kode_wilayah=33.24.09.2011", 422, "AreaTooNarrow"),
        ("?kode_wilayah=33.99", 422, "WilayahUnknown"),
    ],
)
async def test_an_office_reads_the_count_of_its_own_area_only(
    registry: Running, query: str, status: int, title: str | None
) -> None:
    await run_count(registry)
    dinsos = registry.token("DINSOS_KABKOTA", areas=["33.24"])
    answer = await get_count(registry, query, as_=dinsos)
    assert (answer.status_code, answer.json().get("title")) == (status, title)
    assert (await registry.post("/v1/coverage-count", as_=dinsos)).status_code == 403
