"""Families of an area with and without a pendamping, and memberships that began and ended, as caseload told."""

from datetime import date
from typing import Any

import pytest

from shared.contracts.caseload import DampinganChanged, KpmUpdated
from shared.contracts.kinds import DampinganPurpose
from tests.kit import Running
from tests.registry import given, told
from tests.registry.told import hear

OTHER = "33.24.09.2012"


async def coverage(
    registry: Running, area: str = "33.24.09", as_: str = "", year: int = 2026
) -> dict[str, Any]:
    path = f"/v1/coverage?kode_wilayah={area}&year={year}"
    return given.made(await registry.get(path, as_=as_ or given.ministry(registry)))


def counts(view: dict[str, Any]) -> tuple[int, int, int]:
    return view["families"], view["accompanied"], view["unaccompanied"]


async def test_by_families_accompanied_today_and_members_who_are_not(registry: Running) -> None:
    await registry.set_clock(given.START)
    person, held = await given.placed(registry)
    with_one, alone, left, watched, ahead = (told.family() for _ in range(5))
    members = [told.member(family) for family in (with_one, alone, watched, ahead)]
    gone = told.member(left)
    monitored = told.dampingan(person, held, valid_from=date(2026, 1, 1), kpm_id=watched.kpm_id)
    await hear(
        registry,
        *(with_one, alone, left, watched, ahead, told.family(OTHER)),
        *members,
        *(gone, told.ended(gone, date(2026, 1, 1))),
        told.dampingan(person, held, valid_from=date(2026, 1, 1), kpm_id=with_one.kpm_id),
        monitored,
        DampinganChanged(**monitored.model_dump() | {"purpose": DampinganPurpose.PEMANTAUAN}),
        told.dampingan(person, held, valid_from=date(2026, 4, 1), kpm_id=ahead.kpm_id),
        times=2,
    )
    shown = await coverage(registry)
    assert counts(shown) == (6, 1, 3)
    assert {area["kode_wilayah"]: counts(area) for area in shown["areas"]} == {
        given.KELURAHAN: (5, 1, 3),
        OTHER: (1, 0, 0),
    }
    assert counts(await coverage(registry, given.KELURAHAN)) == (5, 1, 3)
    (kecamatan,) = (await coverage(registry, "33.24"))["areas"]
    assert (kecamatan["kode_wilayah"], counts(kecamatan)) == ("33.24.09", (6, 1, 3))
    await registry.set_clock(given.START.replace(month=4, day=2))
    assert counts(await coverage(registry)) == (6, 2, 2)


async def test_where_the_family_lives_now(registry: Running) -> None:
    family = told.family()
    await hear(registry, family, KpmUpdated(**family.model_dump() | {"kode_wilayah": OTHER}))
    assert [area["kode_wilayah"] for area in (await coverage(registry))["areas"]] == [OTHER]


async def test_by_memberships_that_began_and_ended_in_the_year(registry: Running) -> None:
    family = told.family()
    old, new, kept = (
        told.member(family, date(2019, 1, 1)),
        told.member(family, date(2026, 1, 1), "SEMBAKO"),
        told.member(family, date(2020, 1, 1)),
    )
    end, undone = told.ended(old, date(2026, 10, 1), "ALAMIAH"), told.ended(kept, date(2026, 10, 1))
    await hear(registry, family, old, new, kept, end, undone, told.restored(undone), times=2)
    assert (await coverage(registry))["kepesertaan"] == [
        {"bansos": "PKH", "started": 0, "ended": 1, "ended_by_reason": {"ALAMIAH": 1}},
        {"bansos": "SEMBAKO", "started": 1, "ended": 0, "ended_by_reason": {}},
    ]
    assert (await coverage(registry, year=2019))["kepesertaan"][0]["started"] == 1


@pytest.mark.parametrize(
    ("area", "title"), [("33", "AreaTooWide"), ("33.24.09.9999", "UnknownWilayah"), ("33.2", "")]
)
async def test_for_a_kabupaten_at_most(registry: Running, area: str, title: str) -> None:
    path = f"/v1/coverage?kode_wilayah={area}&year=2026"
    answer = await registry.get(path, as_=given.ministry(registry))
    assert answer.status_code == 422
    assert not title or answer.json()["title"] == title


async def test_to_offices_of_the_area_alone(registry: Running) -> None:
    await hear(registry, told.family())
    dinsos, away = (registry.token("DINSOS_KABKOTA", areas=[area]) for area in ("33.24", "35.03"))
    assert counts(await coverage(registry, as_=dinsos))[0] == 1
    answer = await registry.get("/v1/coverage?kode_wilayah=33.24.09&year=2026", as_=away)
    assert (answer.status_code, answer.json()["title"]) == (403, "NotAllowed")
