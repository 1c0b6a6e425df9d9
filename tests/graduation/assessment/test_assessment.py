"""Whole or not taken: missing answers and evidence refuse, by name; a result says why, and ends nothing."""

from datetime import date

from tests.factories.graduation.case import CaseDriver, at, ok
from tests.factories.services import Running


async def opened(service: Running, **facts: object) -> CaseDriver:
    await at(service, date(2026, 4, 6))
    return await (await CaseDriver.start(service, **facts)).open()


async def test_without_evidence_is_refused_naming_the_criteria(graduation: Running) -> None:
    driver = await opened(graduation)
    body = await driver.answers()
    del body["answers"]["INCOME_PER_CAPITA_RP"]["evidence_sha256"]
    answer = await driver.post("asesmen", body, "field")
    assert (answer.status_code, answer.json()["title"]) == (422, "EvidenceMissing")
    assert answer.json()["detail"] == "These criteria have no evidence: INCOME_PER_CAPITA_RP."
    assert await driver.state() == "TERIDENTIFIKASI"


async def test_without_an_answer_is_refused_naming_the_criteria(graduation: Running) -> None:
    driver = await opened(graduation)
    body = await driver.answers()
    del body["answers"]["BERSEDIA"], body["answers"]["SAVINGS_RP"]
    answer = await driver.post("asesmen", body, "field", headers={"Accept-Language": "id"})
    assert (answer.status_code, answer.json()["title"]) == (422, "AnswersMissing")
    assert answer.json()["detail"] == "Kriteria berikut belum dijawab: SAVINGS_RP, BERSEDIA."


async def test_on_evidence_that_was_not_handed_in_is_refused(graduation: Running) -> None:
    driver = await opened(graduation)
    body = await driver.answers()
    body["answers"]["HOUSE_FLAWS"]["evidence_sha256"] = "a" * 64
    answer = await driver.post("asesmen", body, "field")
    assert (answer.status_code, answer.json()["title"]) == (422, "FileNotUploaded")
    assert answer.json()["errors"][0]["pointer"] == "/body/answers/HOUSE_FLAWS/evidence_sha256"


async def test_with_an_answer_to_no_question_is_refused(graduation: Running) -> None:
    driver = await opened(graduation)
    answer = await driver.assess(VOLUNTARY=True)
    assert (answer.status_code, answer.json()["title"]) == (422, "IndicatorUnknown")


async def test_with_yes_where_a_number_is_asked_is_refused(graduation: Running) -> None:
    driver = await opened(graduation)
    answer = await driver.assess(SAVINGS_RP=True, CHILDREN_IN_SCHOOL=1)
    assert (answer.status_code, answer.json()["title"]) == (422, "AnswerTypeMismatch")
    assert "CHILDREN_IN_SCHOOL, SAVINGS_RP" in answer.json()["detail"]


async def test_that_fails_a_knock_out_is_belum_siap_and_may_be_repeated(graduation: Running) -> None:
    driver = await opened(graduation)
    found = ok(await driver.assess(INCOME_PER_CAPITA_RP=899_999))
    assert (found["result"], found["score_percent"]) == ("BELUM_SIAP", 81)
    said = next(item for item in found["explanation"] if item["code"] == "INCOME_PER_CAPITA_RP")
    assert said["passed"] is False
    assert said["en"].endswith("899,999; at least 900,000 asked: not met.")
    assert ok(await driver.assess())["result"] == "SIAP"
    rows = await graduation.sql("SELECT result FROM asesmen ORDER BY asesmen_id")
    assert [row["result"] for row in rows] == ["BELUM_SIAP", "SIAP"]


async def test_below_the_threshold_is_belum_siap_without_any_knock_out(graduation: Running) -> None:
    driver = await opened(graduation)
    low = {"INCOME_STABLE_MONTHS": 1, "DEBT_BURDEN_PERCENT": 90, "SAVINGS_RP": 0, "HOUSE_FLAWS": 5}
    low |= {"HEALTH_COVER_PLAN": False, "CHILDREN_IN_SCHOOL": False}
    found = ok(await driver.assess(**low))
    assert (found["result"], found["score_percent"]) == ("BELUM_SIAP", 63)


async def test_asks_whether_the_family_is_willing_and_does_not_weigh_it(graduation: Running) -> None:
    found = ok(await (await opened(graduation)).assess(BERSEDIA=False))
    assert (found["result"], found["score_percent"], found["bersedia"]) == ("SIAP", 100, False)


async def test_exempts_a_family_without_an_able_member_of_working_age(graduation: Running) -> None:
    driver = await opened(graduation, members=1, able_productive=0, lansia=1)
    found = ok(await driver.post("asesmen", {"answers": {}}, "field"))
    assert found["result"] == "DIKECUALIKAN"
    assert found["explanation"][0]["id"].startswith("Keluarga memiliki 0 anggota produktif")
    assert await driver.state() == "DIKECUALIKAN"


async def test_keeps_the_facts_as_they_were_known_on_its_day(graduation: Running) -> None:
    driver = await opened(graduation)
    ok(await driver.assess())
    await graduation.sql("UPDATE replica_kpm.kpm SET desil = '[]'")
    shown = ok(await graduation.get(f"/v1/graduasi/{driver.graduasi_id}", as_=driver.by["field"]), 200)
    assert shown["asesmen"]["facts"]["DESIL_NAS"] == 5
    assert shown["asesmen"]["facts"]["as_of"] == "2026-04-06"


async def test_is_not_shown_in_detail_to_a_village_operator(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).to("DIUSULKAN")
    shown = ok(await graduation.get(f"/v1/graduasi/{driver.graduasi_id}", as_=driver.by["musyawarah"]), 200)
    assert shown["asesmen"] is None
    assert shown["state"] == "DIUSULKAN"


async def test_is_no_part_of_a_natural_exit(graduation: Running) -> None:
    await at(graduation, date(2026, 4, 6))
    driver = await (await CaseDriver.start(graduation)).open("ALAMIAH")
    answer = await driver.assess()
    assert (answer.status_code, answer.json()["title"]) == (409, "CaseNotScored")
