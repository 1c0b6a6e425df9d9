"""Cases of a family whose only member has died or joined another family."""

from datetime import date

import pytest

from shared.contracts.kinds import FamilyEndReason
from tests.factories.graduation.case import CaseDriver, expect_ok, read_emitted_events, set_day, work_until
from tests.factories.graduation.events import apply_events
from tests.factories.graduation.family import case_of, fact_ids, family_ended, family_facts
from tests.factories.graduation.monitoring import (
    complete_monitoring,
    create_monitored_case,
    read_tasks,
    record_monitoring,
)
from tests.factories.graduation.objection import decide_sanggah, lodge_sanggah
from tests.factories.services import Running

DAY = date(2026, 5, 18)
BERGABUNG = FamilyEndReason.BERGABUNG
WHY = {"reason": "Surat keterangan belum ada."}
BEFORE_SK = ["TERIDENTIFIKASI", "SIAP", "PERNYATAAN_DITANDATANGANI", "DIUSULKAN", "DIMUSYAWARAHKAN"]


async def case_in(service: Running, state: str) -> CaseDriver:
    return await (await CaseDriver.start(service)).advance_to(state)


async def effective_case(service: Running) -> CaseDriver:
    """Return a case in EFEKTIF since 2026-06-18, whose effective day is 2026-07-01."""
    driver = await case_in(service, "MASA_SANGGAH")
    await set_day(service, date(2026, 6, 18))
    await service.work()
    assert await driver.read_state() == "EFEKTIF"
    return driver


async def die(driver: CaseDriver, on: date) -> None:
    await set_day(driver.service, on)
    await apply_events(driver.service, family_ended(driver.kpm_id, on))


@pytest.mark.parametrize("state", [*BEFORE_SK, "DISETUJUI_DINSOS"])
async def test_death_cancels_a_case_before_its_sk(graduation: Running, state: str) -> None:
    driver = await case_in(graduation, state)
    await die(driver, DAY)
    assert await driver.read_state() == "DIBATALKAN"
    ((_, fact),) = await read_emitted_events(graduation, "graduasi_closed")
    assert (fact["closed_as"], fact["reason"]) == ("DIBATALKAN", "MENINGGAL")


async def test_death_cancels_an_exempt_case(graduation: Running) -> None:
    await set_day(graduation, DAY)
    driver = await (await CaseDriver.start(graduation, able_productive=0)).open()
    expect_ok(await driver.assess())
    assert await driver.read_state() == "DIKECUALIKAN"
    await die(driver, DAY)
    assert await driver.read_state() == "DIBATALKAN"


async def test_what_follows_is_done_by_the_service_with_the_id_of_the_fact(graduation: Running) -> None:
    driver = await case_in(graduation, "DISETUJUI_DINSOS")
    acts = await graduation.sql("SELECT count(*) FROM stage_act")
    await die(driver, DAY)
    path = f"/v1/graduasi/{driver.graduasi_id}/history?limit=200"
    move = expect_ok(await graduation.get(path, as_=driver.by["approval"]), 200)["items"][-1]
    assert (move["sub"], move["role"], move["to_state"]) == ("system:graduation", "SYSTEM", "DIBATALKAN")
    assert (move["pendamping_id"], move["reason_code"]) == (None, "MENINGGAL")
    assert [move["reason"]] == await fact_ids(graduation, "kpm_updated")
    assert await graduation.sql("SELECT count(*) FROM stage_act") == acts


async def test_death_in_the_term_undoes_the_sk_and_its_credit(graduation: Running) -> None:
    driver = await case_in(graduation, "MASA_SANGGAH")
    await die(driver, date(2026, 6, 2))
    assert await driver.read_state() == "DIPULIHKAN"
    ((_, fact),) = await read_emitted_events(graduation, "graduasi_annulled")
    assert (fact["reason"], fact["was_effective"], fact["back_pay_tahap"]) == ("MENINGGAL", False, [])
    ((_, credit),) = await read_emitted_events(graduation, "credit_reversed")
    assert credit["reason"] == "MENINGGAL"
    await set_day(graduation, date(2026, 7, 2))
    await graduation.work()
    assert await driver.read_state() == "DIPULIHKAN"
    assert await read_emitted_events(graduation, "kpm_graduated") == []


@pytest.mark.parametrize(("state", "target"), [("MASA_SANGGAH", "DIPULIHKAN"), ("DIUSULKAN", "DIBATALKAN")])
async def test_death_ends_a_postponed_case(graduation: Running, state: str, target: str) -> None:
    driver = await case_in(graduation, state)
    expect_ok(await driver.post("postponement", WHY, "verification"))
    await die(driver, DAY)
    assert await driver.read_state() == target


