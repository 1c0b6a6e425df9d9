"""What was recorded about members in error is put right (docs/case-lifecycle.md#corrections)."""

from typing import Any

import pytest

from tests.factories.caseload.family import Family
from tests.factories.caseload.intake import (
    build_csv,
    dinsos_token,
    import_file,
    mother,
    nik,
    no_kk,
    read_kpm_id,
)
from tests.factories.caseload.intake import (
    family as rows_of,
)
from tests.factories.caseload.member import find_member, joining, read_as_office, split_family
from tests.factories.caseload.task import read_tasks

ON = "2026-01-10"


async def change(family: Family, part: str, body: dict[str, Any], as_: str = "") -> Any:
    version = (await read_as_office(family))["version"]
    return await family.post(part, body, version, as_=as_ or family.mine)


async def test_nik_that_was_corrected_wrongly_is_corrected_back(family: Family) -> None:
    child, _ = await find_member(family, relation="ANAK")
    (row,) = [one for one in mother() if one["name"] == child["name"]]
    scan = await family.upload_evidence()
    part = f"anggota/{child['anggota_id']}/nik"
    wrong = nik(880)
    assert (await change(family, part, {"nik": wrong, "evidence_sha256": scan})).status_code == 200
    back = await change(family, part, {"nik": row["nik"], "evidence_sha256": scan})
    assert back.status_code == 200, back.text
    other = await Family.create(family.caseload, rows_of(730, 2, pendamping_no="PD-00000S"))
    person = joining({**row, "nik": wrong, "name": "Orang Lain", "birth_date": "1985-05-17", "sex": "L"})
    joined = await other.post("anggota", person | {"relation": "FAMILI_LAIN", "reason": "GABUNG"})
    assert joined.status_code == 201, joined.text
    again = await import_file(family.caseload, build_csv(mother()))
    assert again["errors"] == []


@pytest.mark.parametrize("back_on", [ON, "2026-01-15"])
async def test_card_that_was_replaced_wrongly_is_replaced_back(family: Family, back_on: str) -> None:
    scan = await family.upload_evidence()
    first, wrong = mother()[0]["no_kk"], no_kk(731)
    card = {"on": ON, "evidence_sha256": scan}
    assert (await change(family, "no-kk", {"no_kk": wrong} | card)).status_code == 200
    back = await change(family, "no-kk", {"no_kk": first} | card | {"on": back_on})
    assert back.status_code == 200, back.text
    rows = rows_of(731, 2)
    done = await import_file(family.caseload, build_csv(rows))
    assert done["errors"] == []
    assert await read_kpm_id(family.caseload, rows[0]["nik"]) != family.kpm_id
    assert len((await read_as_office(family))["members"]) == 4


async def test_pengurus_who_was_named_wrongly_is_replaced_back(family: Family) -> None:
    before, _ = await find_member(family, pengurus=True)
    husband, _ = await find_member(family, relation="KEPALA_KELUARGA")
    for one in (husband, before):
        body = {"anggota_id": one["anggota_id"], "on": ON, "reason": "SALAH_CATAT"}
        assert (await change(family, "pengurus", body)).status_code == 200
    after, _ = await find_member(family, pengurus=True)
    assert after["anggota_id"] == before["anggota_id"]
    event = (await family.read_emitted_data("kpm_updated"))[-1]
    assert event["pengurus_id"] == before["anggota_id"]


async def test_wrong_marriage_is_corrected(family: Family) -> None:
    child, _ = await find_member(family, birth_on="2009-06-01")
    part, before = f"anggota/{child['anggota_id']}", (await family.read())["facts"]
    married = {"married": True, "on": ON, "relation": "MENANTU"}
    assert (await change(family, f"{part}/marriage", married)).status_code == 200
    right = {"married": False, "relation": "ANAK", "evidence_sha256": await family.upload_evidence()}
    assert (await change(family, f"{part}/correction", right)).status_code == 200
    after, _ = await find_member(family, anggota_id=child["anggota_id"])
    assert (after["married"], after["relation"]) == (False, "ANAK")
    assert (await family.read())["facts"] == before


async def test_person_of_the_wrong_family_leaves_and_joins_the_right_one(family: Family) -> None:
    other = await Family.create(family.caseload, rows_of(732, 2, pendamping_no="PD-00000S"))
    before = (await family.read())["facts"]
    row = {"nik": nik(881), "name": "Orang Baru", "birth_date": "1985-05-17", "sex": "L"}
    person = joining(row, relation="FAMILI_LAIN", reason="GABUNG", married=False)
    made = await family.post_ok("anggota", person)
    gone = await change(family, f"anggota/{made['anggota_id']}/end", {"reason": "LAINNYA", "on": ON})
    assert gone.status_code == 200, gone.text
    after = (await family.read())["facts"]
    assert after == before | {"former_members": [made["anggota_id"]]}
    assert (await other.post("anggota", person)).status_code == 201
    assert len((await other.read())["members"]) == 3


async def test_split_in_error_is_undone_by_joins(family: Family) -> None:
    body, version = await split_family(family)
    before = (await family.read())["facts"]
    made = await family.post_ok("split", body, version)
    new = Family(family.caseload, made["new"]["kpm_id"], family.mine)
    (row,) = [one for one in mother() if one["birth_date"] == "2009-06-01"]
    scan = await family.upload_evidence()
    person = joining(row, relation="ANAK", reason="GABUNG", married=False, evidence_sha256=scan)
    joined = await family.post("anggota", person)
    assert joined.status_code == 201, joined.text
    after = (await family.read())["facts"]
    assert after == before
    assert (await read_as_office(new))["ended_on"] is not None
    assert await read_tasks(family.caseload, dinsos_token(family.caseload)) == []


async def test_wrong_file_is_put_right_by_a_file_of_the_same_day(family: Family) -> None:
    before = await family.read()
    wrong = mother(address="Dusun Keliru", phone="081200009999", desil="NAS:9:2026-Q1")
    wrong[1] |= {"name": "Nama Keliru", "married": "TIDAK"}
    stranger = rows_of(733, 1)[0] | {
        "no_kk": wrong[0]["no_kk"],
        "pengurus": "TIDAK",
        "relation": "FAMILI_LAIN",
    }
    stranger |= dict.fromkeys(("address", "phone", "bansos", "desil"), "")
    assert (await import_file(family.caseload, build_csv([*wrong, stranger])))["errors"] == []
    assert len((await family.read())["members"]) == 5
    assert (await import_file(family.caseload, build_csv(mother())))["errors"] == []
    after = await family.read()
    for name in ("address", "phone", "desil"):
        assert after[name] == before[name], name
    names = ("komponen", "able_productive", "last_komponen_ends_on")
    assert {name: after["facts"][name] for name in names} == {name: before["facts"][name] for name in names}
    joined = await import_file(family.caseload, build_csv(rows_of(733, 1)))
    assert joined["errors"] == [], "the stranger's own family"
