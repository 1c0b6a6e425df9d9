"""A blank cell keeps what is recorded, the word HAPUS clears it."""

from typing import Any

import pytest

from tests.factories.caseload.intake import (
    build_csv,
    dinsos_token,
    family,
    import_file,
    read_emitted_events,
    read_kpm_id,
)
from tests.factories.services import Running

USAHA = {
    "usaha_sector": "PERDAGANGAN",
    "usaha_started_on": "2023-03-01",
    "usaha_omzet_rp": "9000000",
    "usaha_nib": "1234567890123",
    "usaha_letter": "YA",
}
WHOLE = USAHA | {"komponen": "DISABILITAS_BERAT", "pengurus": "YA"}
KEPT = (
    *("address", "phone", "komponen", "desil", "bansos", "married", "pengurus", "name", "sex", "birth_date"),
    *("relation", "kode_wilayah", "usaha_sector", "usaha_started_on", "usaha_omzet_rp", "usaha_nib"),
    "usaha_letter",
)


async def read_whole(service: Running, nik: str) -> dict[str, Any]:
    kpm_id = await read_kpm_id(service, nik)
    seen = (await service.get(f"/v1/kpm/{kpm_id}", as_=dinsos_token(service))).json()
    return {name: value for name, value in seen.items() if name != "version"}


@pytest.fixture
async def rows(kendal_caseload: Running) -> list[dict[str, str]]:
    """A family with every value."""
    rows = family(1, **WHOLE)
    assert (await import_file(kendal_caseload, build_csv(rows)))["errors"] == []
    return rows


async def test_a_blank_cell_of_any_column_keeps_what_is_recorded(
    kendal_caseload: Running, rows: list[dict[str, str]]
) -> None:
    before, events = (
        await read_whole(kendal_caseload, rows[0]["nik"]),
        await read_emitted_events(kendal_caseload),
    )
    for column in KEPT:
        done = await import_file(kendal_caseload, build_csv([rows[0] | {column: ""}, rows[1]]))
        assert done["errors"] == [], column
        assert await read_whole(kendal_caseload, rows[0]["nik"]) == before, column
    blank = rows[0] | dict.fromkeys(KEPT, "")
    done = await import_file(kendal_caseload, build_csv([blank, rows[1] | {"pengurus": "", "married": ""}]))
    assert (done["errors"], done["report"].get("cleared", {})) == ([], {})
    assert await read_whole(kendal_caseload, rows[0]["nik"]) == before
    assert await read_emitted_events(kendal_caseload) == events


async def test_hapus_clears_and_is_counted(kendal_caseload: Running, rows: list[dict[str, str]]) -> None:
    clear = dict.fromkeys(("address", "phone", "komponen", "usaha_nib"), "HAPUS")
    done = await import_file(kendal_caseload, build_csv([rows[0] | clear, rows[1]]))
    assert (done["errors"], done["report"]["cleared"]) == (
        [],
        {"address": 1, "phone": 1, "komponen": 1, "nib": 1},
    )
    assert {(row, column) for row, column, code in done["changes"] if code == "CLEARED"} == {
        (2, "address"),
        (2, "phone"),
        (2, "komponen"),
        (2, "usaha_nib"),
    }
    seen = await read_whole(kendal_caseload, rows[0]["nik"])
    wife = next(member for member in seen["members"] if member["pengurus"])
    assert (seen["address"], seen["phone"], wife["komponen"]) == (None, None, [])
    assert (wife["usaha"]["has_nib"], wife["usaha"]["omzet_rp"]) == (False, 9_000_000)


async def test_hapus_closes_a_business(kendal_caseload: Running, rows: list[dict[str, str]]) -> None:
    done = await import_file(kendal_caseload, build_csv([rows[0] | {"usaha_sector": "hapus"}, rows[1]]))
    assert (done["errors"], done["report"]["cleared"]) == ([], {"usaha": 1})
    last = [data for name, data in await read_emitted_events(kendal_caseload) if name == "usaha_recorded"][-1]
    assert last["end_reason"] == "DITUTUP"
    seen = await read_whole(kendal_caseload, rows[0]["nik"])
    assert all(member["usaha"] is None for member in seen["members"])
    again = await import_file(kendal_caseload, build_csv(rows))
    assert (2, "usaha_sector", "KEPT_NEWER") in again["changes"], "a file does not open it again"


async def test_a_part_of_a_business_is_changed(kendal_caseload: Running, rows: list[dict[str, str]]) -> None:
    only = rows[0] | dict.fromkeys(USAHA, "") | {"usaha_omzet_rp": "12000000"}
    assert (await import_file(kendal_caseload, build_csv([only, rows[1]])))["errors"] == []
    seen = await read_whole(kendal_caseload, rows[0]["nik"])
    usaha = next(member["usaha"] for member in seen["members"] if member["usaha"])
    assert (usaha["omzet_rp"], usaha["sector"], usaha["has_nib"], usaha["has_letter"]) == (
        12_000_000,
        "PERDAGANGAN",
        True,
        True,
    )


@pytest.mark.parametrize(
    "column", ["name", "bansos", "desil", "pendamping_no", "birth_date", "usaha_omzet_rp"]
)
async def test_what_cannot_be_cleared_is_refused(
    kendal_caseload: Running, rows: list[dict[str, str]], column: str
) -> None:
    done = await import_file(kendal_caseload, build_csv([rows[0] | {column: "HAPUS"}, rows[1]]))
    assert done["errors"] == [(2, column, "CANNOT_BE_CLEARED")]


async def test_what_a_new_person_needs_is_refused_if_blank(kendal_caseload: Running) -> None:
    done = await import_file(
        kendal_caseload, build_csv(family(1, birth_date="", sex=""), family(2, relation=""))
    )
    assert done["errors"] == [
        (2, "sex", "REQUIRED"),
        (2, "birth_date", "REQUIRED"),
        (4, "relation", "REQUIRED"),
    ]


async def test_blank_cells_leave_the_day_of_what_they_keep(kendal_caseload: Running) -> None:
    """A file without values does not make the old ones newer."""
    usaha = {"usaha_sector": "JASA", "usaha_started_on": "2023-03-01", "usaha_omzet_rp": "2000000"}
    full = family(1, phone="081200009001", desil="NAS:4:2026-Q1", komponen="LANJUT_USIA", **usaha)
    assert (await import_file(kendal_caseload, build_csv(full)))["errors"] == []
    await kendal_caseload.execute(
        "UPDATE kpm SET address_as_of = '2026-01-02', contact_as_of = '2026-01-02', pengurus_as_of = '2026-01-02';"
        " UPDATE usaha SET as_of = '2026-01-02'; UPDATE komponen SET as_of = '2026-01-02';"
        " UPDATE desil SET as_of = '2026-01-02'"
    )
    named = ("no_kk", "nik", "pengurus")
    blank = [{column: value if column in named else "" for column, value in row.items()} for row in full]
    assert (await import_file(kendal_caseload, build_csv(blank)))["errors"] == []
    later = [full[0] | {"usaha_omzet_rp": "5000000", "desil": "NAS:6:2026-Q1"}, *full[1:]]
    done = await import_file(kendal_caseload, build_csv(later), as_of="2026-01-05")
    assert {code for *_, code in done["changes"]} >= {"BUSINESS_CHANGES", "DESIL_CHANGES"}
    rows = await kendal_caseload.sql("SELECT omzet_rp, (SELECT value FROM desil) AS desil FROM usaha")
    assert [(row["omzet_rp"], row["desil"]) for row in rows] == [(5_000_000, 6)]
