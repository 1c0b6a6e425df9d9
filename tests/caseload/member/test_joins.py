"""A person leaves one family for another, also as the last member."""

from typing import Any

import pytest

from tests.factories.caseload.family import Family, single_member_family
from tests.factories.caseload.intake import (
    OTHER,
    OTHER_NO,
    build_csv,
    dinsos_token,
    import_file,
    mother,
    nik,
    pendamping_token,
)
from tests.factories.caseload.member import DEATH_ON, find_member, joining, read_as_office, record_death
from tests.factories.services import Running, expect_refusal

USAHA = {"usaha_sector": "JASA", "usaha_started_on": "2023-03-01", "usaha_omzet_rp": "9000000"}


@pytest.fixture
async def alone(kendal_caseload: Running) -> Family:
    """A woman who lives alone, with a bansos, a komponen and a business."""
    rows = single_member_family(komponen="DISABILITAS_BERAT", **USAHA)
    made = await Family.create(kendal_caseload, rows)
    await kendal_caseload.execute("UPDATE kpm_anggota SET joined_on = '2025-01-01'")
    await kendal_caseload.execute("UPDATE komponen SET valid = '[2025-01-01,)'")
    return made


@pytest.fixture
async def host(alone: Family) -> Family:
    """The family that she joins, of the same pendamping."""
    made = await Family.create(alone.caseload, mother())
    await alone.caseload.execute(
        "UPDATE kpm_anggota SET joined_on = '2025-01-01'; UPDATE dampingan SET valid = '[2025-01-01,)'"
    )
    return made


async def join(alone: Family, host: Family, **more: Any) -> Any:
    (row,) = single_member_family()
    body = joining(row, evidence_sha256=await alone.upload_evidence())
    return await host.post("anggota", body | more, as_=more.pop("as_", host.mine))


async def test_last_member_who_joins_another_family_ends_hers(alone: Family, host: Family) -> None:
    before, _ = await find_member(alone)
    answer = await join(alone, host)
    assert answer.status_code == 201, answer.text
    assert answer.json()["anggota_id"] == before["anggota_id"]
    old, new = await read_as_office(alone), await host.read()
    assert (old["ended_on"], old["end_reason"], old["members"]) == (DEATH_ON, "BERGABUNG", [])
    (me,) = [one for one in new["members"] if one["anggota_id"] == before["anggota_id"]]
    assert [row["kind"] for row in me["komponen"]] == ["DISABILITAS_BERAT"]
    assert me["usaha"]["usaha_id"] == before["usaha"]["usaha_id"]
    usaha = (await host.read_emitted_data("usaha_recorded"))[-1]
    assert (usaha["kpm_id"], usaha["ended_on"], usaha["owner_id"]) == (host.kpm_id, None, me["anggota_id"])
    facts = {row["kpm_id"]: row for row in await host.read_emitted_data("kpm_updated")}
    assert facts[alone.kpm_id]["end_reason"] == "BERGABUNG"
    assert facts[alone.kpm_id]["former_members"] == [me["anggota_id"]]
    assert (facts[host.kpm_id]["members"], facts[host.kpm_id]["disabilitas"]) == (5, 1)
    assert await alone.read_emitted_data("exit_proposed") == [], "nobody has died"
    assert [row["kpm_id"] for row in await alone.read_emitted_data("dampingan_ended")] == [alone.kpm_id]


@pytest.mark.parametrize("way", ["exit", "stay"])
async def test_memberships_of_a_joined_family_are_decided(alone: Family, host: Family, way: str) -> None:
    await join(alone, host)
    pkh, office = (await alone.read_memberships())["PKH"], dinsos_token(alone.caseload)
    assert pkh["status"] == "DECISION_PENDING"
    listed = (await alone.caseload.get("/v1/kepesertaan-pending", as_=office)).json()["items"]
    assert [(row["joined_kpm_id"], row["graduasi_id"]) for row in listed] == [(host.kpm_id, None)]
    if way == "stay":
        path = f"/v1/kepesertaan/{pkh['kepesertaan_id']}/stay"
        await alone.post_ok(path, {"reason": "Dialihkan ke keluarga baru."}, as_=office)
        assert (await alone.read_memberships())["PKH"]["decision"]["joined_kpm_id"] == host.kpm_id
    else:
        body = {"kpm_id": alone.kpm_id, "kepesertaan_id": pkh["kepesertaan_id"], "exit_reason": "PINDAH"}
        body |= {"evidence_sha256": await alone.upload_evidence(), "on": DEATH_ON}
        await alone.post_ok("/v1/exit-proposal", body, as_=office)


