"""Intake of families by CSV as a job (docs/api-frontend.md#intake-file)."""

from collections import Counter

from shared.access import Role
from shared.events import BY_WIRE
from tests.factories.caseload.intake import (
    DESA,
    PENDAMPING,
    PENUGASAN,
    build_csv,
    dinsos_token,
    family,
    import_file,
    mother,
    pendamping_token,
    read_emitted_events,
    read_kpm_id,
)
from tests.factories.services import Running


async def test_intake_records_the_complete_family_of_scenario_2(kendal_caseload: Running) -> None:
    job = await import_file(kendal_caseload, build_csv(mother()))
    assert (job["done"], job["refused"], job["total"]) == (4, 0, 4)
    assert (job["report"]["new_families"], job["report"]["warnings"]) == (1, {})
    kpm_id = await read_kpm_id(kendal_caseload, "3324075211879001")
    seen = (await kendal_caseload.get(f"/v1/kpm/{kpm_id}", as_=pendamping_token(kendal_caseload))).json()
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


async def test_intake_emits_each_event_once(kendal_caseload: Running) -> None:
    await import_file(kendal_caseload, build_csv(mother()))
    facts = await read_emitted_events(kendal_caseload)
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


async def test_prepared_events_have_the_bytes_of_their_classes(kendal_caseload: Running) -> None:
    await import_file(kendal_caseload, build_csv(mother()))
    await import_file(kendal_caseload, build_csv(mother(usaha_omzet_rp="7000000", desil="NAS:6:2026-Q2")))
    rows = await kendal_caseload.sql(
        "SELECT wire, body, (body::json -> 'data')::text AS data FROM platform.outbox"
    )
    assert {row["wire"].split(".")[1] for row in rows} >= {
        "kpm_registered",
        "usaha_recorded",
        "dampingan_started",
    }
    for row in rows:
        assert BY_WIRE[row["wire"]].model_validate_json(row["data"]).data.decode() == row["data"]
        assert row["data"] in row["body"]


async def test_same_file_again_changes_and_emits_nothing(kendal_caseload: Running) -> None:
    content = build_csv(mother(), family(1), family(2, 3))
    await import_file(kendal_caseload, content)
    before, rows = (
        await read_emitted_events(kendal_caseload),
        await kendal_caseload.sql("SELECT kpm_id, version, updated_at FROM kpm ORDER BY 1"),
    )
    job = await import_file(kendal_caseload, content)
    assert (job["done"], job["report"]["unchanged_families"], job["report"]["changed_families"]) == (9, 3, 0)
    assert await read_emitted_events(kendal_caseload) == before
    assert await kendal_caseload.sql("SELECT kpm_id, version, updated_at FROM kpm ORDER BY 1") == rows


async def test_changed_row_updates_and_emits_only_its_family(kendal_caseload: Running) -> None:
    await import_file(kendal_caseload, build_csv(family(1), family(2)))
    before = len(await read_emitted_events(kendal_caseload))
    job = await import_file(
        kendal_caseload, build_csv(family(1), family(2, desil="NAS:4:2025-Q4|NAS:5:2026-Q1"))
    )
    assert (job["report"]["unchanged_families"], job["report"]["changed_families"]) == (1, 1)
    facts = (await read_emitted_events(kendal_caseload))[before:]
    assert [name for name, _ in facts] == ["kpm_updated"]
    assert [row["value"] for row in facts[0][1]["desil"]] == [4, 5]


async def test_intake_accepts_any_row_order_semicolons_and_bom(kendal_caseload: Running) -> None:
    one, two = family(1, 3), family(2)
    mixed = [one[2], two[1], one[0], two[0], one[1]]
    job = await import_file(
        kendal_caseload, b"\xef\xbb\xbf" + build_csv(mixed, delimiter=";", newline="\r\n")
    )
    assert (job["report"]["new_families"], job["done"], job["errors"]) == (2, 5, [])
    shown = (await kendal_caseload.get("/v1/kpm", as_=dinsos_token(kendal_caseload))).json()["items"]
    assert sorted(item["members"] for item in shown) == [2, 3]
    assert {item["pengurus_name"] for item in shown} == {"Contoh 1 0", "Contoh 2 0"}


async def test_dry_run_reports_and_changes_nothing(kendal_caseload: Running) -> None:
    job = await import_file(
        kendal_caseload, build_csv(mother(), family(1, kode_wilayah="33.24.99.2001")), dry_run=True
    )
    assert (job["report"]["new_families"], job["report"]["refused_families"]) == (1, 1)
    assert ((5 + 1), "kode_wilayah", "UNKNOWN_WILAYAH") in job["errors"]
    assert await read_emitted_events(kendal_caseload) == []
    assert (await kendal_caseload.get("/v1/kpm", as_=kendal_caseload.token(Role.KEMENSOS))).json()[
        "items"
    ] == []


async def test_intake_deletes_staged_rows(kendal_caseload: Running) -> None:
    await import_file(kendal_caseload, build_csv(mother(), family(1)))
    assert await kendal_caseload.sql("SELECT 1 FROM staged_row") == []
