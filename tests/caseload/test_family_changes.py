"""Moves and splits of a family store its past and emit one event each."""

from typing import Any

import asyncpg
import pytest

from shared.access import Role
from tests.factories.caseload.family import Family
from tests.factories.caseload.intake import DESA, OTHER_DESA, SPACE, dinsos_token, mother, no_kk
from tests.factories.caseload.member import joining, split_family
from tests.factories.services import Running, expect_refusal
from tests.factories.transactions import EVENT_AND_ANSWER, one_transaction

ON = "2026-01-10"


@pytest.fixture
async def family(kendal_caseload: Running) -> Family:
    made = await Family.create(kendal_caseload, mother())
    await kendal_caseload.execute(
        "UPDATE kpm_anggota SET joined_on = '2025-01-01';"
        "UPDATE komponen SET valid = daterange('2025-01-01', upper(valid));"
        "UPDATE kpm_no_kk SET valid = daterange('2025-01-01', NULL)"
    )
    return made


async def move_family(family: Family, version: int, **more: Any) -> Any:
    body = {"kode_wilayah": OTHER_DESA, "address": "Dusun Baru RT 1", "on": ON}
    body |= {"evidence_sha256": await family.upload_evidence()}
    return await family.post("move", body | more, version, as_=dinsos_token(family.caseload))


async def test_move_stores_the_former_area(family: Family) -> None:
    version = (await family.read())["version"]
    moved = await move_family(family, version)
    assert moved.json() == {
        "kpm_id": family.kpm_id,
        "kode_wilayah": OTHER_DESA,
        "wilayah_name": "Penjalin",
        "version": version + 1,
    }
    (event,) = await family.read_emitted_data("kpm_updated")
    assert event["kode_wilayah"] == OTHER_DESA
    past = (await family.caseload.get(f"/v1/kpm/{family.kpm_id}/past", as_=family.mine)).json()
    (lived,) = past["areas"]
    assert (lived["kode_wilayah"], lived["address"]) == (DESA, "Dusun Krajan RT 2")
    assert (lived["valid_from"], lived["valid_to"]) == ("2025-01-01", ON)
    assert (await family.read())["address"] == "Dusun Baru RT 1"
    assert {row["status"] for row in (await family.read_memberships()).values()} == {"ACTIVE"}
    assert (await family.read_emitted_data("dampingan_ended")) == [], "the placement covers both"


async def test_move_outside_placement_ends_dampingan(family: Family) -> None:
    await family.caseload.sql("UPDATE replica_pendamping.wilayah_tugas SET kode_wilayah = $1", DESA)
    await family.caseload.execute("UPDATE dampingan SET valid = daterange('2026-01-02', NULL)")
    assert (await move_family(family, (await family.read())["version"])).status_code == 200
    (ended,) = await family.read_emitted_data("dampingan_ended")
    assert ended["reason"] == "PINDAH_WILAYAH"
    assert [row["kind"] for row in await family.caseload.sql("SELECT kind FROM tugas")] == [
        "PASANG_PENDAMPING"
    ]


@pytest.mark.parametrize(
    ("more", "title", "status"),
    [
        ({"kode_wilayah": DESA}, "WilayahUnchanged", 409),
        ({"kode_wilayah": "33.24.09"}, "WilayahNotVillage", 422),
        ({"kode_wilayah": "33.24.09.9999"}, "WilayahUnknown", 422),
        ({"kode_wilayah": "35.03.01.2001"}, "RelocationBeyondArea", 403),
        ({"on": "2199-01-01"}, "DateInTheFuture", 422),
        ({"evidence_sha256": "0" * 64}, "FileNotUploaded", 422),
    ],
)
async def test_invalid_move_is_refused(family: Family, more: Any, title: str, status: int) -> None:
    expect_refusal(await move_family(family, (await family.read())["version"], **more), title, status)


