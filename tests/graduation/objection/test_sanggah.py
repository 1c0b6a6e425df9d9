"""A sanggah in term suspends the case until its decision (docs/case-lifecycle.md#objections)."""

import asyncio
from datetime import date

import asyncpg
import pytest

from tests.factories.graduation.case import CaseDriver, expect_ok, read_emitted_events, set_day, work_until
from tests.factories.graduation.events import DESA, KENDAL
from tests.factories.graduation.objection import (
    DAY_AFTER,
    LAST_DAY,
    SK_ON,
    build_sanggah,
    decide_sanggah,
    decider_token,
    lodge_sanggah,
)
from tests.factories.services import Running

COPY_SANGGAH = """
INSERT INTO sanggah SELECT (jsonb_populate_record(s, jsonb_build_object(
    'sanggah_id', gen_random_uuid(), 'lodged_by', 'KUASA'))).* FROM sanggah s WHERE sanggah_id = $1
"""


async def create_sanggah(
    service: Running, lodged_on: date = LAST_DAY, typed_on: date | None = None
) -> tuple[CaseDriver, str]:
    driver = await (await CaseDriver.start(service)).advance_to("MASA_SANGGAH", SK_ON)
    await set_day(service, typed_on or lodged_on)
    return driver, expect_ok(await lodge_sanggah(driver, lodged_on))["sanggah_id"]


@pytest.mark.parametrize("lodged_on", [date(2026, 5, 18), date(2026, 6, 16), LAST_DAY])
async def test_sanggah_in_term_suspends_the_case_and_is_emitted(graduation: Running, lodged_on: date) -> None:
    driver, sanggah_id = await create_sanggah(graduation, lodged_on)
    assert await driver.read_state() == "DISANGGAH"
    ((_, fact),) = await read_emitted_events(graduation, "sanggah_lodged")
    assert (fact["sanggah_id"], fact["lodged_on"], fact["suspends"]) == (sanggah_id, str(lodged_on), True)
    assert fact["kepesertaan_id"] == str(driver.kepesertaan_id)
    items = expect_ok(await graduation.get("/v1/sanggah?state=DIAJUKAN", as_=decider_token(graduation)), 200)[
        "items"
    ]
    assert [(one["sanggah_id"], one["typed_by"]) for one in items] == [(sanggah_id, "operator-desa-1")]


@pytest.mark.parametrize("hour", [0, 3, 16])
async def test_sanggah_a_day_late_is_refused_and_names_the_other_procedure(
    graduation: Running, hour: int
) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH", SK_ON)
    await set_day(graduation, DAY_AFTER, hour)
    answer = await lodge_sanggah(driver, DAY_AFTER)
    assert (answer.status_code, answer.json()["title"]) == (409, "SanggahOutOfTerm")
    assert "POST /v1/usulan" in answer.json()["detail"]
    assert "UU 30/2014" in answer.json()["detail"]
    assert await driver.read_state() == "MASA_SANGGAH"
    assert await graduation.sql("SELECT 1 FROM sanggah") == []


async def test_term_ends_by_the_date_in_jakarta(graduation: Running) -> None:
    """At 17:30 UTC it is already the next day in Jakarta."""
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH", SK_ON)
    await set_day(graduation, LAST_DAY, 17)
    assert (await lodge_sanggah(driver, DAY_AFTER)).json()["title"] == "SanggahOutOfTerm"
    expect_ok(await lodge_sanggah(driver, LAST_DAY))


