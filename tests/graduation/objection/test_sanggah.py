"""A sanggah in term suspends the case until its decision (docs/case-lifecycle.md#objections)."""

import asyncio
from datetime import date

import asyncpg
import pytest

from tests.factories.graduation.case import CaseDriver, expect_ok, read_emitted_events, set_day, work_until
from tests.factories.graduation.objection import (
    DAY_AFTER,
    LAST_DAY,
    SK_ON,
    build_sanggah,
    create_sanggah,
    decide_sanggah,
    decider_token,
    lodge_sanggah,
)
from tests.factories.services import Running

COPY_SANGGAH = """
INSERT INTO sanggah SELECT (jsonb_populate_record(s, jsonb_build_object(
    'sanggah_id', gen_random_uuid(), 'lodged_by', 'KUASA'))).* FROM sanggah s WHERE sanggah_id = $1
"""


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
