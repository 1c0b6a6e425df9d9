"""Policy versions are drafted, approved by two others and activated from a day."""

import asyncio
from collections import Counter
from datetime import date
from typing import Any

import pytest

from tests.factories.graduation.case import CaseDriver, expect_ok, set_day
from tests.factories.graduation.policy import POLICY_DAY, Ministry, start_ministry
from tests.factories.services import Running


async def test_activated_version_ends_the_previous_one(graduation: Running) -> None:
    people = await start_ministry(graduation)
    drafted = expect_ok(await people.draft(sanggah_length=14))
    assert (drafted["version"], drafted["state"], drafted["valid_from"]) == (2, "DRAFT", None)
    assert expect_ok(await people.approve(2))["state"] == "DRAFT"
    assert expect_ok(await people.approve(3))["state"] == "APPROVED"
    body = expect_ok(await people.activate("2026-06-01"))
    assert (body["state"], body["drafted_by"]) == ("PLANNED", "kemensos-1")
    assert (body["first_approver"], body["second_approver"]) == ("kemensos-2", "kemensos-3")
    before = await people.read_policy()
    assert (before["version"], before["valid_to"], before["sanggah_length"]) == (1, "2026-06-01", 30)
    await set_day(graduation, date(2026, 6, 1))
    after = await people.read_policy()
    assert (after["version"], after["state"], after["sanggah_length"]) == (2, "IN_FORCE", 14)
    for state, count in {"ENDED": 1, "IN_FORCE": 7, "DRAFT": 0, "PLANNED": 0, "APPROVED": 0}.items():
        listed = expect_ok(
            await graduation.get(f"/v1/policy?state={state}", as_=people.official_token(4)), 200
        )
        assert len(listed["items"]) == count, state


async def test_approval_by_the_drafter_or_twice_or_a_third_time_is_refused(
    graduation: Running,
) -> None:
    people = await start_ministry(graduation)
    expect_ok(await people.draft())
    answer = await people.approve(1)
    assert (answer.status_code, answer.json()["title"]) == (403, "ApprovedByDrafter")
    assert (await people.activate("2026-06-01")).json()["title"] == "PolicyNotApproved"
    expect_ok(await people.approve(2))
    assert (await people.approve(2)).json()["title"] == "PolicyAlreadyApproved"
    assert (await people.activate("2026-06-01")).json()["title"] == "PolicyNotApproved"
    expect_ok(await people.approve(3))
    assert (await people.approve(4)).json()["title"] == "PolicyAlreadyApproved"
    expect_ok(await people.activate("2026-06-01"))
    assert (await people.activate("2026-07-01")).json()["title"] == "PolicyAlreadyActivated"


async def test_concurrent_approvals_store_two(graduation: Running) -> None:
    people = await start_ministry(graduation)
    expect_ok(await people.draft())
    answers = await asyncio.gather(*(people.approve(number) for number in range(2, 8)))
    assert Counter(answer.status_code for answer in answers) == {201: 2, 409: 4}
    assert (await graduation.sql("SELECT count(*) FROM policy_approval"))[0][0] == 2


async def test_activation_in_the_past_or_over_another_version_is_refused(graduation: Running) -> None:
    people = await start_ministry(graduation)
    expect_ok(await people.draft())
    expect_ok(await people.approve(2))
    expect_ok(await people.approve(3))
    answer = await people.activate("2026-05-17")
    assert (answer.status_code, answer.json()["title"]) == (422, "DateInThePast")
    expect_ok(await people.activate("2026-08-01"))
    earlier = await start_ministry(graduation)
    expect_ok(await earlier.draft())
    expect_ok(await earlier.approve(2))
    expect_ok(await earlier.approve(3))
    for valid_from in ("2026-07-01", "2026-08-01"):
        answer = await earlier.activate(valid_from)
        assert (answer.status_code, answer.json()["title"]) == (409, "VersionNotLatest")
    expect_ok(await earlier.activate("2026-09-01"))
    rows = await graduation.sql(
        "SELECT version, valid_from, valid_to FROM policy WHERE exit_reason = 'SEJAHTERA_MANDIRI' ORDER BY version"
    )
    ends = [(row["valid_from"], row["valid_to"]) for row in rows]
    assert ends == [
        (date(2025, 1, 1), date(2026, 8, 1)),
        (date(2026, 8, 1), date(2026, 9, 1)),
        (date(2026, 9, 1), None),
    ]


async def test_concurrent_activations_never_overlap(graduation: Running) -> None:
    await set_day(graduation, POLICY_DAY)
    both = [Ministry(graduation), Ministry(graduation)]
    for people in both:
        expect_ok(await people.draft())
        expect_ok(await people.approve(2))
        expect_ok(await people.approve(3))
    answers = await asyncio.gather(*(people.activate("2026-06-01") for people in both))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 1}
    assert next(a for a in answers if a.status_code == 409).json()["title"] == "VersionNotLatest"


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ({"stages": ["USUL", "VERIFIKASI", "PENETAPAN", "SANGGAH"]}, "StagesMissing"),
        ({"instrument_version": None}, "InstrumentUnfit"),
        ({"instrument_version": 99}, "InstrumentUnknown"),
        ({"needs_score": False, "instrument_version": None}, "StatementWithoutScore"),
        ({"opened_by": "EXIT_PROPOSED"}, "ExitProposedIsNotScored"),
        ({"credit_rule_version": 9}, "CreditRuleUnknown"),
        ({"candidate_usaha_months": None, "candidate_reasons": 3}, "CandidateReasonsTooMany"),
        ({"candidate_komponen_months": 3}, "CandidateReasonsConflict"),
        ({"exit_reason": "UNKNOWN"}, "Invalid"),
        ({"candidate_desil_scope": None}, "Invalid"),
        ({"evidence_for": ["EFEKTIF"]}, "Invalid"),
    ],
)
async def test_contradicting_draft_is_refused(
    graduation: Running, content: dict[str, Any], title: str
) -> None:
    people = await start_ministry(graduation)
    body = await people.build_policy() | content
    answer = await graduation.post("/v1/policy", body, as_=people.official_token(1))
    assert (answer.status_code, answer.json()["title"]) == (422, title)
    assert (await graduation.sql("SELECT count(*) FROM policy"))[0][0] == 7


