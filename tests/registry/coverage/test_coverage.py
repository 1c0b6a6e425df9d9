"""Families of an area with and without a pendamping, and memberships that began and ended, as caseload told."""

from datetime import date
from typing import Any

import pytest

from services.registry.coverage import jobs as count_jobs
from shared.contracts.caseload import DampinganChanged, KpmUpdated
from shared.contracts.kinds import DampinganPurpose
from tests.factories.registry import commands, events
from tests.factories.registry.events import hear
from tests.factories.services import Running

OTHER = "33.24.09.2012"


async def coverage(
    registry: Running, area: str = "33.24.09", as_: str = "", year: int = 2026
) -> dict[str, Any]:
    path = f"/v1/coverage?kode_wilayah={area}&year={year}"
    return commands.made(await registry.get(path, as_=as_ or commands.ministry(registry)))


def counts(view: dict[str, Any]) -> tuple[int, int, int]:
    return view["families"], view["accompanied"], view["unaccompanied"]


async def test_by_families_accompanied_today_and_members_who_are_not(registry: Running) -> None:
    await registry.set_clock(commands.START)
    person, held = await commands.placed(registry)
    with_one, alone, left, watched, ahead = (events.family() for _ in range(5))
    members = [events.member(family) for family in (with_one, alone, watched, ahead)]
    gone = events.member(left)
    monitored = events.dampingan(person, held, valid_from=date(2026, 1, 1), kpm_id=watched.kpm_id)
    await hear(
        registry,
        *(with_one, alone, left, watched, ahead, events.family(OTHER)),
        *members,
        *(gone, events.ended(gone, date(2026, 1, 1))),
        events.dampingan(person, held, valid_from=date(2026, 1, 1), kpm_id=with_one.kpm_id),
        monitored,
        DampinganChanged(**monitored.model_dump() | {"purpose": DampinganPurpose.PEMANTAUAN}),
        events.dampingan(person, held, valid_from=date(2026, 4, 1), kpm_id=ahead.kpm_id),
        times=2,
    )
    shown = await coverage(registry)
    assert counts(shown) == (6, 1, 3)
    assert {area["kode_wilayah"]: counts(area) for area in shown["areas"]} == {
        commands.KELURAHAN: (5, 1, 3),
        OTHER: (1, 0, 0),
    }
    assert counts(await coverage(registry, commands.KELURAHAN)) == (5, 1, 3)
    (kecamatan,) = (await coverage(registry, "33.24"))["areas"]
    assert (kecamatan["kode_wilayah"], counts(kecamatan)) == ("33.24.09", (6, 1, 3))
    await registry.set_clock(commands.START.replace(month=4, day=2))
    assert counts(await coverage(registry)) == (6, 2, 2)


async def test_where_the_family_lives_now(registry: Running) -> None:
    family = events.family()
    await hear(registry, family, KpmUpdated(**family.model_dump() | {"kode_wilayah": OTHER}))
    assert [area["kode_wilayah"] for area in (await coverage(registry))["areas"]] == [OTHER]


async def test_alike_for_the_ministry_and_for_the_office_of_the_area_that_a_family_came_to(
    registry: Running,
) -> None:
    """Its membership was told in the area that it came from; the office there no longer counts it."""
    family = events.family("35.03.01.2001")
    moved = KpmUpdated(**family.model_dump() | {"kode_wilayah": commands.KELURAHAN})
    await hear(registry, family, events.member(family), moved)
    dinsos, left = (registry.token("DINSOS_KABKOTA", areas=[area]) for area in ("33.24", "35.03"))
    assert counts(await coverage(registry)) == counts(await coverage(registry, as_=dinsos)) == (1, 0, 1)
    assert counts(await coverage(registry, "35.03", as_=left)) == (0, 0, 0)


async def test_by_memberships_that_began_and_ended_in_the_year(registry: Running) -> None:
    family = events.family()
    old, new, kept = (
        events.member(family, date(2019, 1, 1)),
        events.member(family, date(2026, 1, 1), "SEMBAKO"),
        events.member(family, date(2020, 1, 1)),
    )
    end, undone = events.ended(old, date(2026, 10, 1), "ALAMIAH"), events.ended(kept, date(2026, 10, 1))
    await hear(registry, family, old, new, kept, end, undone, events.restored(undone), times=2)
    assert (await coverage(registry))["kepesertaan"] == [
        {"bansos": "PKH", "started": 0, "ended": 1, "ended_by_reason": {"ALAMIAH": 1}},
        {"bansos": "SEMBAKO", "started": 1, "ended": 0, "ended_by_reason": {}},
    ]
    assert (await coverage(registry, year=2019))["kepesertaan"][0]["started"] == 1


async def test_and_a_membership_that_goes_on_as_another_has_ended_for_nobody(registry: Running) -> None:
    """Annulled after the family had come back: the old membership ends where the new one began, and none has left."""
    family = events.family()
    old, new = events.member(family, date(2020, 1, 1)), events.member(family, date(2026, 8, 1))
    end = events.ended(old, date(2026, 5, 1))
    await hear(registry, family, old, end, new, events.restored(end, date(2026, 8, 1)), times=2)
    (pkh,) = (await coverage(registry))["kepesertaan"]
    assert (pkh["started"], pkh["ended"], pkh["ended_by_reason"]) == (1, 0, {})
    rows = await registry.sql("SELECT valid_to FROM replica_coverage.kepesertaan ORDER BY valid_from")
    assert [row["valid_to"] for row in rows] == [date(2026, 8, 1), None]


