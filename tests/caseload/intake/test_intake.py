"""Intake of families by CSV as a job (docs/api-frontend.md#intake-file)."""

from collections import Counter

from shared.access import Role
from tests.factories.caseload.intake import (
    DESA,
    PENDAMPING,
    PENUGASAN,
    companion,
    csv_of,
    dinsos,
    emitted_events,
    family,
    family_of,
    mother,
    take_in,
)
from tests.factories.services import Running


async def test_intake_records_the_complete_family_of_scenario_2(placed: Running) -> None:
    job = await take_in(placed, csv_of(mother()))
    assert (job["done"], job["refused"], job["total"]) == (4, 0, 4)
    assert (job["report"]["new_families"], job["report"]["warnings"]) == (1, {})
    kpm_id = await family_of(placed, "3324075211879001")
    seen = (await placed.get(f"/v1/kpm/{kpm_id}", as_=companion(placed))).json()
    wife = next(row for row in seen["members"] if row["pengurus"])
    assert (wife["nik"], wife["name"]) == ("3324************", "Ibu Contoh")
    assert (wife["usaha"]["omzet_rp"], wife["usaha"]["has_letter"], wife["usaha"]["has_nib"]) == (
        9_000_000,
        True,
        False,
    )
    assert [row["value"] for row in seen["desil"]] == [3, 4, 5]
    assert [row["pendamping_id"] for row in seen["dampingan"]] == [str(PENDAMPING)]
    assert seen["facts"]["komponen"] == {"ANAK_SD": 1, "ANAK_SMA": 1}
    assert (seen["address"], seen["phone"]) == ("Dusun Krajan RT 2", "+6281234567890")


async def test_intake_emits_each_event_once(placed: Running) -> None:
    await take_in(placed, csv_of(mother()))
    facts = await emitted_events(placed)
    assert Counter(name for name, _ in facts) == {
        "kpm_registered": 1,
        "kepesertaan_started": 3,
        "usaha_recorded": 1,
        "dampingan_started": 1,
    }
    registered = dict(facts)
    assert registered["kpm_registered"]["members"] == 4
    assert registered["kpm_registered"]["able_productive"] == 2
    assert registered["kpm_registered"]["last_komponen_ends_on"] == "2028-06-30"
    assert registered["kpm_registered"]["kode_wilayah"] == DESA
    assert registered["usaha_recorded"]["owner_birth_year"] == 1987
    assert registered["dampingan_started"]["penugasan_id"] == str(PENUGASAN)
    assert {data["bansos"] for name, data in facts if name == "kepesertaan_started"} == {
        "PKH",
        "SEMBAKO",
        "PBI",
    }


async def test_same_file_again_changes_and_emits_nothing(placed: Running) -> None:
    content = csv_of(mother(), family(1), family(2, 3))
    await take_in(placed, content)
    before, rows = (
        await emitted_events(placed),
        await placed.sql("SELECT kpm_id, version, changed_at FROM kpm ORDER BY 1"),
    )
    job = await take_in(placed, content)
    assert (job["done"], job["report"]["unchanged_families"], job["report"]["changed_families"]) == (9, 3, 0)
    assert await emitted_events(placed) == before
    assert await placed.sql("SELECT kpm_id, version, changed_at FROM kpm ORDER BY 1") == rows


async def test_changed_row_updates_and_emits_only_its_family(placed: Running) -> None:
    await take_in(placed, csv_of(family(1), family(2)))
    before = len(await emitted_events(placed))
    job = await take_in(placed, csv_of(family(1), family(2, desil="NAS:4:2025-Q4|NAS:5:2026-Q1")))
    assert (job["report"]["unchanged_families"], job["report"]["changed_families"]) == (1, 1)
    facts = (await emitted_events(placed))[before:]
    assert [name for name, _ in facts] == ["kpm_updated"]
    assert [row["value"] for row in facts[0][1]["desil"]] == [4, 5]


async def test_intake_accepts_any_row_order_semicolons_and_bom(placed: Running) -> None:
    one, two = family(1, 3), family(2)
    mixed = [one[2], two[1], one[0], two[0], one[1]]
    job = await take_in(placed, b"\xef\xbb\xbf" + csv_of(mixed, delimiter=";", newline="\r\n"))
    assert (job["report"]["new_families"], job["done"], job["errors"]) == (2, 5, [])
    shown = (await placed.get("/v1/kpm", as_=dinsos(placed))).json()["items"]
    assert sorted(item["members"] for item in shown) == [2, 3]
    assert {item["pengurus_name"] for item in shown} == {"Contoh 1 0", "Contoh 2 0"}


async def test_dry_run_reports_and_changes_nothing(placed: Running) -> None:
    job = await take_in(placed, csv_of(mother(), family(1, kode_wilayah="33.24.99.2001")), dry_run=True)
    assert (job["report"]["new_families"], job["report"]["refused_families"]) == (1, 1)
    assert ((5 + 1), "kode_wilayah", "UNKNOWN_WILAYAH") in job["errors"]
    assert await emitted_events(placed) == []
    assert (await placed.get("/v1/kpm", as_=placed.token(Role.KEMENSOS))).json()["items"] == []


async def test_intake_deletes_staged_rows(placed: Running) -> None:
    await take_in(placed, csv_of(mother(), family(1)))
    assert await placed.sql("SELECT 1 FROM staged_row") == []
