"""Concurrent and repeated requests have one effect."""

import asyncio
from collections import Counter
from datetime import date

from tests.factories.graduation.case import CaseDriver, expect_ok, set_day
from tests.factories.services import Running


async def test_fifty_concurrent_approvals_have_one_effect(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIMUSYAWARAHKAN")
    answers = await asyncio.gather(*(driver.approve() for _ in range(50)))
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses[201] == 1
    assert set(statuses) <= {201, 409, 503}
    assert {a.json()["title"] for a in answers if a.status_code == 409} == {"IllegalTransition"}
    rows = await graduation.sql("SELECT count(*) FROM graduasi_history WHERE to_state = 'DISETUJUI_DINSOS'")
    assert rows[0][0] == 1
    acts = await graduation.sql("SELECT count(*) FROM stage_act WHERE stage = 'PERSETUJUAN'")
    assert acts[0][0] == 1


async def test_a_repeated_request_has_one_effect_and_one_answer(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIMUSYAWARAHKAN")
    first = await driver.post("approval", {}, "approval", key="approval-1")
    again = await driver.post("approval", {}, "approval", key="approval-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    other = await driver.post("approval", {"note": "Setuju."}, "approval", key="approval-1")
    assert (other.status_code, other.json()["title"]) == (422, "KeyReused")
    rows = await graduation.sql("SELECT count(*) FROM graduasi_history WHERE to_state = 'DISETUJUI_DINSOS'")
    assert rows[0][0] == 1


async def test_concurrent_requests_with_one_key_get_the_same_answer(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DISETUJUI_DINSOS")
    body = {"sk_no": "SK/7/2026", "sk_on": "2026-05-18", "graduasi_ids": [driver.graduasi_id]}
    twins = [graduation.post("/v1/sk", body, as_=driver.by["sk"], key="sk-7") for _ in range(8)]
    answers = await asyncio.gather(*twins)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["sk_id"] for answer in answers}) == 1
    types = [
        one["type"] for one in await graduation.read_envelopes() if one["type"].startswith("graduation.")
    ]
    assert types.count("graduation.graduasi_determined.v1") == 1
    assert types.count("graduation.credit_granted.v1") == 1


async def test_a_decision_without_a_key_is_refused(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIMUSYAWARAHKAN")
    answer = await driver.post("approval", {}, "approval", key=None)
    assert (answer.status_code, answer.json()["title"]) == (400, "KeyMissing")


async def test_two_concurrent_openings_open_one_case(graduation: Running) -> None:
    await set_day(graduation, date(2026, 4, 6))
    driver = await CaseDriver.start(graduation)
    body = {
        "kpm_id": str(driver.kpm_id),
        "kepesertaan_id": str(driver.kepesertaan_id),
        "exit_reason": "SEJAHTERA_MANDIRI",
    }
    answers = await asyncio.gather(
        *(graduation.post("/v1/graduasi", body, as_=driver.by["field"]) for _ in range(6))
    )
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 5}
    refusals = [answer.json() for answer in answers if answer.status_code == 409]
    assert {refusal["title"] for refusal in refusals} == {"CaseAlreadyOpen"}
    opened = next(answer.json()["graduasi_id"] for answer in answers if answer.status_code == 201)
    assert {refusal["params"]["graduasi_id"] for refusal in refusals} == {opened}


async def test_case_is_in_one_sk(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DISETUJUI_DINSOS")
    answers = await asyncio.gather(driver.determine("2026-05-18"), driver.determine("2026-05-18"))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    loser = next(answer for answer in answers if answer.status_code == 409)
    assert loser.json()["title"] == "CasesNotApproved"


async def test_sk_number_is_unique(graduation: Running) -> None:
    drivers = [await (await CaseDriver.start(graduation)).advance_to("DISETUJUI_DINSOS") for _ in range(3)]
    body = {
        "sk_no": "SK/8/2026",
        "sk_on": "2026-05-18",
        "graduasi_ids": [driver.graduasi_id for driver in drivers[:2]],
    }
    made = expect_ok(await graduation.post("/v1/sk", body, as_=drivers[0].by["sk"]))
    shown = expect_ok(await graduation.get(f"/v1/sk/{made['sk_id']}", as_=drivers[0].by["sk"]), 200)
    assert {one["graduasi_id"] for one in shown["penetapan"]} == {
        driver.graduasi_id for driver in drivers[:2]
    }
    answer = await drivers[2].determine("2026-05-18", "SK/8/2026")
    assert (answer.status_code, answer.json()["title"]) == (409, "SkNumberTaken")
    assert answer.json()["params"] == {"sk_id": made["sk_id"]}
