"""Start and end of komponen. The last end leads to ALAMIAH."""

from typing import Any

import pytest

from tests.factories.caseload.family import Family, single_member_family
from tests.factories.caseload.intake import OTHER, build_csv, import_file, mother, pendamping_token
from tests.factories.services import Running, expect_refusal


def find_komponen(whole: dict[str, Any], kind: str) -> dict[str, Any]:
    matching = [k for member in whole["members"] for k in member["komponen"] if k["kind"] == kind]
    return dict(matching[0])


async def end_komponen(family: Family, kind: str, valid_to: str, **more: Any) -> dict[str, Any]:
    komponen = find_komponen(await family.read(), kind)
    body = {"valid_to": valid_to, "reason": "LULUS_SEKOLAH"}
    return await family.post_ok(
        f"/v1/komponen/{komponen['komponen_id']}/end", body, komponen["version"], **more
    )


async def test_last_end_is_emitted(family: Family) -> None:
    await family.caseload.execute("UPDATE komponen SET valid = daterange('2025-07-01', upper(valid))")
    assert (await end_komponen(family, "ANAK_SMA", "2026-01-10"))["valid_to"] == "2026-01-10"
    (event,) = await family.read_emitted_data("kpm_updated")
    assert (event["komponen"], event["last_komponen_ends_on"]) == ({"ANAK_SD": 1}, "2028-06-30")
    await end_komponen(family, "ANAK_SD", "2026-01-20")
    last = (await family.read_emitted_data("kpm_updated"))[-1]
    assert (last["komponen"], last["last_komponen_ends_on"]) == ({}, "2026-01-20")
    assert [act for act in await family.read_history() if act[0] == "komponen"] == [
        ("komponen", "ENDED", "LULUS_SEKOLAH")
    ] * 2


async def test_komponen_missing_in_file_ends_on_its_day(family: Family) -> None:
    """The day stays in the facts after a later file without the komponen."""
    await family.caseload.execute("UPDATE komponen SET valid = daterange('2025-07-01', upper(valid))")
    rows = mother()
    rows[2]["komponen"] = rows[3]["komponen"] = "HAPUS"
    await import_file(family.caseload, build_csv(rows))
    last = (await family.read_emitted_data("kpm_updated"))[-1]
    assert last["komponen"] == {}
    ended = last["last_komponen_ends_on"]
    assert ended == str((await family.caseload.sql("SELECT max(upper(valid)) AS on FROM komponen"))[0]["on"])
    rows[3]["name"] = "Nama Lain"
    rows[2]["married"] = "YA"
    rows[0]["desil"] += "|NAS:6:2026-Q2"
    await import_file(family.caseload, build_csv(rows))
    assert (await family.read_emitted_data("kpm_updated"))[-1]["last_komponen_ends_on"] == ended


async def test_started_komponen_is_counted_and_emitted_once(family: Family) -> None:
    whole = await family.read()
    child = whole["members"][-1]["anggota_id"]
    body = {"anggota_id": child, "kind": "DISABILITAS_BERAT", "valid_from": "2026-01-05"}
    made = await family.post_ok("komponen", body)
    assert (made["valid_to"], made["version"]) == (None, 1)
    (event,) = await family.read_emitted_data("kpm_updated")
    assert (event["disabilitas"], event["last_komponen_ends_on"]) == (1, None)
    again = await family.post("komponen", body)
    expect_refusal(again, "KomponenOverlaps")
    assert again.json()["params"] == {"komponen_id": made["komponen_id"]}
    assert (await family.read())["version"] == whole["version"] + 1


async def test_end_needs_the_current_version(family: Family) -> None:
    komponen = find_komponen(await family.read(), "ANAK_SD")
    path, body = (
        f"/v1/komponen/{komponen['komponen_id']}/end",
        {"valid_to": "2030-01-01", "reason": "LULUS_SEKOLAH"},
    )
    expect_refusal(await family.post(path, body), "PreconditionRequired", 428)
    await family.post_ok(path, body, komponen["version"])
    expect_refusal(await family.post(path, body, komponen["version"]), "VersionOutdated", 412)


async def test_komponen_ends_once_after_its_first_day(family: Family) -> None:
    await family.caseload.execute("UPDATE komponen SET valid = daterange('2025-07-01', upper(valid))")
    komponen = find_komponen(await family.read(), "ANAK_SD")
    path = f"/v1/komponen/{komponen['komponen_id']}/end"
    early = {"valid_to": "2025-07-01", "reason": "SALAH_CATAT"}
    expect_refusal(await family.post(path, early, komponen["version"]), "InvalidRange", 422)
    await family.post_ok(path, {"valid_to": "2026-01-01", "reason": "LULUS_SEKOLAH"}, komponen["version"])
    again = {"valid_to": "2026-01-02", "reason": "LULUS_SEKOLAH"}
    expect_refusal(await family.post(path, again, komponen["version"] + 1), "KomponenHasEnded")