@pytest.mark.parametrize(
    ("area", "title"), [("33", "AreaTooWide"), ("33.24.09.9999", "WilayahUnknown"), ("33.2", "")]
)
async def test_for_a_kabupaten_at_most(registry: Running, area: str, title: str) -> None:
    path = f"/v1/coverage?kode_wilayah={area}&year=2026"
    answer = await registry.get(path, as_=commands.ministry(registry))
    assert answer.status_code == 422
    assert not title or answer.json()["title"] == title


async def test_to_offices_of_the_area_alone(registry: Running) -> None:
    await hear(registry, events.family())
    dinsos, away = (registry.token("DINSOS_KABKOTA", areas=[area]) for area in ("33.24", "35.03"))
    assert counts(await coverage(registry, as_=dinsos))[0] == 1
    answer = await registry.get("/v1/coverage?kode_wilayah=33.24.09&year=2026", as_=away)
    assert (answer.status_code, answer.json()["title"]) == (403, "NotAllowed")


async def count(registry: Running) -> dict[str, Any]:
    asked = await registry.post("/v1/coverage-count", as_=commands.ministry(registry))
    assert asked.status_code == 202, asked.text
    await registry.work()
    job = commands.made(await registry.get(asked.json()["job"], as_=commands.ministry(registry)))
    assert job["state"] == "DONE"
    return asked.json() | {"counted": job["done"]}


async def figure(registry: Running, query: str = "", as_: str = "") -> Any:
    path = f"/v1/coverage-count{query}"
    return await registry.get(path, as_=as_ or commands.ministry(registry))


async def test_in_the_whole_country_as_it_stood_on_a_day(
    registry: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted in steps of whole kecamatan; each level is the sum of the one below, and of what is read live."""
    monkeypatch.setattr(count_jobs, "FAMILIES_PER_STEP", 2)
    await registry.set_clock(commands.START)
    person, held = await commands.placed(registry)
    places = [commands.KELURAHAN] * 3 + [OTHER, "33.24.10.2001", "33.25.01.2001", "35.03.01.2001"]
    families = [events.family(place) for place in places]
    await hear(
        registry,
        *families,
        *(events.member(family) for family in families[:6]),
        *(
            events.dampingan(person, held, valid_from=date(2026, 1, 1), kpm_id=one.kpm_id)
            for one in families[1:5]
        ),
        times=2,
    )
    asked = await count(registry)
    assert (asked["counted_on"], asked["counted"]) == ("2026-03-01", 7)
    nation = commands.made(await figure(registry))
    assert (nation["kode_wilayah"], nation["counted_on"], nation["families"]) == (None, "2026-03-01", 7)
    assert (nation["accompanied"], nation["members"], nation["unaccompanied"]) == (4, 6, 2)
    assert nation["share"] == round(4 / 6, 4)
    assert {area["kode_wilayah"]: (counts(area), area["share"]) for area in nation["areas"]} == {
        "33": ((6, 4, 2), round(4 / 6, 4)),
        "35": ((1, 0, 0), None),
    }
    java = commands.made(await figure(registry, "?kode_wilayah=33"))
    assert {area["kode_wilayah"]: counts(area) for area in java["areas"]} == {
        "33.24": (5, 4, 1),
        "33.25": (1, 0, 1),
    }
    kendal, live = (
        commands.made(await figure(registry, "?kode_wilayah=33.24")),
        await coverage(registry, "33.24"),
    )
    assert [area["kode_wilayah"] for area in kendal["areas"]] == ["33.24.09", "33.24.10"]
    assert kendal["areas"] == live["areas"]
    assert counts(commands.made(await figure(registry, "?kode_wilayah=33.24.09"))) == (4, 3, 1)


async def test_and_what_was_counted_stays_what_was_said(registry: Running) -> None:
    await registry.set_clock(commands.START)
    await hear(registry, events.family())
    await count(registry)
    await registry.set_clock(commands.START.replace(month=4))
    await hear(registry, events.family(), events.family("35.03.01.2001"))
    await count(registry)
    for on, families in (("2026-03-01", 1), ("2026-03-31", 1), ("2026-04-01", 3), ("2026-12-31", 3)):
        shown = commands.made(await figure(registry, f"?on={on}"))
        assert shown["families"] == families, on
    assert (await figure(registry, "?on=2026-02-28")).json()["title"] == "CoverageNotCounted"
    for role in ("registry_api", "registry_worker"):
        (row,) = await registry.sql(
            "SELECT has_table_privilege($1, 'coverage_figure', 'UPDATE') AS may", role
        )
        assert not row["may"]


async def test_and_a_count_that_is_not_finished_is_shown_to_nobody(registry: Running) -> None:
    await hear(registry, events.family())
    asked = await registry.post("/v1/coverage-count", as_=commands.ministry(registry))
    assert asked.status_code == 202
    answer = await figure(registry)
    assert (answer.status_code, answer.json()["title"]) == (404, "CoverageNotCounted")


async def test_of_a_country_without_families_too(registry: Running) -> None:
    await count(registry)
    shown = commands.made(await figure(registry))
    assert (counts(shown), shown["share"], shown["areas"]) == ((0, 0, 0), None, [])


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
async def test_and_an_office_sees_the_count_of_its_own_area(
    registry: Running, query: str, status: int, title: str | None
) -> None:
    await count(registry)
    dinsos = registry.token("DINSOS_KABKOTA", areas=["33.24"])
    answer = await figure(registry, query, as_=dinsos)
    assert (answer.status_code, answer.json().get("title")) == (status, title)
    assert (await registry.post("/v1/coverage-count", as_=dinsos)).status_code == 403
