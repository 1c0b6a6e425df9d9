"""Members of a family over time: birth, joining, marriage, death, leaving and undo."""

from datetime import date
from typing import Any

import pytest

from tests.factories.caseload.family import Family
from tests.factories.caseload.intake import (
    OTHER,
    PENDAMPING,
    build_csv,
    import_file,
    mother,
    nik,
    no_kk,
    pendamping_token,
)
from tests.factories.caseload.member import read_as_office, request_return, take_back
from tests.factories.caseload.task import list_unrecorded
from tests.factories.services import Running, expect_refusal

ON = "2026-01-10"


@pytest.fixture
async def family(kendal_caseload: Running) -> Family:
    """A mother as pengurus, her husband and two children, with three bansos and a business."""
    made = await Family.create(kendal_caseload, mother())
    await kendal_caseload.execute(
        "UPDATE kpm_anggota SET joined_on = '2025-01-01';"
        "UPDATE komponen SET valid = daterange('2025-01-01', upper(valid));"
        "UPDATE kpm SET registered_at = '2025-01-01'"
    )
    return made


async def find_member(family: Family, **values: Any) -> tuple[str, int]:
    """Return the first matching member and the family's version."""
    whole = await family.read()
    members = [m for m in whole["members"] if all(m[name] == value for name, value in values.items())]
    return members[0]["anggota_id"], whole["version"]


def newborn_body(**more: Any) -> dict[str, Any]:
    born = {
        "nik": nik(55, born=date(2026, 1, 5)),
        "name": "Bayi Contoh",
        "birth_on": "2026-01-05",
        "sex": "L",
    }
    return born | {"relation": "ANAK", "married": False, "on": "2026-01-06", "reason": "LAHIR"} | more


async def test_birth_is_emitted_once_and_name_stays_sealed(family: Family) -> None:
    made = await family.post_ok("anggota", newborn_body())
    (event,) = await family.read_emitted_data("kpm_updated")
    assert (event["members"], "Bayi" in str(event)) == (5, False)
    (row,) = await family.caseload.sql(
        "SELECT name_sealed, nik_sealed FROM kpm_anggota WHERE anggota_id = $1", made["anggota_id"]
    )
    assert b"Bayi" not in row["name_sealed"]
    whole = await family.read()
    assert [m["name"] for m in whole["members"] if m["anggota_id"] == made["anggota_id"]] == ["Bayi Contoh"]
    assert ("anggota", "JOINED", "LAHIR") in await family.read_history()


async def test_history_begins_with_the_registration_and_names_who_did_it(family: Family) -> None:
    made = await family.post_ok("anggota", newborn_body())
    history = await family.caseload.get(f"/v1/kpm/{family.kpm_id}/history", as_=family.mine)
    opening, joined = history.json()["items"]
    assert (opening["subject"], opening["act"], opening["reason_code"]) == ("kpm", "REGISTERED", "INTAKE")
    assert (opening["role"], opening["pendamping_id"]) == ("DINSOS_KABKOTA", None)
    assert (joined["subject_id"], joined["act"]) == (made["anggota_id"], "JOINED")
    author = ("PENDAMPING", str(PENDAMPING), f"pendamping-{str(PENDAMPING)[:4]}")
    assert (joined["role"], joined["pendamping_id"], joined["sub"]) == author


@pytest.mark.parametrize(
    ("more", "title", "status"),
    [
        ({"birth_on": "2026-01-07"}, "BirthDateInTheFuture", 422),
        ({"on": "2199-01-01"}, "DateInTheFuture", 422),
        ({"nik": "3324075211879001"}, "NikKnown", 409),
        ({"nik": "12"}, "Invalid", 422),
    ],
)
async def test_invalid_join_is_refused(family: Family, more: Any, title: str, status: int) -> None:
    expect_refusal(await family.post("anggota", newborn_body(**more)), title, status)


async def test_person_of_a_hidden_family_is_refused_without_the_reason(family: Family) -> None:
    far = mother(nik=nik(66, female=True), kode_wilayah="35.03.01.2001", pendamping_no="", no_kk=no_kk(66))
    for place, row in enumerate(far[1:], 1):
        row |= {"nik": nik(660 + place), "no_kk": no_kk(66), "kode_wilayah": "35.03.01.2001"}
    national = family.caseload.token("KEMENSOS")
    done = await import_file(family.caseload, build_csv(far), as_=national)
    assert done["errors"] == []
    expect_refusal(await family.post("anggota", newborn_body(nik=nik(66, female=True))), "NumberNotAccepted")