@pytest.mark.parametrize(
    ("more", "title"),
    [
        ({"valid_from": "2199-01-01"}, "DateInTheFuture"),
        ({"valid_to": "2026-01-05"}, "InvalidRange"),
        ({"anggota_id": "0199a000-0000-7000-8000-000000000000"}, "MemberUnknown"),
        ({"kind": "UNKNOWN"}, "Invalid"),
    ],
)
async def test_invalid_komponen_is_refused(family: Family, more: dict[str, str], title: str) -> None:
    child = (await family.read())["members"][-1]["anggota_id"]
    body = {"anggota_id": child, "kind": "DISABILITAS_BERAT", "valid_from": "2026-01-05"} | more
    expect_refusal(await family.post("komponen", body), title, 422)


async def test_komponen_of_another_familys_member_is_refused(
    family: Family, kendal_caseload: Running
) -> None:
    other = await Family.create(kendal_caseload, single_member_family())
    member = (await other.read())["members"][0]["anggota_id"]
    body = {"anggota_id": member, "kind": "LANJUT_USIA", "valid_from": "2026-01-05"}
    expect_refusal(await family.post("komponen", body), "MemberUnknown", 422)


async def test_only_the_familys_pendamping_changes_komponen(family: Family) -> None:
    komponen = find_komponen(await family.read(), "ANAK_SD")
    body = {"valid_to": "2030-01-01", "reason": "LULUS_SEKOLAH"}
    stranger = pendamping_token(family.caseload, OTHER)
    path = f"/v1/komponen/{komponen['komponen_id']}/end"
    expect_refusal(await family.post(path, body, komponen["version"], as_=stranger), "NotFound", 404)


async def test_voided_komponen_covers_no_day_and_the_right_one_is_recorded(family: Family) -> None:
    before = (await family.read())["facts"]
    parent, child = (await family.read())["members"][0], (await family.read())["members"][-1]
    body = {"anggota_id": parent["anggota_id"], "kind": "DISABILITAS_BERAT", "valid_from": "2026-01-05"}
    made = await family.post_ok("komponen", body)
    await family.post_ok(
        f"/v1/komponen/{made['komponen_id']}/end", {"valid_to": "2026-01-07", "reason": "SALAH"}, 1
    )
    path, why = f"/v1/komponen/{made['komponen_id']}/void", {"reason": "SALAH_ORANG"}
    expect_refusal(await family.post(path, why, 1), "VersionOutdated", 412)
    expect_refusal(
        await family.post(path, why, 2, as_=pendamping_token(family.caseload, OTHER)), "NotFound", 404
    )
    voided = await family.post_ok(path, why, 2)
    assert (voided["valid_from"], voided["valid_to"]) == ("2026-01-05", "2026-01-05")
    assert (await family.read())["facts"] == before
    assert (await family.read_emitted_data("kpm_updated"))[-1]["last_komponen_ends_on"] == before[
        "last_komponen_ends_on"
    ]
    assert ("komponen", "VOIDED", "SALAH_ORANG") in await family.read_history()
    expect_refusal(await family.post(path, why, 3), "KomponenVoided")
    await family.post_ok("komponen", body | {"anggota_id": child["anggota_id"], "valid_from": "2026-01-04"})
    await family.post_ok("komponen", body)


async def test_file_of_the_same_day_does_not_bring_a_voided_komponen_back(family: Family) -> None:
    komponen = find_komponen(await family.read(), "ANAK_SD")
    await family.post_ok(
        f"/v1/komponen/{komponen['komponen_id']}/void", {"reason": "SALAH"}, komponen["version"]
    )
    assert (await import_file(family.caseload, build_csv(mother())))["errors"] == []
    assert "ANAK_SD" not in (await family.read())["facts"]["komponen"]


async def test_member_with_a_voided_komponen_leaves_and_returns(family: Family) -> None:
    whole = await family.read()
    child = next(member for member in whole["members"] if member["komponen"])
    komponen = child["komponen"][0]
    path = f"/v1/komponen/{komponen['komponen_id']}/void"
    await family.post_ok(path, {"reason": "SALAH"}, komponen["version"])
    one, version = f"anggota/{child['anggota_id']}", (await family.read())["version"]
    await family.post_ok(f"{one}/end", {"reason": "PINDAH", "on": "2026-01-10"}, version)
    await family.post_ok(f"{one}/return", {"reason": "SALAH_CATAT"}, version + 1)
    back = next(m for m in (await family.read())["members"] if m["anggota_id"] == child["anggota_id"])
    assert back["komponen"] == []


async def test_komponen_that_was_ended_in_error_begins_again_on_that_day(family: Family) -> None:
    await family.caseload.execute("UPDATE komponen SET valid = daterange('2025-07-01', upper(valid))")
    before = await family.read()
    komponen = find_komponen(before, "ANAK_SD")
    owner = next(m for m in before["members"] if komponen in m["komponen"])
    await end_komponen(family, "ANAK_SD", "2026-01-10")
    assert "ANAK_SD" not in (await family.read())["facts"]["komponen"]
    again = {"anggota_id": owner["anggota_id"], "kind": "ANAK_SD", "valid_from": "2026-01-10"}
    await family.post_ok("komponen", again | {"valid_to": komponen["valid_to"]})
    assert (await family.read())["facts"] == before["facts"]
    assert (await family.read_emitted_data("kpm_updated"))[-1]["komponen"] == before["facts"]["komponen"]
