"""A corrected NIK keeps the person, and a small child may have none."""

from datetime import date
from typing import Any

from tests.factories.caseload.family import Family
from tests.factories.caseload.intake import (
    build_csv,
    dinsos_token,
    import_file,
    member,
    mother,
    nik,
    read_emitted_events,
    read_kpm_id,
)
from tests.factories.caseload.intake import family as family_rows
from tests.factories.services import Running, expect_refusal

USAHA = {"usaha_sector": "PERDAGANGAN", "usaha_started_on": "2023-03-01", "usaha_omzet_rp": "4000000"}
CORRECT = nik(19, born=date(1985, 3, 2))
BORN = {"birth_date": "2025-12-20", "name": "Bayi Contoh", "relation": "ANAK", "nik": ""}


async def read_family(service: Running, rows: list[dict[str, str]]) -> dict[str, Any]:
    kpm_id = await read_kpm_id(service, rows[0]["nik"])
    return dict((await service.get(f"/v1/kpm/{kpm_id}", as_=dinsos_token(service))).json())


async def test_a_corrected_nik_keeps_the_person_and_the_business(kendal_caseload: Running) -> None:
    rows = family_rows(1)
    rows[1] |= USAHA | {"usaha_nib": "1234567890123"}
    await import_file(kendal_caseload, build_csv(rows))
    before, events = await read_family(kendal_caseload, rows), await read_emitted_events(kendal_caseload)
    corrected = [rows[0], rows[1] | {"nik": CORRECT, "name": f" {rows[1]['name'].lower()} "}]
    done = await import_file(kendal_caseload, build_csv(corrected))
    assert (done["errors"], done["warnings"]) == ([], [(3, "nik", "NIK_CORRECTED")])
    after = await read_family(kendal_caseload, rows)
    assert [row["anggota_id"] for row in after["members"]] == [row["anggota_id"] for row in before["members"]]
    assert [row["usaha"] for row in after["members"]] == [row["usaha"] for row in before["members"]]
    assert await read_emitted_events(kendal_caseload) == events, "nothing that is published has changed"
    assert len(await kendal_caseload.sql("SELECT FROM nik_history")) == 1
    assert await read_kpm_id(kendal_caseload, CORRECT) == after["kpm_id"]
    back = await import_file(kendal_caseload, build_csv(rows))
    assert (back["errors"], back["warnings"]) == ([], []), "the former NIK is the same person"
    assert await read_kpm_id(kendal_caseload, CORRECT) == after["kpm_id"]


async def test_another_person_of_the_same_age_is_no_correction(kendal_caseload: Running) -> None:
    rows = family_rows(1)
    await import_file(kendal_caseload, build_csv(rows))
    done = await import_file(
        kendal_caseload, build_csv([rows[0], rows[1] | {"nik": CORRECT, "name": "Orang Lain"}])
    )
    assert {code for _, _, code in done["changes"]} >= {"MEMBER_LEAVES", "MEMBER_JOINS"}


async def test_a_small_child_is_recorded_without_a_nik_and_gets_it_later(kendal_caseload: Running) -> None:
    rows = [*family_rows(1), member(1, 3, **BORN)]
    assert (await import_file(kendal_caseload, build_csv(rows)))["errors"] == []
    seen = await read_family(kendal_caseload, rows)
    child = next(row for row in seen["members"] if row["name"] == "Bayi Contoh")
    assert (child["nik"], seen["facts"]["able_productive"]) == (None, 2)
    again = await import_file(kendal_caseload, build_csv([*rows[:2], rows[2] | {"married": "BELUM KAWIN"}]))
    assert again["errors"] == []
    assert len((await read_family(kendal_caseload, rows))["members"]) == 3
    numbered = rows[2] | {"nik": nik(42, born=date(2025, 12, 20))}
    done = await import_file(kendal_caseload, build_csv([*rows[:2], numbered]))
    assert (done["errors"], done["warnings"]) == ([], [(4, "nik", "NIK_ADDED")])
    seen = await read_family(kendal_caseload, rows)
    same = next(row for row in seen["members"] if row["name"] == "Bayi Contoh")
    assert (same["anggota_id"], same["nik"]) == (child["anggota_id"], "3324************")
    assert await kendal_caseload.sql("SELECT FROM nik_history") == []
    blank = await import_file(kendal_caseload, build_csv([*rows[:2], rows[2] | {"sex": "L "}]))
    assert (blank["errors"], len((await read_family(kendal_caseload, rows))["members"])) == ([], 3)


async def test_an_older_person_without_a_nik_is_refused(kendal_caseload: Running) -> None:
    old = member(1, 3, **BORN | {"birth_date": "2015-12-20"})
    done = await import_file(kendal_caseload, build_csv([*family_rows(1), old]))
    assert done["errors"] == [(4, "nik", "NIK_REQUIRED")]


async def test_what_does_not_fit_together_is_a_warning_or_refused(kendal_caseload: Running) -> None:
    rows = family_rows(1, relation="SUAMI", komponen="ANAK_SD")
    two_heads = family_rows(2, relation="KEPALA_KELUARGA")
    pregnant = family_rows(3)
    pregnant[1]["komponen"] = "IBU_HAMIL"
    child_head = family_rows(4, 3)
    child_head[0]["pengurus"], child_head[2]["pengurus"] = "", "YA"
    done = await import_file(kendal_caseload, build_csv(rows, two_heads, pregnant, child_head))
    assert done["errors"] == [
        (7, "komponen", "PREGNANT_IMPOSSIBLE"),
        (10, "pengurus", "PENGURUS_TOO_YOUNG"),
    ]
    assert sorted(done["warnings"]) == [
        (2, "komponen", "KOMPONEN_AGE_UNUSUAL"),
        (2, "relation", "HUSBAND_NOT_MALE"),
        (5, "relation", "SEVERAL_HEADS"),
    ]


async def test_a_newborn_without_a_nik_is_recorded_over_http_and_found_by_the_file(family: Family) -> None:
    body = {"name": "Bayi Contoh", "birth_on": "2025-12-20", "sex": "L", "relation": "ANAK", "married": False}
    born = await family.post_ok("anggota", body | {"on": "2025-12-20", "reason": "LAHIR"})
    seen = await family.read()
    assert [row["nik"] for row in seen["members"] if row["anggota_id"] == born["anggota_id"]] == [None]
    rows = [*mother(), member(900, 3, **BORN)]
    assert (await import_file(family.caseload, build_csv(rows)))["errors"] == []
    assert len((await family.read())["members"]) == 5
    old = body | {"name": "Orang Dewasa", "birth_on": "1990-12-20", "on": "2025-12-20", "reason": "GABUNG"}
    expect_refusal(await family.post("anggota", old), "NikRequired", 422)


async def test_an_impossible_komponen_is_refused_over_http(family: Family) -> None:
    man = next(row for row in (await family.read())["members"] if row["sex"] == "L")
    body = {"anggota_id": man["anggota_id"], "kind": "IBU_HAMIL", "valid_from": "2026-01-05"}
    expect_refusal(await family.post("komponen", body), "KomponenImpossible")
