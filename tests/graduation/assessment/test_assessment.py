"""Assessments: required answers and evidence, and the explained result."""

import json
from datetime import date

from shared.http.texts import read_texts
from tests.factories.applications import application
from tests.factories.graduation.case import CaseDriver, expect_ok, set_day
from tests.factories.services import Running


async def open_case(service: Running, **facts: object) -> CaseDriver:
    await set_day(service, date(2026, 4, 6))
    return await (await CaseDriver.start(service, **facts)).open()


async def test_missing_evidence_is_refused_naming_the_criteria(graduation: Running) -> None:
    driver = await open_case(graduation)
    body = await driver.build_answers()
    del body["answers"]["INCOME_PER_CAPITA_RP"]["evidence_sha256"]
    answer = await driver.post("asesmen", body, "field")
    assert (answer.status_code, answer.json()["title"]) == (422, "EvidenceMissing")
    assert answer.json()["detail"].startswith("These criteria have no evidence: INCOME_PER_CAPITA_RP.")
    (entry,) = answer.json()["errors"]
    assert entry["pointer"] == "/body/answers/INCOME_PER_CAPITA_RP/evidence_sha256"
    assert await driver.read_state() == "TERIDENTIFIKASI"


async def test_missing_answer_is_refused_naming_the_criteria(graduation: Running) -> None:
    driver = await open_case(graduation)
    body = await driver.build_answers()
    del body["answers"]["BERSEDIA"], body["answers"]["SAVINGS_RP"]
    answer = await driver.post("asesmen", body, "field", headers={"Accept-Language": "id"})
    assert (answer.status_code, answer.json()["title"]) == (422, "AnswersMissing")
    assert (
        answer.json()["detail"]
        == "Kriteria berikut belum dijawab: SAVINGS_RP, BERSEDIA. Jawab semuanya, lalu kirim lagi asesmennya."
    )
    assert answer.json()["params"] == {"codes": ["SAVINGS_RP", "BERSEDIA"]}
    assert answer.json()["errors"] == [
        {
            "pointer": f"/body/answers/{code}",
            "code": "AnswersMissing",
            "message": f"Kriteria berikut belum dijawab: {code}. Jawab semuanya, lalu kirim lagi asesmennya.",
        }
        for code in ("SAVINGS_RP", "BERSEDIA")
    ]


async def test_evidence_that_was_not_uploaded_is_refused(graduation: Running) -> None:
    driver = await open_case(graduation)
    body = await driver.build_answers()
    body["answers"]["HOUSE_FLAWS"]["evidence_sha256"] = "a" * 64
    answer = await driver.post("asesmen", body, "field")
    assert (answer.status_code, answer.json()["title"]) == (422, "FileNotUploaded")
    assert answer.json()["errors"][0]["pointer"] == "/body/answers/HOUSE_FLAWS/evidence_sha256"


async def test_answer_to_no_criterion_is_refused(graduation: Running) -> None:
    driver = await open_case(graduation)
    answer = await driver.assess(VOLUNTARY=True)
    assert (answer.status_code, answer.json()["title"]) == (422, "IndicatorUnknown")
    assert [entry["pointer"] for entry in answer.json()["errors"]] == ["/body/answers/VOLUNTARY"]


async def test_answer_of_the_wrong_type_is_refused(graduation: Running) -> None:
    driver = await open_case(graduation)
    answer = await driver.assess(SAVINGS_RP=True, CHILDREN_IN_SCHOOL=1)
    assert (answer.status_code, answer.json()["title"]) == (422, "AnswerTypeMismatch")
    assert "CHILDREN_IN_SCHOOL, SAVINGS_RP" in answer.json()["detail"]


async def test_a_value_out_of_range_has_one_entry_at_its_place(graduation: Running) -> None:
    driver = await open_case(graduation)
    answer = await driver.assess(SAVINGS_RP=-5, CHILDREN_IN_SCHOOL="ya")
    entries = {entry["pointer"]: entry["code"] for entry in answer.json()["errors"]}
    assert (answer.status_code, len(answer.json()["errors"])) == (422, 2)
    assert entries == {
        "/body/answers/SAVINGS_RP/value": "greater_than_equal",
        "/body/answers/CHILDREN_IN_SCHOOL/value": "bool_or_int_type",
    }