async def test_move_between_kabupaten_needs_office_of_both(family: Family) -> None:
    version, evidence = (await family.read())["version"], await family.upload_evidence()
    body = {"kode_wilayah": "35.03.01.2001", "on": ON, "evidence_sha256": evidence}
    ministry = family.caseload.token(Role.KEMENSOS)
    await family.post_ok("move", body, version, as_=ministry)
    far = dinsos_token(family.caseload, "35.03")
    assert (await family.caseload.get(f"/v1/kpm/{family.kpm_id}", as_=far)).status_code == 200
    assert (
        await family.caseload.get(f"/v1/kpm/{family.kpm_id}", as_=dinsos_token(family.caseload))
    ).status_code == 404
    again = await family.post("move", body | {"kode_wilayah": DESA}, version + 1, as_=ministry)
    expect_refusal(again, "MovedSince")


async def test_split_creates_a_new_family(family: Family) -> None:
    body, version = await split_family(family)
    made = await family.post_ok("split", body, version)
    new = made["new"]["kpm_id"]
    (event,) = await family.read_emitted_data("kpm_updated")
    assert (event["kpm_id"], event["members"], event["komponen"]) == (family.kpm_id, 3, {"ANAK_SD": 1})
    born = (await family.read_emitted_data("kpm_registered"))[-1]
    assert (born["kpm_id"], born["members"], born["komponen"]) == (new, 1, {"ANAK_SMA": 1})
    past = (await family.caseload.get(f"/v1/kpm/{family.kpm_id}/past", as_=family.mine)).json()
    assert [(m["end_reason"], m["valid_to"]) for m in past["members"]] == [("PISAH_KK", ON)]
    other = await family.caseload.get(f"/v1/kpm/{new}/kepesertaan", as_=dinsos_token(family.caseload))
    assert other.json()["items"] == [], "memberships stay where they are"
    ranges = await family.caseload.sql(
        "SELECT kpm_id, lower(valid)::text, upper(valid)::text FROM komponen WHERE kind = 'ANAK_SMA' ORDER BY 2"
    )
    assert [tuple(row)[1:] for row in ranges] == [("2025-01-01", ON), (ON, "2027-06-30")]
    assert ("kpm", "SPLIT", "PISAH_KK") in await family.read_history()


async def test_split_moves_the_business(family: Family) -> None:
    body, version = await split_family(family)
    given = {"anggota_id": body["pengurus_id"], "sector": "JASA", "started_on": "2025-01-01", "omzet_rp": 1}
    usaha = await family.post_ok("usaha", given | {"has_letter": False, "as_of": ON})
    made = await family.post_ok("split", body, version)
    event = (await family.read_emitted_data("usaha_recorded"))[-1]
    assert (event["usaha_id"], event["kpm_id"]) == (usaha["usaha_id"], made["new"]["kpm_id"])


async def test_split_is_undone_by_a_join_and_recorded_again(family: Family) -> None:
    """The new family ends with it, and its card is free."""
    body, version = await split_family(family)
    made = await family.post_ok("split", body, version)
    back = joining(mother()[2], relation="ANAK", married=False, reason="GABUNG")
    office = dinsos_token(family.caseload)
    await family.post_ok("anggota", back | {"evidence_sha256": body["evidence_sha256"]}, as_=office)
    ended = await family.caseload.get(f"/v1/kpm/{made['new']['kpm_id']}", as_=office)
    assert ended.json()["end_reason"] == "BERGABUNG"
    assert await family.caseload.sql("SELECT FROM tugas WHERE done_at IS NULL") == []
    whole = await family.read()
    assert sorted(whole["facts"]["komponen"]) == ["ANAK_SD", "ANAK_SMA"]
    await family.post_ok("split", body, whole["version"], as_=office)