async def test_undecided_sanggah_lapses_with_the_death(graduation: Running) -> None:
    driver = await case_in(graduation, "MASA_SANGGAH")
    sanggah_id = expect_ok(await lodge_sanggah(driver, DAY))["sanggah_id"]
    await die(driver, date(2026, 6, 2))
    assert await driver.read_state() == "DIPULIHKAN"
    shown = expect_ok(await graduation.get(f"/v1/sanggah/{sanggah_id}", as_=driver.by["approval"]), 200)
    assert (shown["state"], shown["decision"]["decided_by"]) == ("GUGUR", "system:graduation")
    events = await read_emitted_events(graduation, "sanggah_decided", "graduasi_annulled")
    assert [(name, fact.get("outcome")) for name, fact in events] == [
        ("sanggah_decided", "GUGUR"),
        ("graduasi_annulled", None),
    ]
    assert (await decide_sanggah(driver, sanggah_id, "DITERIMA")).json()["title"] == "SanggahAlreadyDecided"


async def test_nobody_can_decide_that_a_sanggah_lapses(graduation: Running) -> None:
    driver = await case_in(graduation, "MASA_SANGGAH")
    sanggah_id = expect_ok(await lodge_sanggah(driver, DAY))["sanggah_id"]
    assert (await decide_sanggah(driver, sanggah_id, "GUGUR")).status_code == 422


async def test_death_before_the_effective_day_undoes_the_sk(graduation: Running) -> None:
    driver = await effective_case(graduation)
    await die(driver, date(2026, 6, 30))
    assert await driver.read_state() == "DIPULIHKAN"
    ((_, fact),) = await read_emitted_events(graduation, "graduasi_annulled")
    assert (fact["reason"], fact["was_effective"], fact["back_pay_tahap"]) == ("MENINGGAL", True, [])
    # The list of tahap 2026-3 is closed without the family, and nothing is paid back.
    assert fact["back_pay"] == [{"tahap": "2026-3", "paid": False, "reason": "MENINGGAL"}]


async def test_death_on_the_effective_day_keeps_the_graduation(graduation: Running) -> None:
    driver = await effective_case(graduation)
    await die(driver, date(2026, 7, 1))
    case = await case_of(driver)
    assert (case["state"], case["outcome"]) == ("SELESAI", "MENINGGAL")
    await graduation.work()
    assert await graduation.sql("SELECT 1 FROM monitoring_task") == []
    assert await read_emitted_events(graduation, "credit_reversed", "graduasi_annulled") == []


async def test_death_in_the_monitoring_completes_the_case(graduation: Running) -> None:
    driver, tasks = await create_monitored_case(graduation)
    await set_day(graduation, date(2026, 8, 2))
    expect_ok(await record_monitoring(driver, tasks[0]))
    await die(driver, date(2026, 8, 20))
    case = await case_of(driver)
    assert (case["state"], case["outcome"]) == ("SELESAI", "MENINGGAL")
    rows = await graduation.sql("SELECT closed_on, still_out FROM monitoring_task ORDER BY month")
    assert [tuple(row) for row in rows] == [(None, True)] + [(date(2026, 8, 20), None)] * 5
    events = [fact for _, fact in await read_emitted_events(graduation, "monitoring_recorded")]
    assert [(one["month"], one["completes"], one["outcome"]) for one in events] == [
        (1, False, None),
        (0, True, "MENINGGAL"),
    ]
    assert await read_emitted_events(graduation, "credit_reversed", "graduasi_annulled") == []


async def test_death_after_the_monitoring_closes_the_follow_ups(graduation: Running) -> None:
    driver = await complete_monitoring(graduation)
    assert len(await read_tasks(driver, "LANJUTAN")) == 2
    await die(driver, date(2027, 3, 1))
    case = await case_of(driver)
    assert (case["state"], case["outcome"]) == ("SELESAI", "BERTAHAN")
    assert await read_tasks(driver, "LANJUTAN") == []
    assert len(await read_emitted_events(graduation, "monitoring_recorded")) == 6


async def test_sanggah_against_an_exit_in_effect_lapses_and_the_graduation_stays(graduation: Running) -> None:
    driver, _ = await create_monitored_case(graduation)
    await set_day(graduation, date(2026, 7, 6))
    sanggah_id = expect_ok(await lodge_sanggah(driver, date(2026, 6, 10)))["sanggah_id"]
    await die(driver, date(2026, 7, 20))
    case = await case_of(driver)
    assert (case["state"], case["outcome"]) == ("SELESAI", "MENINGGAL")
    shown = expect_ok(await graduation.get(f"/v1/sanggah/{sanggah_id}", as_=driver.by["approval"]), 200)
    assert shown["state"] == "GUGUR"


