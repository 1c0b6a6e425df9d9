"""What is recorded later than the day of a file stays, and is listed."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.factories.caseload.family import Family
from tests.factories.caseload.intake import (
    PENDAMPING_NO,
    build_csv,
    dinsos_token,
    family,
    import_file,
    member,
    nik,
    read_emitted_events,
    request_intake,
)
from tests.factories.services import Running

EXTRACT, LATER, AFTER = "2026-09-01", "2026-11-30", "2026-12-20"
USAHA = {
    "usaha_sector": "PERDAGANGAN",
    "usaha_started_on": "2023-03-01",
    "usaha_omzet_rp": "9000000",
    "usaha_letter": "YA",
    "pendamping_no": PENDAMPING_NO,
}


async def at(service: Running, day: str) -> None:
    year, month, date_ = map(int, day.split("-"))
    await service.set_clock(datetime(year, month, date_, 3, tzinfo=UTC))
    await service.work()


@pytest.fixture
async def one(kendal_caseload: Running) -> Family:
    """A family of an extract of September, changed over HTTP on 30 November."""
    await at(kendal_caseload, EXTRACT)
    one = await Family.create(kendal_caseload, family(1, 2, **USAHA))
    await at(kendal_caseload, LATER)
    return one


async def change_over_http(one: Family) -> tuple[str, str]:
    """Record a newborn, another pengurus and another turnover. Return the ids of the two."""
    seen = await one.read()
    newborn = {
        "name": "Bayi Contoh",
        "nik": nik(77, born=datetime(2026, 11, 1, tzinfo=UTC).date()),
        "birth_on": "2026-11-01",
        "sex": "L",
        "relation": "ANAK",
        "married": False,
        "on": "2026-11-01",
        "reason": "LAHIR",
    }
    child = await one.post_ok("anggota", newborn)
    father = next(row["anggota_id"] for row in seen["members"] if not row["pengurus"])
    body = {"anggota_id": father, "on": LATER, "reason": "SEPAKAT"}
    await one.post_ok("pengurus", body, child["version"])
    usaha = next(row["usaha"] for row in seen["members"] if row["usaha"])
    revision = {
        "sector": "PERDAGANGAN",
        "started_on": "2023-03-01",
        "omzet_rp": 4_000_000,
        "has_letter": True,
        "as_of": LATER,
    }
    await one.post_ok(f"/v1/usaha/{usaha['usaha_id']}/revision", revision, usaha["version"])
    return child["anggota_id"], father


def state_of(seen: dict[str, Any]) -> list[tuple[Any, ...]]:
    return sorted(
        (row["anggota_id"], row["pengurus"], (row["usaha"] or {}).get("omzet_rp")) for row in seen["members"]
    )


async def test_an_older_file_changes_nothing_that_is_newer(one: Family) -> None:
    child, father = await change_over_http(one)
    before, events = state_of(await one.read()), await read_emitted_events(one.caseload)
    rows = family(1, 2, **USAHA | {"desil": "NAS:5:2025-Q4", "usaha_omzet_rp": "8000000"})
    done = await import_file(one.caseload, build_csv(rows), as_of=EXTRACT)
    assert done["errors"] == []
    assert state_of(await one.read()) == before
    assert (child, False, None) in before
    assert (father, True, None) in before
    assert done["report"]["changes"]["KEPT_NEWER"] >= 3
    assert {(row, column) for row, column, code in done["changes"] if code == "KEPT_NEWER"} >= {
        (2, None),
        (2, "pengurus"),
        (2, "usaha_sector"),
    }
    assert "MEMBER_LEAVES" not in {code for _, _, code in done["changes"]}
    emitted = (await read_emitted_events(one.caseload))[len(events) :]
    assert [name for name, _ in emitted] == ["kpm_updated"], "the desil of the file was recorded before it"


async def test_a_later_file_replaces_what_is_older(one: Family) -> None:
    child, _ = await change_over_http(one)
    await at(one.caseload, AFTER)
    dry = await import_file(one.caseload, build_csv(family(1, 2, **USAHA)), dry_run=True)
    left = [(row, code) for row, _, code in dry["changes"] if code == "MEMBER_LEAVES"]
    assert left == [(2, "MEMBER_LEAVES")]
    changed = {code for _, _, code in dry["changes"]}
    assert changed == {"MEMBER_LEAVES", "PENGURUS_CHANGES", "BUSINESS_CHANGES"}
    listed = await one.caseload.get(f"/v1/jobs/{dry['job_id']}/changes", as_=dinsos_token(one.caseload))
    leaves = next(row for row in listed.json()["items"] if row["code"] == "MEMBER_LEAVES")
    assert leaves["params"] == {"anggota_id": child}
    assert len((await one.read())["members"]) == 3, "a dry run changes nothing"
    done = await import_file(one.caseload, build_csv(family(1, 2, **USAHA)))
    assert (done["errors"], done["report"]["changed_families"]) == ([], 1)
    seen = await one.read()
    assert (len(seen["members"]), seen["facts"]["pengurus_sex"]) == (2, "P")
    assert [row["usaha"]["omzet_rp"] for row in seen["members"] if row["usaha"]] == [9_000_000]


async def test_the_same_file_twice_changes_nothing_the_second_time(one: Family) -> None:
    await change_over_http(one)
    content = build_csv(family(1, 2, **USAHA | {"desil": "NAS:5:2025-Q4"}))
    await import_file(one.caseload, content, as_of=EXTRACT)
    before, events = await one.read(), await read_emitted_events(one.caseload)
    done = await import_file(one.caseload, content, as_of=EXTRACT)
    assert (done["errors"], done["report"]["changed_families"]) == ([], 0)
    assert await one.read() == before
    assert await read_emitted_events(one.caseload) == events


async def test_a_file_of_the_past_does_not_replace_a_later_file(one: Family) -> None:
    later = family(1, 3, **USAHA | {"usaha_omzet_rp": "7000000", "address": "Dusun Baru"})
    await import_file(one.caseload, build_csv(later), as_of="2026-11-01")
    before = await one.read()
    done = await import_file(one.caseload, build_csv(family(1, 2, **USAHA)), as_of="2026-10-01")
    assert (done["errors"], done["report"]["changed_families"]) == ([], 0)
    assert await one.read() == before


async def test_unchanged_rows_of_a_later_file_have_its_day(one: Family) -> None:
    same = build_csv(family(1, 2, **USAHA))
    done = await import_file(one.caseload, same, as_of="2026-11-15")
    assert done["report"]["unchanged_families"] == 1
    version = (await one.read())["version"]
    done = await import_file(one.caseload, build_csv(family(1, 1, **USAHA)), as_of="2026-10-15")
    assert (done["report"]["changed_families"], (await one.read())["version"]) == (0, version)


async def test_a_file_does_not_bring_back_who_left_by_an_act(one: Family) -> None:
    seen = await one.read()
    father = next(row["anggota_id"] for row in seen["members"] if not row["pengurus"])
    body = {"reason": "MENINGGAL", "on": LATER, "evidence_sha256": await one.upload_evidence()}
    await one.post_ok(f"anggota/{father}/end", body, seen["version"])
    await at(one.caseload, AFTER)
    rows = [*family(1, 2, **USAHA), member(1, 2)]
    done = await import_file(one.caseload, build_csv(rows))
    assert (done["errors"], done["warnings"]) == ([], [(3, "nik", "RECORDED_DEAD")])
    assert [row["anggota_id"] == father for row in (await one.read())["members"]] == [False, False]


async def test_a_day_in_the_future_is_refused(kendal_caseload: Running) -> None:
    token = dinsos_token(kendal_caseload)
    sha256 = await kendal_caseload.put_file(build_csv(family(1)), as_=token)
    answer = await kendal_caseload.post("/v1/intake", {"sha256": sha256, "as_of": "2199-01-01"}, as_=token)
    assert (answer.status_code, answer.json()["title"]) == (422, "DateInTheFuture")
    assert await request_intake(kendal_caseload, build_csv(family(1)), as_of="2026-01-01")


async def test_what_a_file_changes_is_listed_before_it_is_taken(one: Family) -> None:
    rows = family(1, 2, **USAHA | {"desil": "NAS:5:2026-Q1", "komponen": "DISABILITAS_BERAT"})
    rows[0]["bansos"] += "|SEMBAKO:2020-01-01"
    rows[1]["married"] = "CERAI MATI"
    dry = await import_file(one.caseload, build_csv(rows), dry_run=True)
    done = await import_file(one.caseload, build_csv(rows))
    assert sorted(dry["changes"], key=str) == sorted(done["changes"], key=str)
    assert {(row, code) for row, _, code in done["changes"]} == {
        (2, "DESIL_CHANGES"),
        (2, "KOMPONEN_STARTS"),
        (2, "MEMBERSHIP_STARTS"),
        (3, "MEMBER_CHANGES"),
    }
    stale = rows[0] | {"komponen": "LANJUT_USIA"}
    kept = await import_file(one.caseload, build_csv([stale, rows[1]]), as_of=EXTRACT)
    assert (2, "komponen", "KEPT_NEWER") in kept["changes"]


async def test_births_of_today_in_papua_are_taken_by_both_doors(one: Family) -> None:
    await one.caseload.set_clock(datetime(2026, 12, 1, 16, 30, tzinfo=UTC))
    await one.caseload.work()
    born = {"birth_date": "2026-12-02", "nik": "", "name": "Bayi Berkas", "relation": "ANAK"}
    done = await import_file(one.caseload, build_csv([*family(1, 2, **USAHA), member(1, 3, **born)]))
    assert done["errors"] == []
    body = {"name": "Bayi Contoh", "birth_on": "2026-12-02", "sex": "L", "relation": "ANAK", "married": False}
    made = await one.post_ok("anggota", body | {"on": "2026-12-02", "reason": "LAHIR"})
    assert (made["joined_on"], len((await one.read())["members"])) == ("2026-12-02", 4)
    early = await import_file(
        one.caseload, build_csv([*family(2), member(2, 3, **born | {"birth_date": "2026-12-03"})])
    )
    assert early["errors"] == [(4, "birth_date", "DATE_OUT_OF_RANGE")]
