"""A person under another NIK or card is found again, and never counted twice."""

from datetime import UTC, date, datetime
from typing import Any

from tests.factories.caseload.family import Family
from tests.factories.caseload.intake import (
    PENDAMPING_NO,
    build_csv,
    dinsos_token,
    import_file,
    member,
    nik,
    no_kk,
    read_emitted_events,
    read_kpm_id,
)
from tests.factories.caseload.intake import family as family_rows
from tests.factories.caseload.member import find_member, record_death
from tests.factories.services import Running, expect_refusal

EXTRACT, LATER, AFTER = "2026-09-01", "2026-11-30", "2026-12-20"
CORRECT = nik(19, born=date(1985, 3, 2))
OTHER_NIK = nik(29, born=date(1985, 3, 2))
HUSBAND = {"relation": "KEPALA_KELUARGA"}


async def at(service: Running, day: str) -> None:
    year, month, date_ = map(int, day.split("-"))
    await service.set_clock(datetime(year, month, date_, 3, tzinfo=UTC))
    await service.work()


async def recorded(service: Running, rows: list[dict[str, str]]) -> Family:
    await at(service, EXTRACT)
    rows[0] |= {"pendamping_no": PENDAMPING_NO}
    made = await Family.create(service, rows)
    await at(service, LATER)
    return made


async def correct_husband(one: Family, number: str = CORRECT) -> str:
    husband, version = await find_member(one, **HUSBAND)
    body = {"nik": number, "evidence_sha256": await one.upload_evidence()}
    await one.post_ok(f"anggota/{husband['anggota_id']}/nik", body, version)
    return str(husband["anggota_id"])


async def read_ids(one: Family) -> list[str]:
    answer = await one.caseload.get(f"/v1/kpm/{one.kpm_id}", as_=dinsos_token(one.caseload))
    return sorted(row["anggota_id"] for row in answer.json()["members"])


async def test_an_old_file_with_a_former_nik_and_another_birth_date_is_the_same_person(
    kendal_caseload: Running,
) -> None:
    rows = family_rows(1)
    one = await recorded(kendal_caseload, rows)
    await correct_husband(one)
    before = await read_ids(one)
    for day, more in ((EXTRACT, {"birth_date": "1985-02-03"}), (None, {"name": "Contoh Satu"})):
        done = await import_file(
            kendal_caseload, build_csv([rows[0], rows[1] | more]), **({"as_of": day} if day else {})
        )
        assert done["errors"] == []
        assert {"MEMBER_JOINS", "MEMBER_LEAVES"}.isdisjoint(code for _, _, code in done["changes"])
        assert await read_ids(one) == before
        assert await read_kpm_id(kendal_caseload, CORRECT) == one.kpm_id


async def test_the_dead_do_not_come_back_under_another_nik(kendal_caseload: Running) -> None:
    rows = family_rows(1, 3)
    one = await recorded(kendal_caseload, rows)
    await correct_husband(one)
    await record_death(one, on=LATER, **HUSBAND)
    before = await read_ids(one)
    await at(kendal_caseload, AFTER)
    for number in (rows[1]["nik"], OTHER_NIK):
        done = await import_file(kendal_caseload, build_csv([rows[0], rows[1] | {"nik": number}, rows[2]]))
        assert (done["errors"], done["warnings"]) == ([], [(3, "nik", "RECORDED_DEAD")])
        assert await read_ids(one) == before
    elsewhere = [*family_rows(2), rows[1] | {"no_kk": no_kk(2)}]
    done = await import_file(kendal_caseload, build_csv(elsewhere))
    assert done["errors"] == [(4, "nik", "RECORDED_DEAD")]


async def test_the_dead_do_not_come_back_over_http_under_another_nik(kendal_caseload: Running) -> None:
    rows = family_rows(1, 3)
    rows[1]["name"] = "Almarhum Contoh"
    one = await recorded(kendal_caseload, rows)
    other = await Family.create(kendal_caseload, family_rows(2, pendamping_no=PENDAMPING_NO))
    await correct_husband(one)
    await record_death(one, on=LATER, **HUSBAND)
    body = {"name": rows[1]["name"], "birth_on": rows[1]["birth_date"], "sex": "L", "married": True}
    body |= {"relation": "KEPALA_KELUARGA", "on": LATER, "reason": "GABUNG"}
    expect_refusal(await other.post("anggota", body | {"nik": rows[1]["nik"]}), "RecordedDead")
    expect_refusal(await one.post("anggota", body | {"nik": rows[1]["nik"]}), "RecordedDead")
    expect_refusal(await one.post("anggota", body | {"nik": OTHER_NIK}), "RecordedDead")