async def test_death_needs_evidence_and_ends_komponen(family: Family) -> None:
    child, version = await find_member(family, relation="ANAK")
    path, body = f"anggota/{child}/end", {"reason": "MENINGGAL", "on": ON}
    expect_refusal(await family.post(path, body, version), "DeathNeedsEvidence", 422)
    expect_refusal(
        await family.post(path, body | {"evidence_sha256": "0" * 64}, version), "FileNotUploaded", 422
    )
    await family.post_ok(path, body | {"evidence_sha256": await family.upload_evidence()}, version)
    (event,) = await family.read_emitted_data("kpm_updated")
    assert (event["members"], sum(event["komponen"].values())) == (3, 1)
    past = (await family.caseload.get(f"/v1/kpm/{family.kpm_id}/past", as_=family.mine)).json()
    (left,) = past["members"]
    assert (left["end_reason"], left["valid_from"], left["valid_to"]) == ("MENINGGAL", "2025-01-01", ON)
    assert (await family.read_memberships())["PKH"]["status"] == "ACTIVE", (
        "a death in a larger family ends nothing"
    )


async def test_death_of_pengurus_opens_a_task_until_another_is_named(family: Family) -> None:
    head, version = await find_member(family, pengurus=True)
    husband, _ = await find_member(family, relation="KEPALA_KELUARGA")
    scan = {"reason": "MENINGGAL", "on": ON, "evidence_sha256": await family.upload_evidence()}
    await family.post_ok(f"anggota/{head}/end", scan, version)
    (event,) = await family.read_emitted_data("kpm_updated")
    assert (event["pengurus_sex"], event["pengurus_birth_year"]) == (None, None)
    assert [row["kind"] for row in await family.caseload.sql("SELECT kind FROM tugas")] == ["GANTI_PENGURUS"]
    body = {"anggota_id": husband, "on": ON, "reason": "PENGURUS_MENINGGAL"}
    await family.post_ok("pengurus", body, version + 1)
    last = (await family.read_emitted_data("kpm_updated"))[-1]
    assert (last["pengurus_sex"], last["pengurus_birth_year"]) == ("L", 1985)
    assert await family.caseload.sql("SELECT FROM tugas WHERE done_at IS NULL") == [], (
        "the task is done by it"
    )
    assert await list_unrecorded(family.caseload) == []


async def test_pengurus_changes_only_to_an_adult(family: Family) -> None:
    husband, version = await find_member(family, relation="KEPALA_KELUARGA")
    child, _ = await find_member(family, relation="ANAK")
    head, _ = await find_member(family, pengurus=True)
    body = {"on": ON, "reason": "SAKIT_LAMA"}
    expect_refusal(await family.post("pengurus", body | {"anggota_id": child}, version), "PengurusTooYoung")
    expect_refusal(await family.post("pengurus", body | {"anggota_id": head}, version), "PengurusAlready")
    expect_refusal(await family.post("pengurus", body | {"anggota_id": husband}), "PreconditionRequired", 428)
    await family.post_ok("pengurus", body | {"anggota_id": husband}, version)
    expect_refusal(
        await family.post("pengurus", body | {"anggota_id": head}, version), "VersionOutdated", 412
    )
    history = await family.caseload.sql("SELECT detail FROM kpm_history WHERE subject = 'pengurus'")
    assert head in str(history[0]["detail"])


async def test_child_is_the_pengurus_of_a_family_without_an_adult(family: Family) -> None:
    for values in ({"pengurus": True}, {"relation": "KEPALA_KELUARGA"}):
        dead, version = await find_member(family, **values)
        scan = {"reason": "MENINGGAL", "on": ON, "evidence_sha256": await family.upload_evidence()}
        await family.post_ok(f"anggota/{dead}/end", scan, version)
    child, version = await find_member(family, relation="ANAK")
    await family.post_ok("pengurus", {"anggota_id": child, "on": ON, "reason": "YATIM_PIATU"}, version)
    assert await find_member(family, pengurus=True) == (child, version + 1)
    assert await family.caseload.sql("SELECT FROM tugas WHERE done_at IS NULL") == []


async def test_living_pengurus_cannot_leave(family: Family) -> None:
    head, version = await find_member(family, pengurus=True)
    expect_refusal(
        await family.post(f"anggota/{head}/end", {"reason": "PINDAH", "on": ON}, version), "PengurusStays"
    )


async def test_marriage_is_recorded_with_previous_values(family: Family) -> None:
    child, version = await find_member(family, relation="ANAK")
    married = await family.post_ok(
        f"anggota/{child}/marriage", {"married": True, "on": ON, "relation": "FAMILI_LAIN"}, version
    )
    assert (married["married"], married["relation"]) == (True, "FAMILI_LAIN")
    (row,) = await family.caseload.sql("SELECT detail, reason_code FROM kpm_history WHERE act = 'MARRIAGE'")
    assert '"was": "ANAK"' in str(row["detail"])
    assert row["reason_code"] == "KAWIN"


async def test_end_recorded_in_error_is_undone(family: Family) -> None:
    child, version = await find_member(family, relation="ANAK")
    scan = {"reason": "MENINGGAL", "on": ON, "evidence_sha256": await family.upload_evidence()}
    await family.post_ok(f"anggota/{child}/end", scan, version)
    back = await take_back(family, child)
    assert child in {member["anggota_id"] for member in back["members"]}
    expect_refusal(await request_return(family, child), "MemberNotLeft")
    acts = [act for subject, act, _ in await family.read_history() if subject == "anggota"]
    assert acts == ["LEFT", "TAKEN_BACK"]