async def test_only_kemensos_drafts_and_approves(graduation: Running) -> None:
    people = await start_ministry(graduation)
    expect_ok(await people.draft())
    dinsos = graduation.token("DINSOS_KABKOTA", "dinsos-kendal-1", ["33.24"])
    refused = [
        await graduation.post("/v1/policy", await people.build_policy(), as_=dinsos),
        await graduation.post(f"/v1/policy/{people.policy_id}/approval", {}, as_=dinsos),
    ]
    assert {answer.status_code for answer in refused} == {403}


async def test_new_version_does_not_change_open_cases_and_results(
    graduation: Running,
) -> None:
    people = await start_ministry(graduation)
    old = await (await CaseDriver.start(graduation)).advance_to("SIAP")
    await people.enact(
        "2026-05-19",
        instrument=await people.build_harder_instrument(),
        instrument_version=None,
        sanggah_length=14,
    )
    await set_day(graduation, date(2026, 5, 20))
    new = await (await CaseDriver.start(graduation)).open()
    body = await new.build_answers()
    del body["answers"]["INCOME_PER_CAPITA_RP"]
    judged = expect_ok(await new.post("asesmen", body, "field"))
    assert (judged["result"], judged["instrument_version"]) == ("BELUM_SIAP", 2)
    for driver, version, result in ((old, 1, "SIAP"), (new, 2, "BELUM_SIAP")):
        shown = expect_ok(
            await graduation.get(f"/v1/graduasi/{driver.graduasi_id}", as_=driver.by["field"]), 200
        )
        assert (shown["policy_version"], shown["asesmen"]["result"]) == (version, result)
        path = f"/v1/asesmen/{shown['asesmen']['asesmen_id']}"
        made = expect_ok(await graduation.get(path, as_=driver.by["field"]), 200)
        again = expect_ok(await graduation.get(f"{path}/reproduction", as_=driver.by["field"]), 200)
        assert (again["equal"], again["policy_version"], again["instrument_version"]) == (
            True,
            version,
            version,
        )
        for name in ("result", "score_percent", "explanation"):
            assert again[name] == made[name]
    for step in (old.sign("2026-05-20"), old.propose(), old.verify(), old.deliberate("2026-05-20")):
        expect_ok(await step)
    expect_ok(await old.approve())
    expect_ok(await old.determine("2026-05-20"))
    rows = await graduation.sql("SELECT term_ends_on FROM penetapan")
    assert rows[0]["term_ends_on"] == date(2026, 6, 19)


async def test_reproduction_detects_a_changed_result(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("SIAP")
    rows = await graduation.sql("UPDATE asesmen SET score_percent = 99 RETURNING asesmen_id")
    path = f"/v1/asesmen/{rows[0]['asesmen_id']}/reproduction"
    body = expect_ok(await graduation.get(path, as_=driver.by["field"]), 200)
    assert (body["equal"], body["score_percent"]) == (False, 100)
    other = await CaseDriver.start(graduation)
    assert (await graduation.get(path, as_=other.by["field"])).status_code == 404
    village = await graduation.get(path, as_=driver.by["musyawarah"])
    assert (village.status_code, village.json()["title"]) == (403, "NotAllowed")


async def test_first_policy_of_a_reason_allows_its_cases(graduation: Running) -> None:
    people = await start_ministry(graduation)
    content = await people.build_policy("ALAMIAH", needs_komponen_ended=False) | {
        "exit_reason": "MENGUNDURKAN_DIRI"
    }
    made = expect_ok(await graduation.post("/v1/policy", content, as_=people.official_token(1)))
    assert made["version"] == 1
    people.policy_id = made["policy_id"]
    expect_ok(await people.approve(2))
    expect_ok(await people.approve(3))
    expect_ok(await people.activate("2026-05-18"))
    driver = await (await CaseDriver.start(graduation)).open("MENGUNDURKAN_DIRI")
    assert expect_ok(await driver.propose())["state"] == "DIUSULKAN"


async def test_policy_may_require_evidence_for_side_states(graduation: Running) -> None:
    people = await start_ministry(graduation)
    await people.enact("2026-05-18", evidence_for=["DIBATALKAN"])
    driver = await (await CaseDriver.start(graduation)).advance_to("DIUSULKAN")
    body = {"ground": "KELUARGA_MENARIK_DIRI", "reason": "Keluarga menarik pernyataannya."}
    answer = await driver.post("cancellation", body, "field")
    assert (answer.status_code, answer.json()["title"]) == (422, "EvidenceRequired")
    answer = await driver.post("cancellation", body | {"evidence_sha256": "a" * 64}, "field")
    assert (answer.status_code, answer.json()["title"]) == (422, "FileNotUploaded")
    letter = await driver.upload_evidence(b"a letter")
    assert expect_ok(await driver.post("cancellation", body | {"evidence_sha256": letter}, "field"))[
        "state"
    ] == ("DIBATALKAN")
    rows = await graduation.sql("SELECT evidence_sha256 FROM graduasi_history WHERE to_state = 'DIBATALKAN'")
    assert rows[0][0] == letter
