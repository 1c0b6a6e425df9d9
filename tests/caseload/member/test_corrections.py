"""What a file can correct and warns about, requests can correct and show too."""

from datetime import UTC, date, datetime
from typing import Any

from tests.factories.caseload.family import Family
from tests.factories.caseload.intake import build_csv, dinsos_token, import_file, mother, nik
from tests.factories.caseload.intake import family as family_rows
from tests.factories.caseload.member import DEATH_ON, find_member, record_death
from tests.factories.services import Running, expect_refusal

USAHA = {"usaha_sector": "PERDAGANGAN", "usaha_started_on": "2023-03-01", "usaha_omzet_rp": "4000000"}


async def contact_of(family: Family) -> tuple[str | None, str | None]:
    seen = await family.read()
    return seen["address"], seen["phone"]


async def correct(family: Family, who: dict[str, Any], **values: Any) -> Any:
    member, version = await find_member(family, **who)
    body = values | {"evidence_sha256": await family.upload_evidence()}
    return await family.post(f"anggota/{member['anggota_id']}/correction", body, version)


async def test_correction_without_a_value_is_refused(family: Family) -> None:
    expect_refusal(await correct(family, {"relation": "ANAK"}), "CorrectionEmpty", 422)


async def test_contact_is_corrected_and_an_older_file_keeps_it(family: Family) -> None:
    version = (await family.read())["version"]
    expect_refusal(await family.post("contact", {"phone": "0812 0000 9001"}), "PreconditionRequired", 428)
    expect_refusal(await family.post("contact", {}, version), "ContactUnchanged", 422)
    expect_refusal(await family.post("contact", {"phone": "telepon"}, version), "Invalid", 422)
    made = await family.post_ok(
        "contact", {"phone": "0812 0000 9001", "address": "Dusun\u00a0Baru "}, version
    )
    assert await contact_of(family) == ("Dusun Baru", "+6281200009001")
    stale = mother(address="Dusun Lama", phone="081234567890", desil="NAS:6:2026-Q1")
    done = await import_file(family.caseload, build_csv(stale))
    assert {(2, "address", "KEPT_NEWER"), (2, "phone", "KEPT_NEWER")} <= set(done["changes"])
    assert await contact_of(family) == ("Dusun Baru", "+6281200009001")
    version = (await family.read())["version"]
    assert version > made["version"]
    await family.post_ok("contact", {"phone": None}, version)
    assert await contact_of(family) == ("Dusun Baru", None)
    assert ("kpm", "CONTACT_CORRECTED", None) in await family.read_history()
    (detail,) = await family.caseload.sql(
        "SELECT detail::text AS detail FROM kpm_history WHERE act = 'CONTACT_CORRECTED' AND detail::text LIKE '%address%'"
    )
    assert "Dusun" not in detail["detail"]


async def test_contact_of_an_unaccompanied_family_is_not_found(family: Family) -> None:
    other = family.caseload.token(
        "PENDAMPING", "p", ["33.24"], pendamping_id="0199a000-0000-7000-8000-00000000000f"
    )
    expect_refusal(await family.post("contact", {"phone": None}, 1, as_=other), "NotFound", 404)


async def test_values_of_a_member_are_corrected_with_evidence(family: Family) -> None:
    who = {"relation": "KEPALA_KELUARGA"}
    before, version = await find_member(family, **who)
    path = f"anggota/{before['anggota_id']}/correction"
    expect_refusal(await family.post(path, {"name": "Bapak Contoh"}, version), "Invalid", 422)
    expect_refusal(await correct(family, who, birth_on="2199-01-01"), "DateInTheFuture", 422)
    made = (await correct(family, who, name="Bapak  Contoh", birth_on="1985-02-03")).json()
    assert [(row["field"], row["code"]) for row in made["warnings"]] == [("birth_on", "BIRTH_DATE_DIFFERS")]
    after, _ = await find_member(family, **who)
    assert after == before | {"name": "Bapak Contoh", "birth_on": "1985-02-03"}
    rows = mother(desil="NAS:6:2026-Q1")
    done = await import_file(family.caseload, build_csv(rows))
    assert (3, None, "KEPT_NEWER") in done["changes"]
    assert (await find_member(family, **who))[0] == after


async def test_a_birth_after_the_recorded_one_moves_the_day_of_joining(family: Family) -> None:
    born = {"name": "Bayi Contoh", "birth_on": "2026-01-02", "sex": "L", "relation": "ANAK", "married": False}
    child = await family.post_ok("anggota", born | {"on": "2026-01-02", "reason": "LAHIR"})
    made = (await correct(family, {"anggota_id": child["anggota_id"]}, birth_on="2026-01-04")).json()
    assert (made["joined_on"], made["warnings"]) == ("2026-01-04", [])


async def test_what_cannot_be_is_refused_in_a_correction(family: Family) -> None:
    wife, _ = await find_member(family, pengurus=True)
    await family.post_ok(
        "komponen", {"anggota_id": wife["anggota_id"], "kind": "IBU_HAMIL", "valid_from": "2026-01-01"}
    )
    expect_refusal(await correct(family, {"pengurus": True}, sex="L"), "KomponenImpossible")
    expect_refusal(
        await correct(family, {"pengurus": True}, birth_on="2010-01-01", married=False), "PengurusTooYoung"
    )