async def test_person_who_returns_has_both_periods(family: Family) -> None:
    child, version = await find_member(family, relation="ANAK")
    await family.post_ok(f"anggota/{child}/end", {"reason": "PINDAH", "on": "2025-06-01"}, version)
    rows = mother()
    young = rows[2] if (await family.read())["members"][-1]["birth_on"] != "2009-06-01" else rows[3]
    body = newborn_body(nik=young["nik"], birth_on=young["birth_date"], sex="L", on=ON, reason="GABUNG")
    made = await family.post_ok("anggota", body)
    assert made["anggota_id"] == child
    past = (await family.caseload.get(f"/v1/kpm/{family.kpm_id}/past", as_=family.mine)).json()
    assert [(m["valid_from"], m["valid_to"]) for m in past["members"]] == [("2025-01-01", "2025-06-01")]


async def test_only_its_pendamping_changes_a_family(family: Family) -> None:
    expect_refusal(
        await family.post("anggota", newborn_body(), as_=pendamping_token(family.caseload, OTHER)),
        "NotFound",
        404,
    )


async def test_undone_death_restores_pengurus_and_komponen(family: Family) -> None:
    """The member was pengurus, and one komponen started on the day of the death."""
    head, _ = await find_member(family, pengurus=True)
    for kind, first in (("DISABILITAS_BERAT", "2025-03-01"), ("IBU_HAMIL", ON)):
        await family.post_ok("komponen", {"anggota_id": head, "kind": kind, "valid_from": first})
    before = (await family.read())["facts"]
    _, version = await find_member(family, pengurus=True)
    scan = {"reason": "MENINGGAL", "on": ON, "evidence_sha256": await family.upload_evidence()}
    await family.post_ok(f"anggota/{head}/end", scan, version)
    assert (await family.read())["facts"]["disabilitas"] == 0
    await take_back(family, head)
    whole = await family.read()
    assert whole["facts"] == before
    (back,) = [one for one in whole["members"] if one["anggota_id"] == head]
    assert back["pengurus"]
    assert [(k["kind"], k["valid_from"]) for k in back["komponen"]] == [
        ("DISABILITAS_BERAT", "2025-03-01"),
        ("IBU_HAMIL", ON),
    ]
    assert await family.caseload.sql("SELECT FROM tugas WHERE done_at IS NULL") == []


async def test_undone_death_does_not_replace_a_new_pengurus(family: Family) -> None:
    head, version = await find_member(family, pengurus=True)
    husband, _ = await find_member(family, relation="KEPALA_KELUARGA")
    scan = {"reason": "MENINGGAL", "on": ON, "evidence_sha256": await family.upload_evidence()}
    await family.post_ok(f"anggota/{head}/end", scan, version)
    body = {"anggota_id": husband, "on": ON, "reason": "PENGURUS_MENINGGAL"}
    await family.post_ok("pengurus", body, version + 1)
    await take_back(family, head)
    assert await find_member(family, pengurus=True) == (husband, version + 3)


async def test_return_to_a_family_without_a_pengurus_opens_the_task(family: Family) -> None:
    """The pengurus dies, then the others, one of them in error."""
    died: list[str] = []
    for relation in ("ISTRI", "KEPALA_KELUARGA", "ANAK", "ANAK"):
        whole = await read_as_office(family)
        member = next(one for one in whole["members"] if one["relation"] == relation)
        scan = {"reason": "MENINGGAL", "on": ON, "evidence_sha256": await family.upload_evidence()}
        await family.post_ok(f"anggota/{member['anggota_id']}/end", scan, whole["version"])
        died.append(member["anggota_id"])
    assert await family.caseload.sql("SELECT FROM tugas WHERE done_at IS NULL") == []
    await take_back(family, died[1])
    tasks = await family.caseload.sql("SELECT kind FROM tugas WHERE done_at IS NULL")
    assert [row["kind"] for row in tasks] == ["GANTI_PENGURUS"]


async def test_intake_with_pengurus_finishes_the_task(family: Family) -> None:
    head, version = await find_member(family, pengurus=True)
    scan = {"reason": "MENINGGAL", "on": ON, "evidence_sha256": await family.upload_evidence()}
    await family.post_ok(f"anggota/{head}/end", scan, version)
    rows = mother()
    rows[1] |= {name: rows[0][name] for name in ("address", "phone", "bansos", "desil", "pendamping_no")}
    rows[1]["pengurus"] = "YA"
    done = await import_file(family.caseload, build_csv(rows[1:]))
    assert done["errors"] == []
    (task,) = await family.caseload.sql("SELECT kind, done_by FROM tugas")
    assert (task["kind"], task["done_by"]) == ("GANTI_PENGURUS", "dinsos-kendal-1")
    assert await list_unrecorded(family.caseload) == []