async def test_a_child_with_its_first_nik_does_not_join_again_over_http(kendal_caseload: Running) -> None:
    one = await recorded(kendal_caseload, family_rows(1))
    body: dict[str, Any] = {"name": "Bayi Contoh", "birth_on": "2026-11-01", "sex": "L", "relation": "ANAK"}
    body |= {"married": False, "on": "2026-11-01", "reason": "LAHIR"}
    child = await one.post_ok("anggota", body)
    again = body | {"nik": nik(77, born=date(2026, 11, 1)), "name": "BAYI  contoh"}
    expect_refusal(await one.post("anggota", again), "MemberKnownByName")
    expect_refusal(await one.post("anggota", body | {"name": "BAYI CONTOH."}), "NikKnown")
    number = {"nik": again["nik"], "evidence_sha256": await one.upload_evidence()}
    await one.post_ok(f"anggota/{child['anggota_id']}/nik", number, child["version"])
    blank = member(1, 3, name="Bayi Contoh", birth_date="2026-11-01", nik="")
    await at(kendal_caseload, AFTER)
    done = await import_file(kendal_caseload, build_csv([*family_rows(1), blank]))
    assert (done["errors"], len(await read_ids(one))) == ([], 3)


async def test_an_old_file_brings_nobody_whom_a_later_file_does_not_have(kendal_caseload: Running) -> None:
    one = await recorded(kendal_caseload, family_rows(1))
    rows = family_rows(1, usaha_sector="JASA", usaha_started_on="2023-01-01", usaha_omzet_rp="5")
    assert (await import_file(kendal_caseload, build_csv(rows), as_of="2026-11-01"))["errors"] == []
    before = await read_ids(one)
    done = await import_file(kendal_caseload, build_csv([*rows, member(1, 2)]), as_of="2026-10-01")
    assert (done["errors"], await read_ids(one)) == ([], before)
    assert (4, None, "KEPT_NEWER") in done["changes"]


async def test_an_old_file_does_not_start_a_dampingan_that_ended_later(kendal_caseload: Running) -> None:
    one = await recorded(kendal_caseload, family_rows(1))
    office = dinsos_token(kendal_caseload)
    seen = (await kendal_caseload.get(f"/v1/kpm/{one.kpm_id}", as_=office)).json()
    (dampingan,) = seen["dampingan"]
    body = {"valid_to": LATER, "reason": "PENDAMPING_DITARIK"}
    path = f"/v1/dampingan/{dampingan['dampingan_id']}/end"
    await one.post_ok(path, body, dampingan["version"], as_=office)
    rows = family_rows(1, pendamping_no=PENDAMPING_NO, desil="NAS:5:2025-Q4")
    done = await import_file(kendal_caseload, build_csv(rows), as_of=EXTRACT)
    assert (done["errors"], (2, "pendamping_no", "KEPT_NEWER") in done["changes"]) == ([], True)
    events = [name for name, _ in await read_emitted_events(kendal_caseload)]
    assert events.count("dampingan_started") == 1


async def test_a_new_card_in_the_file_keeps_the_family(kendal_caseload: Running) -> None:
    rows = family_rows(1, 3)
    one = await recorded(kendal_caseload, rows)
    before, events = await one.read(), await read_emitted_events(kendal_caseload)
    card = [row | {"no_kk": no_kk(77)} for row in rows]
    dry = await import_file(kendal_caseload, build_csv(card), dry_run=True)
    done = await import_file(kendal_caseload, build_csv(card))
    assert (done["errors"], done["warnings"]) == ([], [(2, "no_kk", "NO_KK_CHANGED")])
    assert [dry[name] for name in ("warnings", "changes")] == [done[name] for name in ("warnings", "changes")]
    after = await one.read()
    assert (after["kpm_id"], after["members"], after["address"]) == (
        before["kpm_id"],
        before["members"],
        before["address"],
    )
    assert await read_emitted_events(kendal_caseload) == events
    again = await import_file(kendal_caseload, build_csv(card))
    assert (again["report"]["unchanged_families"], await one.read()) == (1, after)
    old = await import_file(kendal_caseload, build_csv(rows), as_of=EXTRACT)
    assert (old["errors"], old["report"]["new_families"]) == ([], 0)
    answer = await kendal_caseload.post(
        "/v1/kpm/look-up", {"no_kk": no_kk(77)}, as_=dinsos_token(kendal_caseload)
    )
    assert answer.json()["kpm_id"] == one.kpm_id


