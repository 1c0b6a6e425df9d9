"""Corrected NIK and changed cards: the former numbers are kept."""

from datetime import date
from typing import Any

import pytest

from shared.access import Role
from tests.factories.caseload.family import Family
from tests.factories.caseload.intake import build_csv, dinsos_token, import_file, member, mother, nik, no_kk
from tests.factories.caseload.member import DEATH_ON, find_member, record_death
from tests.factories.services import expect_refusal

NEW_NIK = nik(5555, born=date(1985, 3, 2))


async def correct(family: Family, number: str, **more: Any) -> Any:
    husband, version = await find_member(family, relation="KEPALA_KELUARGA")
    body = {"nik": number, "evidence_sha256": await family.upload_evidence()} | more
    return await family.post(f"anggota/{husband['anggota_id']}/nik", body, version)


async def look_up(family: Family, **number: str) -> int:
    answer = await family.caseload.post("/v1/kpm/look-up", number, as_=dinsos_token(family.caseload))
    return answer.status_code


async def test_corrected_nik_keeps_person_name_and_business(family: Family) -> None:
    husband, _ = await find_member(family, relation="KEPALA_KELUARGA")
    given = {"anggota_id": husband["anggota_id"], "sector": "JASA", "started_on": "2025-01-01", "omzet_rp": 4}
    await family.post_ok("usaha", given | {"has_letter": False, "as_of": DEATH_ON, "nib": "9120000000001"})
    answer = await correct(family, NEW_NIK)
    assert answer.status_code == 200, answer.text
    after, _ = await find_member(family, relation="KEPALA_KELUARGA")
    assert (after["anggota_id"], after["name"]) == (husband["anggota_id"], husband["name"])
    assert (after["usaha"]["omzet_rp"], after["usaha"]["has_nib"]) == (4, True)
    assert (await look_up(family, nik=NEW_NIK), await look_up(family, nik=mother()[1]["nik"])) == (200, 200)
    past = await family.caseload.sql("SELECT anggota_id, nik_sealed FROM nik_history")
    assert [str(row["anggota_id"]) for row in past] == [husband["anggota_id"]]
    assert await family.read_emitted_data("kpm_updated") == [], "other services know no NIK"
    revision = {"sector": "JASA", "started_on": "2025-01-01", "omzet_rp": 5, "has_letter": False}
    path = f"/v1/usaha/{after['usaha']['usaha_id']}/revision"
    await family.post_ok(path, revision | {"as_of": DEATH_ON}, after["usaha"]["version"])


async def test_invalid_nik_correction_is_refused(family: Family) -> None:
    expect_refusal(await correct(family, mother()[1]["nik"]), "NikUnchanged")
    expect_refusal(await correct(family, mother()[0]["nik"]), "NikKnown")
    expect_refusal(await correct(family, NEW_NIK, evidence_sha256="0" * 64), "FileNotUploaded", 422)
    expect_refusal(await correct(family, "12"), "Invalid", 422)


async def test_changed_card_keeps_the_former_one(family: Family) -> None:
    await family.caseload.execute("UPDATE kpm_no_kk SET valid = '[2025-01-01,)'")
    version = (await family.read())["version"]
    body = {"no_kk": no_kk(77), "on": DEATH_ON, "evidence_sha256": await family.upload_evidence()}
    changed = await family.post_ok("no-kk", body, version)
    assert changed["version"] == version + 1
    rows = await family.caseload.sql(
        "SELECT lower(valid)::text, upper(valid)::text FROM kpm_no_kk ORDER BY 1"
    )
    assert [tuple(row) for row in rows] == [("2025-01-01", DEATH_ON), (DEATH_ON, None)]
    assert (await look_up(family, no_kk=no_kk(77)), await look_up(family, no_kk=no_kk(900))) == (200, 404)
    assert (await family.read())["address"] == "Dusun Krajan RT 2"
    expect_refusal(await family.post("no-kk", body, version + 1), "NoKkUnchanged")


BORN = {"name": "Bayi Contoh", "birth_on": "2026-09-05", "sex": "L", "relation": "ANAK", "married": False}
BORN |= {"on": "2026-09-06", "reason": "LAHIR"}


async def test_child_with_a_new_nik_is_not_recorded_again_without_one(family: Family) -> None:
    made = await family.post_ok("anggota", BORN)
    number = {"nik": nik(55, born=date(2026, 9, 5)), "evidence_sha256": await family.upload_evidence()}
    await family.post_ok(f"anggota/{made['anggota_id']}/nik", number, (await family.read())["version"])
    expect_refusal(await family.post("anggota", BORN), "NikKnown")
    await record_death(family, birth_on="2026-09-05")
    expect_refusal(await family.post("anggota", BORN | {"name": "BAYI CONTOH"}), "RecordedDead")


async def test_child_who_comes_back_without_a_nik_keeps_it(family: Family) -> None:
    made = await family.post_ok("anggota", BORN)
    path = f"anggota/{made['anggota_id']}"
    number = {"nik": nik(55, born=date(2026, 9, 5)), "evidence_sha256": await family.upload_evidence()}
    await family.post_ok(f"{path}/nik", number, (await family.read())["version"])
    version = (await family.read())["version"]
    await family.post_ok(f"{path}/end", {"reason": "PINDAH", "on": "2026-09-08"}, version)
    back = await family.post_ok("anggota", BORN | {"on": "2026-09-10", "reason": "GABUNG"})
    assert back["anggota_id"] == made["anggota_id"]
    child, _ = await find_member(family, birth_on="2026-09-05")
    assert child["nik"] is not None


async def test_child_without_a_nik_stays_one_person_with_a_new_card(family: Family) -> None:
    await family.post_ok("anggota", BORN)
    card = {"no_kk": no_kk(888), "on": "2026-09-10", "evidence_sha256": await family.upload_evidence()}
    await family.post_ok("no-kk", card, (await family.read())["version"])
    expect_refusal(await family.post("anggota", BORN), "NikKnown")


@pytest.mark.parametrize("scope", ["own", "hidden"])
async def test_card_of_another_family_is_refused(family: Family, scope: str) -> None:
    far = {"kode_wilayah": "35.03.01.2001"} if scope == "hidden" else {}
    token = family.caseload.token(Role.KEMENSOS)
    done = await import_file(family.caseload, build_csv([member(78, 0, **far)]), as_=token)
    assert done["errors"] == []
    version = (await family.read())["version"]
    body = {"no_kk": no_kk(78), "on": DEATH_ON, "evidence_sha256": await family.upload_evidence()}
    title = "NoKkKnown" if scope == "own" else "NumberNotAccepted"
    office = dinsos_token(family.caseload)
    expect_refusal(await family.post("no-kk", body, version, as_=office), title)
