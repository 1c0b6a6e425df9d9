"""A case that nobody moves is overdue (docs/case-lifecycle.md#deadlines-of-states)."""

from datetime import date, timedelta

import pytest

from tests.factories.graduation.case import CaseDriver, expect_ok, set_day
from tests.factories.overdue import read_overdue
from tests.factories.services import Running

DAY = date(2026, 5, 18)
LATE = DAY + timedelta(days=15)


@pytest.mark.parametrize(
    ("state", "owner", "escalated_to"),
    [
        ("TERIDENTIFIKASI", "PENDAMPING", "DINSOS_KABKOTA"),
        ("SIAP", "PENDAMPING", "DINSOS_KABKOTA"),
        ("DIUSULKAN", "KETUA_TIM_KABKOTA", "DINSOS_KABKOTA"),
        ("DIVERIFIKASI_KETIM", "OPERATOR_DESA", "DINSOS_KABKOTA"),
        ("DIMUSYAWARAHKAN", "DINSOS_KABKOTA", "DINSOS_KABKOTA"),
        ("DISETUJUI_DINSOS", "KEMENSOS", "KEMENSOS"),
    ],
)
async def test_each_state_before_the_sk_has_an_owner(
    graduation: Running, state: str, owner: str, escalated_to: str
) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to(state)
    (item,) = await read_overdue(graduation, driver.by["sk"], LATE)
    assert (item["subject_kind"], item["subject_id"]) == ("graduasi", driver.graduasi_id)
    assert (item["state"], item["owner"], item["escalated_to"]) == (state, owner, escalated_to)
    is_own = owner == "PENDAMPING"
    assert item["pendamping_id"] == (str(driver.field.pendamping_id) if is_own else None)
    assert await read_overdue(graduation, driver.by["sk"], owner=owner) == [item]
    others = {"PENDAMPING", "DINSOS_KABKOTA"} - {owner}
    assert await read_overdue(graduation, driver.by["sk"], owner=others.pop()) == []


@pytest.mark.parametrize(
    ("able", "answers", "state"),
    [(2, {"INCOME_PER_CAPITA_RP": 899_999}, "BELUM_SIAP"), (0, {}, "DIKECUALIKAN"), (2, None, "DITUNDA")],
)
async def test_a_family_that_is_not_ready_exempt_or_postponed_waits_for_somebody(
    graduation: Running, able: int, answers: dict[str, int] | None, state: str
) -> None:
    driver = await CaseDriver.start(graduation, able_productive=able)
    await driver.advance_to("TERIDENTIFIKASI")
    if answers is None:
        expect_ok(await driver.post("postponement", {"reason": "Keluarga sedang pindah."}, "approval"))
    else:
        expect_ok(await driver.assess(**answers))
    (item,) = await read_overdue(graduation, driver.by["sk"], LATE)
    assert (item["state"], item["due_on"]) == (state, str(LATE - timedelta(days=1)))


async def test_a_village_operator_sees_what_the_village_has_to_do(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DIUSULKAN")
    village = driver.by["musyawarah"]
    assert await read_overdue(graduation, village, LATE) == []
    expect_ok(await driver.verify())
    (item,) = await read_overdue(graduation, village, LATE + timedelta(days=15))
    assert (item["state"], item["owner"]) == ("DIVERIFIKASI_KETIM", "OPERATOR_DESA")


async def test_a_term_whose_end_was_never_scheduled_is_overdue_for_the_operator(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    await graduation.sql("DELETE FROM platform.scheduled_task WHERE kind = 'graduasi.end_term'")
    operator = graduation.token("OPERATOR", "operator-1")
    assert await read_overdue(graduation, operator, date(2026, 6, 18)) == []
    (item,) = await read_overdue(graduation, operator, date(2026, 6, 19))
    assert (item["subject_id"], item["state"], item["owner"]) == (
        driver.graduasi_id,
        "MASA_SANGGAH",
        "OPERATOR",
    )


async def test_work_that_was_done_late_is_not_overdue(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    assert await read_overdue(graduation, driver.by["sk"], date(2026, 6, 25)) == []
    assert await driver.read_state() == "EFEKTIF"
    assert await graduation.sql("SELECT 1 FROM platform.overdue") == []


async def test_a_missed_month_of_the_monitoring_is_overdue_for_the_pendamping(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    for on in (date(2026, 6, 18), date(2026, 7, 1)):
        await set_day(graduation, on)
        await graduation.work()
    assert await read_overdue(graduation, driver.by["field"], date(2026, 8, 1)) == []
    (item,) = await read_overdue(graduation, driver.by["field"], date(2026, 8, 2))
    assert (item["subject_kind"], item["state"], item["due_on"]) == (
        "monitoring_task",
        "BULANAN",
        "2026-08-01",
    )
    assert item["pendamping_id"] == str(driver.field.pendamping_id)