async def test_join_from_another_family_needs_evidence_and_a_reason(alone: Family, host: Family) -> None:
    expect_refusal(await join(alone, host, evidence_sha256=None), "JoinNeedsEvidence", 422)
    expect_refusal(await join(alone, host, reason="LAHIR"), "NikKnown")
    assert (await read_as_office(alone))["ended_on"] is None


async def test_pengurus_of_others_does_not_leave_by_joining(alone: Family, host: Family) -> None:
    body = joining(mother()[0], evidence_sha256=await alone.upload_evidence())
    expect_refusal(await alone.post("anggota", body), "PengurusStays")


async def test_member_leaves_others_behind(alone: Family, host: Family) -> None:
    body = joining(
        mother()[2], evidence_sha256=await alone.upload_evidence(), relation="SUAMI", reason="GABUNG"
    )
    await alone.post_ok("anggota", body)
    left = await read_as_office(host)
    assert (left["ended_on"], len(left["members"])) == (None, 3)
    past = (await host.caseload.get(f"/v1/kpm/{host.kpm_id}/past", as_=host.mine)).json()["members"]
    assert [row["end_reason"] for row in past] == ["PINDAH"]


async def test_refusal_names_the_office_to_a_pendamping_of_one_family(alone: Family) -> None:
    other = mother(pendamping_no=OTHER_NO)
    host = await Family.create(alone.caseload, other)
    stranger = pendamping_token(alone.caseload, OTHER)
    (row,) = single_member_family()
    scan = await alone.caseload.put_file(b"akta nikah", as_=stranger)
    answer = await host.post("anggota", joining(row, evidence_sha256=scan), as_=stranger)
    expect_refusal(answer, "NumberNotAccepted")
    assert "Dinsos" in answer.json()["detail"]
    office = dinsos_token(alone.caseload)
    await host.post_ok("anggota", joining(row, evidence_sha256=scan), as_=office)
    assert (await read_as_office(alone))["end_reason"] == "BERGABUNG"


async def test_recorded_dead_join_no_family_until_the_reversal(alone: Family, host: Family) -> None:
    husband = mother()[1]
    await record_death(host, relation="KEPALA_KELUARGA")
    body = joining(husband, relation="SUAMI", reason="GABUNG", evidence_sha256=await alone.upload_evidence())
    expect_refusal(await alone.post("anggota", body), "RecordedDead")
    expect_refusal(await host.post("anggota", body), "RecordedDead")
    rows = [row | {"no_kk": "3324020101199555", "nik": nik(990 + n)} for n, row in enumerate(mother())]
    done = await import_file(alone.caseload, build_csv([rows[0], rows[1] | {"nik": husband["nik"]}]))
    assert [code for _, _, code in done["errors"]] == ["RECORDED_DEAD"]


async def test_business_of_a_member_who_leaves_ends(host: Family) -> None:
    owner, version = await find_member(host, relation="KEPALA_KELUARGA")
    given = {"anggota_id": owner["anggota_id"], "sector": "JASA", "started_on": "2025-01-01", "omzet_rp": 1}
    usaha = await host.post_ok("usaha", given | {"has_letter": False, "as_of": DEATH_ON})
    end = {"reason": "KAWIN_KELUAR", "on": DEATH_ON}
    await host.post_ok(f"anggota/{owner['anggota_id']}/end", end, version)
    event = (await host.read_emitted_data("usaha_recorded"))[-1]
    assert (event["usaha_id"], event["end_reason"]) == (usaha["usaha_id"], "KELUAR")


async def test_member_whom_a_file_leaves_out_ends_with_the_business(alone: Family, host: Family) -> None:
    rows = mother(desil="NAS:6:2026-Q2")
    husband, _ = await find_member(host, relation="KEPALA_KELUARGA")
    given = {"anggota_id": husband["anggota_id"], "sector": "JASA", "started_on": "2025-01-01", "omzet_rp": 1}
    usaha = await host.post_ok("usaha", given | {"has_letter": False, "as_of": DEATH_ON})
    done = await import_file(host.caseload, build_csv([rows[0], *rows[2:]]))
    assert done["errors"] == []
    event = (await host.read_emitted_data("usaha_recorded"))[-1]
    assert (event["usaha_id"], event["end_reason"]) == (usaha["usaha_id"], "KELUAR")
    facts = (await host.read_emitted_data("kpm_updated"))[-1]
    assert (facts["members"], facts["former_members"]) == (3, [husband["anggota_id"]])
    assert facts["pengurus_id"] == (await find_member(host, pengurus=True))[0]["anggota_id"]
    back = await import_file(host.caseload, build_csv(rows))
    assert back["errors"] == []
    facts = (await host.read_emitted_data("kpm_updated"))[-1]
    assert (facts["members"], facts["former_members"]) == (4, [])
