"""A second use of evidence for another family is recorded and shown, and stops nothing."""

from typing import Any

from tests.factories.caseload.family import Family
from tests.factories.caseload.intake import PENDAMPING_NO, dinsos_token, family
from tests.factories.caseload.member import find_member
from tests.factories.services import Running, expect_refusal

KENDAL = "33.24"


def ketua_token(caseload: Running) -> str:
    return caseload.token("KETUA_TIM_KABKOTA", "ketua-tim-kendal-9", [KENDAL])


async def list_flags(caseload: Running, **query: Any) -> list[dict[str, Any]]:
    answer = await caseload.get("/v1/evidence-flag", as_=ketua_token(caseload), params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def create_families(caseload: Running, count: int = 2) -> list[Family]:
    return [
        await Family.create(caseload, family(800 + number, pendamping_no=PENDAMPING_NO))
        for number in range(count)
    ]


async def correct_name(one: Family, evidence: str) -> None:
    member, version = await find_member(one, pengurus=True)
    body = {"name": "Siti Contoh Baru", "evidence_sha256": evidence}
    await one.post_ok(f"anggota/{member['anggota_id']}/correction", body, version)


async def test_paper_of_another_family_is_flagged_and_cleared(kendal_caseload: Running) -> None:
    first, second = await create_families(kendal_caseload)
    paper = await first.upload_evidence()
    for one in (first, second):
        await correct_name(one, paper)
    assert [(await one.read())["evidence_flagged"] for one in (first, second)] == [False, True]
    [flag] = await list_flags(kendal_caseload)
    assert (flag["kind"], flag["kpm_id"], flag["earlier_kpm_id"]) == ("KARTU", second.kpm_id, first.kpm_id)
    path, why = f"/v1/evidence-flag/{flag['flag_id']}/clearance", {"reason": "Satu surat untuk dua keluarga."}
    expect_refusal(await second.post(path, why, as_=dinsos_token(kendal_caseload)), "NotAllowed", 403)
    await second.post_ok(path, why, as_=ketua_token(kendal_caseload))
    assert (await second.read())["evidence_flagged"] is False


async def test_paper_serves_several_things_of_one_family(kendal_caseload: Running) -> None:
    [one] = await create_families(kendal_caseload, 1)
    paper = await one.upload_evidence()
    await correct_name(one, paper)
    member, version = await find_member(one, pengurus=False)
    body = {"sex": "P" if member["sex"] == "L" else "L", "evidence_sha256": paper}
    await one.post_ok(f"anggota/{member['anggota_id']}/correction", body, version)
    assert await list_flags(kendal_caseload) == []


async def record_exit(one: Family, paper: str) -> None:
    pkh = (await one.read_memberships())["PKH"]
    body = {"kpm_id": one.kpm_id, "kepesertaan_id": pkh["kepesertaan_id"], "exit_reason": "TIDAK_DITEMUKAN"}
    await one.post_ok("/v1/exit-proposal", body | {"on": "2026-01-15", "evidence_sha256": paper})


async def test_photo_of_two_families_that_were_not_found_is_flagged(kendal_caseload: Running) -> None:
    first, second = await create_families(kendal_caseload)
    photo = await first.upload_evidence(b"a closed door")
    for one in (first, second):
        await record_exit(one, photo)
    flags = await list_flags(kendal_caseload)
    assert [(one["kind"], one["kpm_id"]) for one in flags] == [("USULAN_KELUAR", second.kpm_id)]


async def test_open_flag_follows_a_family_that_moves(kendal_caseload: Running) -> None:
    first, second = await create_families(kendal_caseload)
    paper = await first.upload_evidence()
    for one in (first, second):
        await correct_name(one, paper)
    body = {"kode_wilayah": "33.24.15.1001", "on": "2026-01-20"}
    body["evidence_sha256"] = await second.upload_evidence(b"surat pindah")
    version = (await second.read())["version"]
    await second.post_ok("move", body, version, as_=dinsos_token(kendal_caseload))
    [flag] = await list_flags(kendal_caseload)
    assert flag["kode_wilayah"] == "33.24.15.1001"
