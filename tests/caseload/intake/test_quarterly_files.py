"""Intake of a file of a later quarter, with moves and changes of families."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.factories.caseload.case import Case
from tests.factories.caseload.family import Family
from tests.factories.caseload.hand_over import ketua_tim_token
from tests.factories.caseload.intake import (
    DESA,
    OTHER_DESA,
    PENDAMPING_NO,
    build_csv,
    family,
    import_file,
    mother,
)
from tests.factories.delivery import deliver
from tests.factories.services import Running


@pytest.fixture
async def recorded_family(kendal_caseload: Running) -> Family:
    """A family of S, recorded on 1 January."""
    await kendal_caseload.set_clock(datetime(2027, 1, 1, 3, tzinfo=UTC))
    return await Family.create(kendal_caseload, family(1, 2, pendamping_no=PENDAMPING_NO))


async def advance_to(service: Running, *day: int) -> None:
    await service.set_clock(datetime(*day, 3, tzinfo=UTC))
    await service.work()


def build_next_file(**more: str) -> list[dict[str, str]]:
    """Return the rows of the next quarter's file."""
    rows = family(1, 2, **({"pendamping_no": PENDAMPING_NO, "desil": "NAS:4:2025-Q4|NAS:5:2027-Q1"} | more))
    for row in rows:
        row["kode_wilayah"] = more.get("kode_wilayah", DESA)
    return rows


async def end_pkh(one: Family, graduation: Running, on: str) -> None:
    case = Case(one.kpm_id, (await one.read_memberships())["PKH"]["kepesertaan_id"])
    await graduation.publish(case.build_graduated(on))
    await deliver(graduation, one.caseload)


async def test_file_with_new_area_stores_the_former_area(recorded_family: Family) -> None:
    await advance_to(recorded_family.caseload, 2027, 3, 1)
    done = await import_file(
        recorded_family.caseload,
        build_csv(build_next_file(kode_wilayah=OTHER_DESA, address="Dusun Baru RT 1")),
    )
    assert done["errors"] == []
    past = (
        await recorded_family.caseload.get(f"/v1/kpm/{recorded_family.kpm_id}/past", as_=recorded_family.mine)
    ).json()
    (lived,) = past["areas"]
    assert (lived["kode_wilayah"], lived["address"]) == (DESA, "Dusun Krajan RT 2")
    assert (lived["valid_from"], lived["valid_to"]) == ("2027-01-01", "2027-03-01")
    assert (await recorded_family.read())["address"] == "Dusun Baru RT 1"
    assert ("kpm", "MOVED", "INTAKE") in await recorded_family.read_history()
    assert await recorded_family.read_emitted_data("dampingan_ended") == [], "the placement covers both"
    again = await import_file(recorded_family.caseload, build_csv(build_next_file()))
    assert again["errors"] == [], "back on the same day"
    assert len(await recorded_family.caseload.sql("SELECT FROM wilayah_history")) == 1


async def test_file_with_area_outside_placement_ends_dampingan(recorded_family: Family) -> None:
    await recorded_family.caseload.sql("UPDATE replica_pendamping.wilayah_tugas SET kode_wilayah = $1", DESA)
    await advance_to(recorded_family.caseload, 2027, 3, 1)
    await import_file(recorded_family.caseload, build_csv(build_next_file(kode_wilayah=OTHER_DESA)))
    (ended,) = await recorded_family.read_emitted_data("dampingan_ended")
    assert (ended["reason"], ended["valid_to"], ended["kode_wilayah"]) == (
        "PINDAH_WILAYAH",
        "2027-03-01",
        OTHER_DESA,
    )
    tasks = (
        await recorded_family.caseload.get("/v1/tugas", as_=ketua_tim_token(recorded_family.caseload))
    ).json()["items"]
    assert [(task["kind"], task["kpm_id"]) for task in tasks] == [
        ("PASANG_PENDAMPING", recorded_family.kpm_id)
    ]


async def test_file_cannot_start_a_re_entry(recorded_family: Family, graduation: Running) -> None:
    await end_pkh(recorded_family, graduation, "2027-02-01")
    await advance_to(recorded_family.caseload, 2027, 3, 1)
    done = await import_file(recorded_family.caseload, build_csv(build_next_file(bansos="PKH:2027-02-15")))
    assert done["errors"] == [(2, "bansos", "RE_ENTRY_BY_USULAN")]
    assert len(await recorded_family.caseload.sql("SELECT FROM kepesertaan")) == 1
    kept = await import_file(recorded_family.caseload, build_csv(build_next_file()))
    assert kept["errors"] == [], "what ended is known, and stays ended"
    assert (await recorded_family.read_memberships())["PKH"]["status"] == "ENDED"


async def test_file_assigns_no_pendamping_to_left_family(
    recorded_family: Family, graduation: Running
) -> None:
    await end_pkh(recorded_family, graduation, "2027-02-01")
    await advance_to(recorded_family.caseload, 2027, 2, 1)
    await recorded_family.caseload.sql(
        "UPDATE dampingan SET valid = daterange(lower(valid), '2027-02-20'), ended = true"
    )
    await advance_to(recorded_family.caseload, 2027, 3, 1)
    assert (await import_file(recorded_family.caseload, build_csv(build_next_file())))["errors"] == []
    assert len(await recorded_family.caseload.sql("SELECT FROM dampingan")) == 1


async def test_file_with_new_pkh_membership_opens_gap_and_task(kendal_caseload: Running) -> None:
    await import_file(kendal_caseload, build_csv(family(1, 2, bansos="SEMBAKO:2020-01-01")))
    await import_file(kendal_caseload, build_csv(family(1, 2, bansos="SEMBAKO:2020-01-01|PKH:2026-01-01")))
    gaps = await kendal_caseload.sql("SELECT cause, until FROM dampingan_gap")
    assert [tuple(row) for row in gaps] == [("MASUK_PKH", None)]
    assert [row["kind"] for row in await kendal_caseload.sql("SELECT kind FROM tugas")] == [
        "PASANG_PENDAMPING"
    ]


async def test_file_without_disability_counts_the_member_as_able(kendal_caseload: Running) -> None:
    rows = mother()
    rows[1]["komponen"] = "DISABILITAS_BERAT:2020-01-01"
    one = await Family.create(kendal_caseload, rows)
    facts: dict[str, Any] = (await one.read())["facts"]
    assert (facts["disabilitas"], facts["able_productive"]) == (0, 2)