async def test_paper_dated_tomorrow_or_before_the_announcement_is_refused(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH", SK_ON)
    await set_day(graduation, date(2026, 5, 20))
    assert (await lodge_sanggah(driver, date(2026, 5, 21))).json()["title"] == "DateInTheFuture"
    assert (await lodge_sanggah(driver, date(2026, 5, 17))).json()["title"] == "DateTooEarly"


@pytest.mark.parametrize(("typed_on", "state"), [(DAY_AFTER, "EFEKTIF"), (date(2026, 7, 9), "PEMANTAUAN")])
async def test_paper_recorded_late_suspends_an_effective_case(
    graduation: Running, typed_on: date, state: str
) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH", SK_ON)
    await work_until(graduation, typed_on)
    assert await driver.read_state() == state
    expect_ok(await lodge_sanggah(driver, LAST_DAY))
    assert await driver.read_state() == "DISANGGAH"


async def test_suspended_case_does_not_take_effect_at_the_end_of_the_term(graduation: Running) -> None:
    driver, _ = await create_sanggah(graduation)
    await set_day(graduation, date(2026, 7, 9))
    await graduation.work()
    assert await driver.read_state() == "DISANGGAH"
    assert await read_emitted_events(graduation, "kpm_graduated") == []


async def test_sanggah_concurrent_with_the_end_of_the_term_ends_in_disanggah(graduation: Running) -> None:
    drivers = [await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH", SK_ON) for _ in range(6)]
    papers = [await build_sanggah(driver, LAST_DAY) for driver in drivers]
    await set_day(graduation, DAY_AFTER)
    _, *answers = await asyncio.gather(
        graduation.work(),
        *(driver.post("sanggah", one, "musyawarah") for driver, one in zip(drivers, papers, strict=True)),
    )
    await graduation.work()
    assert {answer.status_code for answer in answers} == {201}
    assert {await driver.read_state() for driver in drivers} == {"DISANGGAH"}


async def test_second_open_sanggah_is_refused(graduation: Running) -> None:
    driver, first = await create_sanggah(graduation, date(2026, 6, 1))
    assert (await lodge_sanggah(driver, date(2026, 6, 1), b"another")).json()["title"] == "SanggahStillOpen"
    expect_ok(await decide_sanggah(driver, first, "DITOLAK"))
    assert await driver.read_state() == "MASA_SANGGAH"
    other = {"ground": "DATA_TIDAK_SESUAI"}
    second = expect_ok(await lodge_sanggah(driver, date(2026, 6, 1), b"another", **other))["sanggah_id"]
    with pytest.raises(asyncpg.UniqueViolationError, match="uq_sanggah_open"):
        await graduation.sql(COPY_SANGGAH, second)
    expect_ok(await decide_sanggah(driver, second, "DITERIMA"))
    assert (await decide_sanggah(driver, second, "DITOLAK")).json()["title"] == "SanggahAlreadyDecided"
    assert (await lodge_sanggah(driver, date(2026, 6, 1), b"third")).json()["title"] == "IllegalTransition"


async def test_sanggah_before_the_sk_is_refused(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DISETUJUI_DINSOS", SK_ON)
    assert (await lodge_sanggah(driver, date(2026, 5, 18))).json()["title"] == "IllegalTransition"


async def test_sanggah_refused_in_the_term_returns_to_the_term(graduation: Running) -> None:
    driver, sanggah_id = await create_sanggah(graduation, date(2026, 6, 1))
    expect_ok(await decide_sanggah(driver, sanggah_id, "DITOLAK"))
    assert await driver.read_state() == "MASA_SANGGAH"
    ((_, fact),) = await read_emitted_events(graduation, "sanggah_decided")
    assert (fact["outcome"], fact["effective_tahap"]) == ("DITOLAK", "2026-3")
    await set_day(graduation, DAY_AFTER)
    await graduation.work()
    assert await driver.read_state() == "EFEKTIF"


@pytest.mark.parametrize(
    ("decided_on", "tahap", "effective_on"),
    [
        (date(2026, 6, 20), "2026-3", "2026-07-01"),
        (date(2026, 6, 21), "2026-4", "2026-10-01"),
        (date(2026, 9, 21), "2027-1", "2027-01-01"),
    ],
)
async def test_sanggah_refused_after_the_term_takes_effect_by_the_decision_date(
    graduation: Running, decided_on: date, tahap: str, effective_on: str
) -> None:
    driver, sanggah_id = await create_sanggah(graduation)
    await set_day(graduation, decided_on)
    await graduation.work()
    expect_ok(await decide_sanggah(driver, sanggah_id, "DITOLAK"))
    assert await driver.read_state() == "EFEKTIF"
    facts = await read_emitted_events(graduation, "sanggah_decided", "kpm_graduated")
    assert [kind for kind, _ in facts] == ["sanggah_decided", "kpm_graduated"]
    assert {(fact["effective_tahap"], fact["effective_on"]) for _, fact in facts} == {(tahap, effective_on)}


async def test_sanggah_refused_after_the_effect_keeps_the_certificate_and_moves_the_tasks(
    graduation: Running,
) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH", SK_ON)
    await work_until(graduation, date(2026, 7, 9))
    before = await graduation.sql("SELECT certificate_no FROM certificate")
    sanggah_id = expect_ok(await lodge_sanggah(driver, LAST_DAY))["sanggah_id"]
    expect_ok(await decide_sanggah(driver, sanggah_id, "DITOLAK"))
    assert await driver.read_state() == "EFEKTIF"
    await graduation.work()
    assert await driver.read_state() == "EFEKTIF"  # its tahap, the fourth, has not begun
    await set_day(graduation, date(2026, 10, 1))
    await graduation.work()
    assert await driver.read_state() == "PEMANTAUAN"
    tasks = await graduation.sql(
        "SELECT month, opens_on FROM monitoring_task WHERE month <= 6 ORDER BY month"
    )
    assert (len(tasks), tasks[0]["opens_on"]) == (6, date(2026, 10, 1))
    assert await graduation.sql("SELECT certificate_no FROM certificate") == before
    assert len(await read_emitted_events(graduation, "kpm_graduated")) == 1


async def test_accepted_sanggah_annuls_the_sk_for_the_family(graduation: Running) -> None:
    driver, sanggah_id = await create_sanggah(graduation, date(2026, 6, 1))
    expect_ok(await decide_sanggah(driver, sanggah_id, "DITERIMA"))
    assert await driver.read_state() == "DIPULIHKAN"
    facts = await read_emitted_events(
        graduation, "sanggah_decided", "credit_granted", "credit_reversed", "graduasi_annulled"
    )
    assert [kind for kind, _ in facts] == [
        "credit_granted",
        "sanggah_decided",
        "credit_reversed",
        "graduasi_annulled",
    ]
    (granted, _, reversed_, annulled) = (fact for _, fact in facts)
    assert granted["credit_id"] == reversed_["credit_id"]
    assert (granted["year"], granted["penugasan_id"]) == (reversed_["year"], reversed_["penugasan_id"])
    assert (annulled["reason"], annulled["was_effective"]) == ("SANGGAH_DITERIMA", False)
    assert (annulled["back_pay_tahap"], annulled["annulled_on"]) == ([], "2026-06-01")
    await set_day(graduation, date(2026, 7, 9))
    await graduation.work()
    assert await driver.read_state() == "DIPULIHKAN"
    numbers = expect_ok(await graduation.post("/v1/numbers", {}, as_=driver.by["sk"]), 200)["totals"]
    assert numbers == {"determined": 1, "annulled": 1, "effective": 0, "credited": 0}


async def test_sanggah_accepted_after_the_effect_decides_each_tahap(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH", SK_ON)
    await work_until(graduation, date(2026, 7, 9))
    sanggah_id = expect_ok(await lodge_sanggah(driver, LAST_DAY))["sanggah_id"]
    await set_day(graduation, date(2026, 9, 21))  # the lists of tahap 3 and 4 are closed by now
    third = {"tahap": "2026-3", "paid": True, "reason": "Tidak dibayar saat disanggah."}
    fourth = {"tahap": "2026-4", "paid": False, "reason": "Masih dapat masuk daftar susulan."}
    half = await decide_sanggah(driver, sanggah_id, "DITERIMA", back_pay=[third])
    assert (half.status_code, half.json()["title"]) == (422, "BackPayUndecided")
    assert "2026-4" in half.json()["detail"]
    foreign = {"tahap": "2026-2", "paid": True, "reason": "Sudah dibayar."}
    more = await decide_sanggah(driver, sanggah_id, "DITERIMA", back_pay=[third, fourth, foreign])
    assert (more.status_code, more.json()["title"]) == (422, "BackPayNotConcerned")
    (entry,), params = more.json()["errors"], more.json()["params"]
    assert (entry["pointer"], params) == ("/body/back_pay/2", {"tahap": ["2026-2"]})
    expect_ok(await decide_sanggah(driver, sanggah_id, "DITERIMA", back_pay=[third, fourth]))
    ((_, fact),) = await read_emitted_events(graduation, "graduasi_annulled")
    assert (fact["was_effective"], fact["back_pay_tahap"]) == (True, ["2026-3"])
    rows = await graduation.sql("SELECT tahap, paid FROM back_payment ORDER BY tahap")
    assert [tuple(row) for row in rows] == [("2026-3", True), ("2026-4", False)]
    waiting = await graduation.sql("SELECT 1 FROM monitoring_task WHERE closed_on IS NULL")
    assert waiting == []


async def test_refused_sanggah_pays_nothing_back(graduation: Running) -> None:
    driver, sanggah_id = await create_sanggah(graduation)
    paid = {"tahap": "2026-3", "paid": True, "reason": "Keliru."}
    answer = await decide_sanggah(driver, sanggah_id, "DITOLAK", back_pay=[paid])
    assert answer.json()["title"] == "BackPayNotConcerned"


@pytest.mark.parametrize("stage", ["verification", "approval", "sk", "field"])
async def test_person_of_a_stage_cannot_decide(graduation: Running, stage: str) -> None:
    driver, sanggah_id = await create_sanggah(graduation)
    person = {
        "verification": "ketua-tim-kendal-1",
        "approval": "dinsos-kendal-1",
        "sk": "kemensos-1",
        "field": "second-account",
    }[stage]
    mine = driver.field.pendamping_id if stage == "field" else None
    token = graduation.token("DINSOS_KABKOTA", person, [KENDAL], pendamping_id=mine)
    answer = await decide_sanggah(driver, sanggah_id, "DITERIMA", token)
    assert (answer.status_code, answer.json()["title"]) == (403, "SamePersonTwice")
    assert await driver.read_state() == "DISANGGAH"
    connection = await asyncpg.connect(graduation.settings.worker_database_url)
    try:
        with pytest.raises(asyncpg.ExclusionViolationError, match="ex_stage_act_four_people"):
            await connection.execute(
                "INSERT INTO stage_act (graduasi_id, kode_wilayah, stage, person, sub, role, four_people, at)"
                " VALUES ($1, $2, 'SANGGAH', $3, 'x', 'x', true, now())",
                driver.graduasi_id,
                DESA,
                str(mine or person),
            )
    finally:
        await connection.close()


async def test_concurrent_decisions_store_one(graduation: Running) -> None:
    driver, sanggah_id = await create_sanggah(graduation)
    other = graduation.token("KEMENSOS", "kemensos-9")
    answers = await asyncio.gather(
        decide_sanggah(driver, sanggah_id, "DITERIMA"), decide_sanggah(driver, sanggah_id, "DITOLAK", other)
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert len(await read_emitted_events(graduation, "sanggah_decided")) == 1


async def test_pendamping_records_a_sanggah_only_for_an_accompanied_family(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH", SK_ON)
    body = await build_sanggah(driver, date(2026, 5, 18))
    driver.by["other"] = (await CaseDriver.start(graduation)).field.token
    assert (await driver.post("sanggah", body, "other")).status_code == 404
    expect_ok(await driver.post("sanggah", body, "field"))


@pytest.mark.parametrize("column", ["lodged_on", "evidence_sha256", "typed_by"])
async def test_service_roles_cannot_change_a_sanggah(graduation: Running, column: str) -> None:
    await create_sanggah(graduation)
    for role in (graduation.settings.database_url, graduation.settings.worker_database_url):
        connection = await asyncpg.connect(role)
        try:
            for statement in (
                f"UPDATE sanggah SET {column} = NULL",
                "DELETE FROM sanggah",
                "UPDATE sanggah_decision SET reason_sealed = ''",
                "UPDATE annulment SET reason_sealed = ''",
                "UPDATE back_payment SET paid = true",
            ):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement)
        finally:
            await connection.close()