async def test_long_undecided_sanggah_keeps_an_sk_from_ever_taking_effect(graduation: Running) -> None:
    driver = await case_in(graduation, "MASA_SANGGAH")
    expect_ok(await lodge_sanggah(driver, date(2026, 5, 18)))
    await die(driver, date(2026, 8, 3))
    assert await driver.read_state() == "DIPULIHKAN"


async def test_death_of_an_accompanied_family_changes_no_case_of_another(graduation: Running) -> None:
    other = await case_in(graduation, "DIUSULKAN")
    driver = await case_in(graduation, "DIUSULKAN")
    await die(driver, DAY)
    assert [await other.read_state(), await driver.read_state()] == ["DIUSULKAN", "DIBATALKAN"]


async def test_ended_family_opens_no_case_until_a_reversal(graduation: Running) -> None:
    driver = await case_in(graduation, "DIUSULKAN")
    await die(driver, DAY)
    body = {
        "kpm_id": str(driver.kpm_id),
        "kepesertaan_id": str(driver.kepesertaan_id),
        "exit_reason": "SEJAHTERA_MANDIRI",
    }
    answer = await graduation.post("/v1/graduasi", body, as_=driver.by["field"])
    assert (answer.status_code, answer.json()["title"]) == (409, "FamilyHasEnded")
    await apply_events(graduation, family_facts(driver.kpm_id))
    expect_ok(await graduation.post("/v1/graduasi", body, as_=driver.by["field"]))
    # The case that the death closed stays closed.
    assert await driver.read_state() == "DIBATALKAN"


async def test_later_facts_of_an_ended_family_change_nothing(graduation: Running) -> None:
    driver, _ = await create_monitored_case(graduation)
    await die(driver, date(2026, 7, 6))
    moves = await graduation.sql("SELECT count(*) FROM graduasi_history")
    await set_day(graduation, date(2026, 7, 7))
    await apply_events(graduation, family_ended(driver.kpm_id, date(2026, 7, 6)))
    assert await graduation.sql("SELECT count(*) FROM graduasi_history") == moves
    rows = await graduation.sql("SELECT recorded_on FROM family_end")
    assert [row[0] for row in rows] == [date(2026, 7, 6)]


async def test_joining_another_family_cancels_a_case_before_its_sk(graduation: Running) -> None:
    driver = await case_in(graduation, "DISETUJUI_DINSOS")
    await apply_events(graduation, family_ended(driver.kpm_id, DAY, BERGABUNG))
    assert await driver.read_state() == "DIBATALKAN"
    ((_, fact),) = await read_emitted_events(graduation, "graduasi_closed")
    assert fact["reason"] == "BERGABUNG"


async def test_joining_another_family_keeps_an_sk_which_is_complete_on_its_effective_day(
    graduation: Running,
) -> None:
    driver = await case_in(graduation, "MASA_SANGGAH")
    await apply_events(graduation, family_ended(driver.kpm_id, DAY, BERGABUNG))
    assert await driver.read_state() == "MASA_SANGGAH"
    await work_until(graduation, date(2026, 7, 1))
    case = await case_of(driver)
    assert (case["state"], case["outcome"]) == ("SELESAI", "BERGABUNG")
    assert await graduation.sql("SELECT 1 FROM monitoring_task") == []


async def test_joining_another_family_completes_a_monitored_case(graduation: Running) -> None:
    driver, _ = await create_monitored_case(graduation)
    await apply_events(graduation, family_ended(driver.kpm_id, date(2026, 7, 1), BERGABUNG))
    case = await case_of(driver)
    assert (case["state"], case["outcome"]) == ("SELESAI", "BERGABUNG")


async def test_refused_sanggah_of_a_family_that_joined_leaves_no_open_task(graduation: Running) -> None:
    driver, _ = await create_monitored_case(graduation)
    await set_day(graduation, date(2026, 7, 5))
    sanggah_id = expect_ok(await lodge_sanggah(driver, DAY))["sanggah_id"]
    await apply_events(graduation, family_ended(driver.kpm_id, date(2026, 7, 5), BERGABUNG))
    expect_ok(await decide_sanggah(driver, sanggah_id, "DITOLAK"))
    await set_day(graduation, date(2026, 10, 1))
    await graduation.work()
    case = await case_of(driver)
    assert (case["state"], case["outcome"]) == ("SELESAI", "BERGABUNG")
    assert await read_tasks(driver, "BULANAN") == []