async def test_invalid_split_is_refused(family: Family) -> None:
    body, version = await split_family(family)
    whole = await family.read()
    head = next(m["anggota_id"] for m in whole["members"] if m["pengurus"])
    husband = next(m["anggota_id"] for m in whole["members"] if m["relation"] == "KEPALA_KELUARGA")
    everybody = [m["anggota_id"] for m in whole["members"]]
    for more, title, status in (
        ({"pengurus_id": head}, "PengurusNotLeaving", 422),
        ({"anggota_ids": [*body["anggota_ids"], head]}, "PengurusStays", 409),
        ({"anggota_ids": [str(SPACE), *body["anggota_ids"]]}, "MemberUnknown", 422),
        ({"no_kk": no_kk(900)}, "NoKkKnown", 409),
        ({"on": "2199-01-01"}, "DateInTheFuture", 422),
        ({"anggota_ids": [*body["anggota_ids"], husband]}, "PengurusTooYoung", 409),
        ({"kode_wilayah": "35.03.01.2001"}, "RelocationBeyondArea", 403),
    ):
        far = family.caseload.token(Role.DINSOS_KABKOTA, "dinsos-kendal-1", ["33.24"])
        expect_refusal(await family.post("split", body | more, version, as_=far), title, status)
    await family.caseload.execute("UPDATE kpm_anggota SET pengurus = false")
    all_ = {"anggota_ids": everybody}
    expect_refusal(await family.post("split", body | all_, version), "NoMemberRemains")
    assert len(await family.read_emitted_data("kpm_registered")) == 1


@pytest.mark.parametrize("table", ["anggota_history", "wilayah_history", "usaha_history"])
async def test_past_tables_are_append_only(family: Family, table: str) -> None:
    for statement in (f"UPDATE {table} SET recorded_at = now()", f"DELETE FROM {table}"):
        await family.caseload.expect_sql_refusal(statement, asyncpg.InsufficientPrivilegeError)


async def test_split_off_family_is_accompanied_until_dinsos_decides(family: Family) -> None:
    """The dampingan counts to the limit, which does not refuse it."""
    await family.caseload.execute("UPDATE dampingan_load SET weighing = 600")
    body, version = await split_family(family)
    new = (await family.post_ok("split", body, version))["new"]["kpm_id"]
    answer = await family.caseload.get(f"/v1/kpm/{new}", as_=family.mine)
    assert answer.status_code == 200, "its pendamping reads it"
    (dampingan,) = answer.json()["dampingan"]
    assert (dampingan["purpose"], dampingan["valid_from"] >= ON) == ("PENDAMPINGAN", True)
    assert [row["weighing"] for row in await family.caseload.sql("SELECT weighing FROM dampingan_load")] == [
        601
    ]
    (marked,) = await family.caseload.sql(
        "SELECT detail FROM kpm_history WHERE subject = 'dampingan' AND act = 'ASSIGNED'"
    )
    assert '"over_limit": true' in str(marked["detail"])
    assert dampingan["over_limit"] is True
    office = dinsos_token(family.caseload)
    over = (await family.caseload.get("/v1/dampingan?over_limit=true", as_=office)).json()["items"]
    assert [(row["kpm_id"], row["over_limit"]) for row in over] == [(new, True)]
    tasks = (await family.caseload.get("/v1/tugas", as_=office)).json()["items"]
    assert [(row["kind"], row["kpm_id"]) for row in tasks] == [("PUTUSKAN_KEPESERTAAN", new)]
    mine = (await family.caseload.get("/v1/tugas", as_=family.mine)).json()["items"]
    assert mine == [], "the office decides"
    started = {"bansos": "SEMBAKO", "valid_from": ON}
    await family.post_ok(f"/v1/kpm/{new}/kepesertaan", started, as_=office)
    assert (await family.caseload.get("/v1/tugas", as_=office)).json()["items"] == []


async def test_former_members_are_published_after_a_split(family: Family) -> None:
    body, version = await split_family(family)
    await family.post_ok("split", body, version)
    (event,) = await family.read_emitted_data("kpm_updated")
    assert event["former_members"] == body["anggota_ids"]
    present = [one["anggota_id"] for one in (await family.read())["members"]]
    assert event["member_ids"] == sorted(present)
    born = (await family.read_emitted_data("kpm_registered"))[-1]
    assert (born["former_members"], born["pengurus_id"]) == ([], body["pengurus_id"])
    assert born["member_ids"] == body["anggota_ids"]


async def test_move_history_and_event_are_of_one_transaction(family: Family) -> None:
    version = (await family.read())["version"]
    evidence = await family.upload_evidence()
    async with one_transaction(family.caseload, "kpm", "kpm_history", "wilayah_history", *EVENT_AND_ANSWER):
        await move_family(family, version, evidence_sha256=evidence)
