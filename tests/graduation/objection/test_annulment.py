"""Annulment of an SK for one family without a sanggah (docs/case-lifecycle.md#annulment)."""

from datetime import date
from uuid import uuid4

import asyncpg
import pytest

from tests.factories.approval import approve, read_request
from tests.factories.graduation.case import CaseDriver, expect_ok, read_emitted_events, set_day
from tests.factories.graduation.events import KENDAL
from tests.factories.graduation.monitoring import (
    complete_monitoring,
    create_monitored_case,
    record_monitoring,
)
from tests.factories.graduation.objection import (
    DAY_AFTER,
    annul_graduasi,
    build_tahap,
    decide_sanggah,
    lodge_sanggah,
    request_annulment,
)
from tests.factories.services import Running, expect_refusal


async def test_annulment_before_the_effect_pays_nothing_back_and_reverses_the_credit(
    graduation: Running,
) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    expect_ok(await annul_graduasi(driver))
    assert await driver.read_state() == "DIPULIHKAN"
    ((_, fact),) = await read_emitted_events(graduation, "graduasi_annulled")
    assert (fact["reason"], fact["was_effective"], fact["back_pay_tahap"]) == ("DATA_KELIRU", False, [])
    assert len(await read_emitted_events(graduation, "credit_reversed")) == 1
    await set_day(graduation, DAY_AFTER)
    await graduation.work()
    assert await driver.read_state() == "DIPULIHKAN"


async def test_annulment_after_the_effect_decides_each_tahap_and_closes_the_tasks(
    graduation: Running,
) -> None:
    driver, tasks = await create_monitored_case(graduation)
    await set_day(graduation, date(2026, 8, 2))
    expect_ok(await record_monitoring(driver, tasks[0]))
    bare = await annul_graduasi(driver)
    assert (bare.status_code, bare.json()["title"]) == (422, "BackPayUndecided")
    expect_ok(await annul_graduasi(driver, back_pay=build_tahap("2026-3")))
    ((_, fact),) = await read_emitted_events(graduation, "graduasi_annulled")
    assert (fact["was_effective"], fact["back_pay_tahap"]) == (True, ["2026-3"])
    rows = await graduation.sql("SELECT closed_on FROM monitoring_task ORDER BY month")
    assert [row[0] for row in rows] == [None] + [date(2026, 8, 2)] * 5


async def test_unpaid_tahap_is_emitted_with_its_code_and_without_words(graduation: Running) -> None:
    driver, _ = await create_monitored_case(graduation)
    await set_day(graduation, date(2026, 8, 2))
    (tahap,) = build_tahap("2026-3", paid=False)
    expect_ok(await annul_graduasi(driver, back_pay=[tahap | {"reason_code": "SUDAH_DIBAYAR"}]))
    ((_, fact),) = await read_emitted_events(graduation, "graduasi_annulled")
    assert fact["back_pay"] == [{"tahap": "2026-3", "paid": False, "reason": "SUDAH_DIBAYAR"}]
    assert fact["back_pay_tahap"] == []


@pytest.mark.parametrize(
    ("paid", "code"), [(True, "TIDAK_BERHAK"), (False, "TETAP_BERHAK"), (False, "MENINGGAL")]
)
async def test_code_that_contradicts_the_decision_is_refused(
    graduation: Running, paid: bool, code: str
) -> None:
    driver, _ = await create_monitored_case(graduation)
    (tahap,) = build_tahap("2026-3", paid=paid)
    answer = await annul_graduasi(driver, back_pay=[tahap | {"reason_code": code}])
    assert answer.status_code == 422
    assert await driver.read_state() == "PEMANTAUAN"


async def test_accepted_sanggah_emits_the_decision_on_each_tahap(graduation: Running) -> None:
    driver, _ = await create_monitored_case(graduation)
    await set_day(graduation, date(2026, 8, 2))
    sanggah_id = expect_ok(await lodge_sanggah(driver, date(2026, 6, 1)))["sanggah_id"]
    back_pay = build_tahap("2026-3", paid=False)
    expect_ok(await decide_sanggah(driver, sanggah_id, "DITERIMA", back_pay=back_pay))
    facts = dict(await read_emitted_events(graduation, "sanggah_decided", "graduasi_annulled"))
    unpaid = [{"tahap": "2026-3", "paid": False, "reason": "LAINNYA"}]
    assert [fact["back_pay"] for fact in facts.values()] == [unpaid, unpaid]


async def test_complete_case_can_be_annulled(graduation: Running) -> None:
    driver = await complete_monitoring(graduation)
    expect_ok(await annul_graduasi(driver, back_pay=build_tahap("2026-3", "2026-4", "2027-1", paid=False)))
    shown = expect_ok(await graduation.get(f"/v1/graduasi/{driver.graduasi_id}", as_=driver.by["sk"]), 200)
    assert (shown["state"], shown["outcome"]) == ("DIPULIHKAN", None)


async def test_second_annulment_or_one_before_the_sk_is_refused(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DISETUJUI_DINSOS")
    assert (await annul_graduasi(driver)).json()["title"] == "IllegalTransition"
    expect_ok(await driver.determine("2026-05-18"))
    expect_ok(await annul_graduasi(driver))
    assert (await annul_graduasi(driver)).json()["title"] == "IllegalTransition"
    assert len(await read_emitted_events(graduation, "credit_reversed")) == 1


async def test_annulment_with_an_open_sanggah_is_refused(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    expect_ok(await lodge_sanggah(driver, date(2026, 5, 18)))
    assert (await annul_graduasi(driver)).json()["title"] == "SanggahStillOpen"


async def test_annulment_requested_by_a_person_of_a_stage_is_refused(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    expect_refusal(await annul_graduasi(driver, driver.by["sk"]), "SamePersonTwice", 403)


async def test_annulment_approved_by_a_person_of_a_stage_is_refused(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    requested = await request_annulment(driver)
    expect_refusal(await approve(graduation, requested, driver.by["sk"]), "SamePersonTwice", 403)
    assert (await read_request(graduation, requested))["state"] == "REQUESTED"


async def test_requester_who_acted_in_a_stage_since_stops_the_annulment(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    requested = await request_annulment(driver)
    await graduation.sql(
        "INSERT INTO stage_act (graduasi_id, kode_wilayah, stage, person, sub, role, four_people, at)"
        " SELECT graduasi_id, kode_wilayah, 'VERIFIKASI', 'kemensos-8', 'kemensos-8', 'x', true, now() FROM graduasi"
    )
    expect_refusal(await approve(graduation, requested), "SamePersonTwice", 403)


@pytest.mark.parametrize("role", ["DINSOS_KABKOTA", "KETUA_TIM_KABKOTA", "PENDAMPING"])
async def test_only_kemensos_requests_an_annulment(graduation: Running, role: str) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    token = graduation.token(role, "somebody-9", [KENDAL], pendamping_id=uuid4())
    expect_refusal(await request_annulment(driver, token), "NotAllowed", 403)


async def test_database_refuses_an_annulment_by_one_person(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    await graduation.expect_sql_refusal(
        "INSERT INTO annulment (graduasi_id, kode_wilayah, ground, reason_sealed, was_effective, annulled_on, annulled_by, at)"
        f" VALUES ('{driver.graduasi_id}', '33', 'SK_KELIRU', 'x', false, '2026-05-18', 'x', now())",
        asyncpg.PostgresError,
    )