async def test_a_new_card_without_a_member_is_refused(kendal_caseload: Running) -> None:
    rows = family_rows(1, 3)
    await recorded(kendal_caseload, rows)
    done = await import_file(kendal_caseload, build_csv([row | {"no_kk": no_kk(77)} for row in rows[:2]]))
    assert done["errors"] == [(2, "nik", "NIK_IN_ANOTHER_FAMILY"), (3, "nik", "NIK_IN_ANOTHER_FAMILY")]


async def test_the_owner_of_a_number_that_was_another_persons_by_mistake_is_taken(
    kendal_caseload: Running,
) -> None:
    rows = family_rows(1)
    one = await recorded(kendal_caseload, rows)
    await correct_husband(one)
    owner = [*family_rows(2), member(2, 2, nik=rows[1]["nik"], name="Pemilik Nomor", birth_date="1971-01-09")]
    done = await import_file(kendal_caseload, build_csv(owner))
    assert (done["errors"], done["report"]["new_families"]) == ([], 1)
    assert await read_kpm_id(kendal_caseload, rows[1]["nik"]) != one.kpm_id


async def test_a_file_with_the_former_card_is_the_same_family(kendal_caseload: Running) -> None:
    rows = family_rows(1, 3)
    one = await recorded(kendal_caseload, rows)
    version = (await one.read())["version"]
    body = {"no_kk": no_kk(77), "on": LATER, "evidence_sha256": await one.upload_evidence()}
    await one.post_ok("no-kk", body, version)
    rows[0]["desil"] = "NAS:6:2026-Q2"
    for day in ({"as_of": EXTRACT}, {}):
        done = await import_file(kendal_caseload, build_csv(rows), **day)
        assert (done["errors"], done["warnings"], done["report"]["new_families"]) == ([], [], 0)
    token = dinsos_token(kendal_caseload)
    answer = await kendal_caseload.post("/v1/kpm/look-up", {"no_kk": no_kk(77)}, as_=token)
    assert answer.json()["kpm_id"] == one.kpm_id
    assert {"scope": "NAS", "value": 6, "snapshot": "2026-Q2"} in (await one.read())["desil"]


async def test_a_child_with_and_without_nik_in_one_file_is_refused(kendal_caseload: Running) -> None:
    blank = member(1, 3, nik="", birth_date="2025-12-20", name="Bayi Contoh")
    numbered = blank | {"nik": nik(77, born=date(2025, 12, 20)), "name": "BAYI CONTOH"}
    done = await import_file(kendal_caseload, build_csv([*family_rows(1), blank, numbered]))
    assert done["errors"] == [(4, "nik", "DUPLICATE_PERSON")]
    twin = blank | {"name": "Bayi Kedua"}
    done = await import_file(kendal_caseload, build_csv([*family_rows(1), twin, numbered]))
    assert (done["errors"], done["report"]["new_families"]) == ([], 1)


async def test_an_old_file_names_the_pendamping_of_its_day(kendal_caseload: Running) -> None:
    one = await recorded(kendal_caseload, family_rows(1, pendamping_no=PENDAMPING_NO))
    await kendal_caseload.execute(
        f"UPDATE dampingan SET penugasan_id = gen_random_uuid(), valid = '[{LATER},)'"
    )
    rows = family_rows(1, pendamping_no=PENDAMPING_NO, desil="NAS:5:2025-Q4")
    done = await import_file(kendal_caseload, build_csv(rows), as_of=EXTRACT)
    assert (done["errors"], (2, "pendamping_no", "KEPT_NEWER") in done["changes"]) == ([], True)
    again = await import_file(kendal_caseload, build_csv(rows))
    assert again["errors"] == [(2, "pendamping_no", "ACCOMPANIED_BY_ANOTHER")]
    assert len((await one.read())["members"]) == len(rows)
