"""A move into another family that was recorded in error is undone."""

from typing import Any

import pytest

from tests.factories.caseload.family import Family, single_member_family
from tests.factories.caseload.intake import dinsos_token, mother
from tests.factories.caseload.member import (
    DEATH_ON,
    find_member,
    joining,
    read_as_office,
    record_death,
    take_back,
)
from tests.factories.services import Running, expect_refusal

USAHA = {"usaha_sector": "JASA", "usaha_started_on": "2023-03-01", "usaha_omzet_rp": "9000000"}
BEFORE = "'2025-01-01'"


@pytest.fixture
async def alone(kendal_caseload: Running) -> Family:
    """A woman who lives alone, with a bansos, a komponen and a business."""
    return await Family.create(kendal_caseload, single_member_family(komponen="DISABILITAS_BERAT", **USAHA))


@pytest.fixture
async def host(alone: Family) -> Family:
    """The family that she joins, of the same pendamping."""
    made = await Family.create(alone.caseload, mother())
    await alone.caseload.execute(
        f"UPDATE kpm_anggota SET joined_on = {BEFORE}; UPDATE dampingan SET valid = '[2025-01-01,)';"
        f"UPDATE komponen SET valid = daterange({BEFORE}, upper(valid))"
    )
    return made


async def join(family: Family, row: dict[str, str], **more: Any) -> dict[str, Any]:
    body = joining(row, evidence_sha256=await family.upload_evidence())
    return await family.post_ok("anggota", body | more, as_=dinsos_token(family.caseload))


async def undo(family: Family, anggota_id: str) -> Any:
    version = (await read_as_office(family))["version"]
    path, office = f"anggota/{anggota_id}/return", dinsos_token(family.caseload)
    return await family.post(path, {"reason": "SALAH_CATAT"}, version, as_=office)


async def test_undone_join_of_the_last_member_opens_her_family_again(alone: Family, host: Family) -> None:
    before, other = await read_as_office(alone), await read_as_office(host)
    joined = await join(host, single_member_family()[0], relation="FAMILI_LAIN", married=False)
    await take_back(alone, joined["anggota_id"])
    after, left = await read_as_office(alone), await read_as_office(host)
    assert (after["ended_on"], after["end_reason"]) == (None, None)
    assert after["facts"] == before["facts"]
    ((me,), (was,)) = after["members"], before["members"]
    same = ("anggota_id", "relation", "married", "pengurus")
    assert [me[name] for name in same] == [was[name] for name in same]
    assert me["usaha"]["usaha_id"] == was["usaha"]["usaha_id"]
    assert len(left["members"]) == 4
    assert {**left["facts"], "former_members": []} == other["facts"]
    assert left["facts"]["former_members"] == [joined["anggota_id"]], "a consent given there lapses"
    assert [row["valid_from"] for row in after["dampingan"] if row["valid_to"] is None] != []
    assert (await alone.read_memberships())["PKH"]["status"] == "ACTIVE"
    usaha = (await alone.read_emitted_data("usaha_recorded"))[-1]
    assert (usaha["kpm_id"], usaha["ended_on"]) == (alone.kpm_id, None)
    expect_refusal(await undo(alone, joined["anggota_id"]), "MemberNotLeft")


async def test_undone_join_keeps_what_was_recorded_since(alone: Family, host: Family) -> None:
    joined = await join(host, single_member_family()[0])
    body = {"anggota_id": joined["anggota_id"], "kind": "IBU_HAMIL", "valid_from": "2026-02-01"}
    await host.post_ok("komponen", body, (await read_as_office(host))["version"])
    assert (await undo(alone, joined["anggota_id"])).is_success
    (me,) = (await read_as_office(alone))["members"]
    kept = [(row["kind"], row["valid_from"]) for row in me["komponen"]]
    assert sorted(kept) == [("DISABILITAS_BERAT", "2025-01-01"), ("IBU_HAMIL", "2026-02-01")]


async def test_undone_join_of_one_of_several_members(alone: Family, host: Family) -> None:
    joined = await join(alone, mother()[2], relation="FAMILI_LAIN", married=False, reason="GABUNG")
    assert (await undo(host, joined["anggota_id"])).is_success
    child, _ = await find_member(host, anggota_id=joined["anggota_id"])
    assert (child["relation"], [row["kind"] for row in child["komponen"]]) == ("ANAK", ["ANAK_SMA"])
    assert len((await read_as_office(alone))["members"]) == 1


async def test_only_the_last_move_is_undone(alone: Family, host: Family) -> None:
    """She joins another family, leaves it, and joins it again from there."""
    joined = await join(host, single_member_family()[0])
    version = (await read_as_office(host))["version"]
    end = {"reason": "KAWIN_KELUAR", "on": "2026-01-15"}
    await host.post_ok(f"anggota/{joined['anggota_id']}/end", end, version)
    expect_refusal(await undo(alone, joined["anggota_id"]), "MemberNotLeft")
    assert (await undo(host, joined["anggota_id"])).is_success
    assert (await undo(alone, joined["anggota_id"])).is_success
    assert (await read_as_office(alone))["ended_on"] is None


async def test_undone_join_ends_a_family_without_other_members(alone: Family, host: Family) -> None:
    joined = await join(alone, mother()[1], relation="SUAMI", reason="GABUNG")
    await record_death(alone, relation="ISTRI")
    version = (await read_as_office(alone))["version"]
    pengurus = {"anggota_id": joined["anggota_id"], "on": DEATH_ON, "reason": "PENGURUS_MENINGGAL"}
    await alone.post_ok("pengurus", pengurus, version)
    assert (await undo(host, joined["anggota_id"])).is_success
    ended = await read_as_office(alone)
    assert (ended["end_reason"], ended["members"]) == ("BERGABUNG", [])
    assert (await alone.read_memberships())["PKH"]["status"] == "DECISION_PENDING"
    assert len((await read_as_office(host))["members"]) == 4


async def test_pengurus_of_others_is_replaced_before_the_undo(alone: Family, host: Family) -> None:
    joined = await join(host, single_member_family()[0])
    version = (await read_as_office(host))["version"]
    pengurus = {"anggota_id": joined["anggota_id"], "on": DEATH_ON, "reason": "PERMINTAAN"}
    await host.post_ok("pengurus", pengurus, version)
    expect_refusal(await undo(alone, joined["anggota_id"]), "PengurusStays")


async def test_dead_of_a_family_that_ended_by_joining_are_taken_back(alone: Family, host: Family) -> None:
    dead = await record_death(host, pengurus=True)
    for place in (1, 2, 3):
        await join(alone, mother()[place], relation="FAMILI_LAIN", married=False, reason="GABUNG")
    assert (await read_as_office(host))["end_reason"] == "BERGABUNG"
    await take_back(host, dead)
    whole = await read_as_office(host)
    assert (whole["ended_on"], [row["anggota_id"] for row in whole["members"]]) == (None, [dead])
    assert whole["members"][0]["pengurus"]
    assert (await host.read_memberships())["PKH"]["status"] == "ACTIVE"


async def test_pendamping_of_one_family_cannot_undo(alone: Family, host: Family) -> None:
    """Her family has ended: nobody accompanies it, so the office undoes it."""
    joined = await join(host, single_member_family()[0])
    version = (await read_as_office(alone))["version"]
    answer = await alone.post(f"anggota/{joined['anggota_id']}/return", {"reason": "SALAH_CATAT"}, version)
    expect_refusal(answer, "NotFound", 404)
