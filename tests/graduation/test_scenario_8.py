"""docs/domain.md#scenarios, scenario 8: sanggah of 9 March and of 20 March."""

from datetime import date

import pytest

from tests.factories.graduation.case import CaseDriver, expect_ok, read_emitted_events, set_day
from tests.factories.graduation.objection import decide_sanggah, decider_token, lodge_sanggah
from tests.factories.services import Running


async def determine_case(service: Running) -> CaseDriver:
    driver = await (await CaseDriver.start(service)).advance_to("MASA_SANGGAH", "2026-02-10")
    ((_, fact),) = await read_emitted_events(service, "graduasi_determined")
    assert (fact["term_ends_on"], fact["effective_tahap"]) == ("2026-03-12", "2026-2")
    return driver


async def test_accepted_sanggah_of_a_neighbour_restores_the_family(
    graduation: Running,
) -> None:
    driver = await determine_case(graduation)
    await set_day(graduation, date(2026, 3, 9))
    lodged = expect_ok(await lodge_sanggah(driver, date(2026, 3, 9)))
    assert (lodged["lodged_by"], lodged["channel"]) == ("MASYARAKAT", "PUSKESOS")
    await set_day(graduation, date(2026, 3, 24))  # past the term, past the cut-off of tahap 2
    await graduation.work()
    assert await driver.read_state() == "DISANGGAH"
    path = f"/v1/sanggah/{lodged['sanggah_id']}"
    shown = expect_ok(await graduation.get(path, as_=decider_token(graduation)), 200)
    assert (shown["term_ends_on"], shown["tahap_concerned"]) == ("2026-03-12", ["2026-2"])
    paid = [{"tahap": "2026-2", "paid": True, "reason": "Penghentian ditangguhkan sejak sanggah."}]
    expect_ok(await decide_sanggah(driver, lodged["sanggah_id"], "DITERIMA", back_pay=paid))
    assert await driver.read_state() == "DIPULIHKAN"
    facts = dict(await read_emitted_events(graduation, "credit_reversed", "graduasi_annulled"))
    assert facts["graduasi_annulled"]["back_pay_tahap"] == ["2026-2"]
    assert facts["graduasi_annulled"]["was_effective"] is False
    assert facts["credit_reversed"]["penugasan_id"] == str(driver.field.penugasan_id)
    shown = expect_ok(await graduation.get(path, as_=decider_token(graduation)), 200)
    assert (shown["decision"]["decided_by"], shown["decision"]["role"]) == (
        "dinsos-kendal-9",
        "DINSOS_KABKOTA",
    )
    assert shown["back_pay"] == [one | {"reason_code": "LAINNYA"} for one in paid]
    assert shown["tahap_concerned"] == []


@pytest.mark.parametrize("language", ["en", "id"])
async def test_paper_of_20_march_is_refused_and_names_the_re_entry_usulan(
    graduation: Running, language: str
) -> None:
    driver = await determine_case(graduation)
    await set_day(graduation, date(2026, 3, 20))
    await graduation.work()
    body = {"lodged_on": "2026-03-20", "lodged_by": "MASYARAKAT", "channel": "PUSKESOS"}
    evidence = await driver.upload_evidence(b"surat sanggah")
    body |= {"ground": "KEADAAN_BERUBAH", "evidence_sha256": evidence}
    answer = await driver.post("sanggah", body, "musyawarah", headers={"Accept-Language": language})
    assert (answer.status_code, answer.json()["title"]) == (409, "SanggahOutOfTerm")
    detail = answer.json()["detail"].lower()
    assert all(word in detail for word in ("2026-03-12", "sanggah_terlambat", "keberatan"))
    assert await driver.read_state() == "EFEKTIF"


async def test_paper_of_9_march_recorded_on_20_march_is_in_term(graduation: Running) -> None:
    driver = await determine_case(graduation)
    await set_day(graduation, date(2026, 3, 20))
    await graduation.work()
    assert await driver.read_state() == "EFEKTIF"
    sanggah_id = expect_ok(await lodge_sanggah(driver, date(2026, 3, 9)))["sanggah_id"]
    expect_ok(
        await decide_sanggah(driver, sanggah_id, "DITERIMA")
    )  # on the day of the cut-off the list of tahap 2 is still open
    ((_, fact),) = await read_emitted_events(graduation, "graduasi_annulled")
    assert (fact["was_effective"], fact["back_pay_tahap"]) == (True, [])


async def test_auditor_reads_the_complete_history(graduation: Running) -> None:
    driver = await determine_case(graduation)
    sanggah_id = expect_ok(await lodge_sanggah(driver, date(2026, 2, 10)))["sanggah_id"]
    expect_ok(await decide_sanggah(driver, sanggah_id, "DITERIMA"))
    path = f"/v1/graduasi/{driver.graduasi_id}/history?limit=200"
    items = expect_ok(await graduation.get(path, as_=driver.by["sk"]), 200)["items"]
    assert [one["to_state"] for one in items[-4:]] == [
        "DITETAPKAN",
        "MASA_SANGGAH",
        "DISANGGAH",
        "DIPULIHKAN",
    ]
    last, before = items[-1], items[-2]
    assert (before["sub"], before["reason_code"], before["reason"]) == (
        "operator-desa-1",
        "KEADAAN_BERUBAH",
        None,
    )
    assert (last["sub"], last["reason_code"], last["reason"]) == (
        "dinsos-kendal-9",
        "SANGGAH_DITERIMA",
        "Pencari nafkah meninggal.",
    )
    assert last["evidence_sha256"] == before["evidence_sha256"]