async def test_published_example_of_an_assessment_is_accepted(graduation: Running) -> None:
    driver = await open_case(graduation)
    path = "/v1/graduasi/{graduasi_id}/asesmen"
    body = application("graduation").openapi()["paths"][path]["post"]["requestBody"]
    example = json.dumps(body["content"]["application/json"]["example"])
    answers = json.loads(
        example.replace(read_texts("examples")["evidence_sha256"].strip('"'), await driver.upload_evidence())
    )
    assert expect_ok(await driver.post("asesmen", answers, "field"))["result"] == "SIAP"


async def test_failed_knock_out_is_belum_siap_and_may_be_repeated(graduation: Running) -> None:
    driver = await open_case(graduation)
    asesmen = expect_ok(await driver.assess(INCOME_PER_CAPITA_RP=899_999))
    assert (asesmen["result"], asesmen["score_percent"]) == ("BELUM_SIAP", 81)
    criterion = next(item for item in asesmen["explanation"] if item["code"] == "INCOME_PER_CAPITA_RP")
    assert criterion["passed"] is False
    assert criterion["en"].endswith("899,999; at least 900,000 asked: not met.")
    assert expect_ok(await driver.assess())["result"] == "SIAP"
    rows = await graduation.sql("SELECT result FROM asesmen ORDER BY asesmen_id")
    assert [row["result"] for row in rows] == ["BELUM_SIAP", "SIAP"]


async def test_score_below_the_threshold_is_belum_siap(graduation: Running) -> None:
    driver = await open_case(graduation)
    low = {"INCOME_STABLE_MONTHS": 1, "DEBT_BURDEN_PERCENT": 90, "SAVINGS_RP": 0, "HOUSE_FLAWS": 5}
    low |= {"HEALTH_COVER_PLAN": False, "CHILDREN_IN_SCHOOL": False}
    asesmen = expect_ok(await driver.assess(**low))
    assert (asesmen["result"], asesmen["score_percent"]) == ("BELUM_SIAP", 63)


async def test_willingness_is_asked_without_weight(graduation: Running) -> None:
    asesmen = expect_ok(await (await open_case(graduation)).assess(BERSEDIA=False))
    assert (asesmen["result"], asesmen["score_percent"], asesmen["bersedia"]) == ("SIAP", 100, False)


async def test_family_without_able_members_is_exempt(graduation: Running) -> None:
    driver = await open_case(graduation, members=1, able_productive=0, lansia=1)
    asesmen = expect_ok(await driver.post("asesmen", {"answers": {}}, "field"))
    assert asesmen["result"] == "DIKECUALIKAN"
    assert asesmen["explanation"][0]["id"].startswith("Keluarga memiliki 0 anggota produktif")
    assert await driver.read_state() == "DIKECUALIKAN"


async def test_assessment_stores_the_facts_of_its_date(graduation: Running) -> None:
    driver = await open_case(graduation)
    expect_ok(await driver.assess())
    await graduation.sql("UPDATE replica_kpm.kpm SET desil = '[]'")
    shown = expect_ok(await graduation.get(f"/v1/graduasi/{driver.graduasi_id}", as_=driver.by["field"]), 200)
    assert shown["asesmen"]["facts"]["DESIL_NAS"] == 5
    assert shown["asesmen"]["facts"]["as_of"] == "2026-04-06"


async def test_village_operator_sees_no_assessment_details(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIUSULKAN")
    shown = expect_ok(
        await graduation.get(f"/v1/graduasi/{driver.graduasi_id}", as_=driver.by["musyawarah"]), 200
    )
    assert {"asesmen", "differences", "changes"}.isdisjoint(shown)
    assert shown["state"] == "DIUSULKAN"


async def test_natural_exit_needs_no_assessment(graduation: Running) -> None:
    await set_day(graduation, date(2026, 4, 6))
    driver = await (await CaseDriver.start(graduation)).open("ALAMIAH")
    answer = await driver.assess()
    assert (answer.status_code, answer.json()["title"]) == (409, "CaseNotScored")