async def test_other_services_learn_changed_facts_of_the_owner_of_a_business(family: Family) -> None:
    assert (await correct(family, {"pengurus": True}, birth_on="1986-11-12")).is_success
    wife, version = await find_member(family, pengurus=True)
    await family.post_ok(
        f"anggota/{wife['anggota_id']}/marriage", {"married": False, "on": DEATH_ON}, version
    )
    events = await family.read_emitted_data("usaha_recorded")
    assert [(row["owner_birth_year"], row["owner_married"]) for row in events] == [
        (1987, True),
        (1986, True),
        (1986, False),
    ]


async def test_a_file_with_changed_facts_of_the_owner_emits_the_business(kendal_caseload: Running) -> None:
    rows = family_rows(1)
    rows[1] |= USAHA
    one = await Family.create(kendal_caseload, rows)
    rows[1] |= dict.fromkeys(USAHA, "") | {"married": "CERAI MATI"}
    assert (await import_file(kendal_caseload, build_csv(rows)))["errors"] == []
    events = await one.read_emitted_data("usaha_recorded")
    assert [(row["owner_married"], row["omzet_rp"]) for row in events] == [
        (True, 4_000_000),
        (False, 4_000_000),
    ]
    await import_file(kendal_caseload, build_csv(rows))
    assert len(await one.read_emitted_data("usaha_recorded")) == 2


async def test_a_file_keeps_from_whom_a_business_was_taken_over(family: Family) -> None:
    usaha = (await find_member(family, pengurus=True))[0]["usaha"]
    await record_death(family, pengurus=True)
    husband, _ = await find_member(family, relation="KEPALA_KELUARGA")
    body = {"anggota_id": husband["anggota_id"], "on": DEATH_ON}
    await family.post_ok(f"/v1/usaha/{usaha['usaha_id']}/transfer", body, usaha["version"] + 1)
    await family.caseload.set_clock(datetime(2026, 12, 1, 3, tzinfo=UTC))
    await family.caseload.work()
    rows = mother()[1:]
    rows[0] |= {"pengurus": "YA", "usaha_omzet_rp": "5000000"}
    assert (await import_file(family.caseload, build_csv(rows)))["errors"] == []
    last = (await family.read_emitted_data("usaha_recorded"))[-1]
    assert (last["omzet_rp"], last["continues"]) == (5_000_000, usaha["usaha_id"])


async def test_a_minor_becomes_pengurus_if_no_adult_is_left(kendal_caseload: Running) -> None:
    rows = family_rows(1, 3, pendamping_no="PD-00000S")
    one = await Family.create(kendal_caseload, [rows[0], rows[2]])
    await record_death(one, pengurus=True)
    child, version = await find_member(one, relation="ANAK")
    body = {"anggota_id": child["anggota_id"], "on": DEATH_ON, "reason": "TANPA_DEWASA"}
    made = await one.post_ok("pengurus", body, version)
    assert [row["code"] for row in made["warnings"]] == ["PENGURUS_YOUNG"]


async def test_both_doors_warn_about_the_same(kendal_caseload: Running) -> None:
    odd = {"relation": "SUAMI", "sex": "P", "birth_date": "1985-02-03", "komponen": "ANAK_SD"}
    rows = family_rows(1, pendamping_no="PD-00000S")
    rows[1] |= odd
    done = await import_file(kendal_caseload, build_csv(rows))
    in_file = {(column, code) for row, column, code in done["warnings"] if row == 3}
    one = await Family.create(kendal_caseload, family_rows(2, 1, pendamping_no="PD-00000S"))
    body = {
        "nik": nik(88, born=date(1985, 3, 2)),
        "name": "Suami Contoh",
        "birth_on": "1985-02-03",
        "sex": "P",
    }
    body |= {"relation": "SUAMI", "married": True, "on": DEATH_ON, "reason": "KAWIN_MASUK"}
    made = await one.post_ok("anggota", body)
    assert {row["code"] for row in made["warnings"]} == {code for _, code in in_file} - {
        "KOMPONEN_AGE_UNUSUAL"
    }
    assert all(row["reason"]["en"] and row["reason"]["id"] for row in made["warnings"])
    await one.post_ok(
        "komponen", {"anggota_id": made["anggota_id"], "kind": "ANAK_SD", "valid_from": DEATH_ON}
    )
    for kpm_id in (one.kpm_id, (await look_up(kendal_caseload, rows))):
        seen = await kendal_caseload.get(f"/v1/kpm/{kpm_id}", as_=dinsos_token(kendal_caseload))
        shown = {(row["field"], row["code"]) for row in seen.json()["warnings"]}
        assert shown == {("birth_on" if column == "birth_date" else column, code) for column, code in in_file}


async def look_up(service: Running, rows: list[dict[str, str]]) -> str:
    answer = await service.post("/v1/kpm/look-up", {"nik": rows[0]["nik"]}, as_=dinsos_token(service))
    return str(answer.json()["kpm_id"])
