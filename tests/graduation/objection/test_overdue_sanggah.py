"""A sanggah that nobody decides is overdue and escalates (docs/case-lifecycle.md#deadlines-of-states)."""

from datetime import date, timedelta

from tests.factories.graduation.case import CaseDriver, expect_ok, set_day
from tests.factories.graduation.events import KENDAL
from tests.factories.graduation.objection import (
    LAST_DAY,
    SK_ON,
    decide_sanggah,
    decider_token,
    lodge_sanggah,
)
from tests.factories.overdue import read_overdue
from tests.factories.services import Running

DUE_ON = LAST_DAY + timedelta(days=14)


async def lodge(service: Running) -> tuple[CaseDriver, str]:
    driver = await (await CaseDriver.start(service)).advance_to("MASA_SANGGAH", SK_ON)
    await set_day(service, LAST_DAY)
    return driver, expect_ok(await lodge_sanggah(driver, LAST_DAY))["sanggah_id"]


async def test_an_undecided_sanggah_is_overdue_on_its_day_and_escalates_twice(graduation: Running) -> None:
    _, sanggah_id = await lodge(graduation)
    office = decider_token(graduation)

    async def read(on: date) -> list[tuple[str, int, str]]:
        items = await read_overdue(graduation, office, on, subject_kind="sanggah")
        assert {item["due_on"] for item in items} <= {str(DUE_ON)}
        return [(item["subject_id"], item["level"], item["escalated_to"]) for item in items]

    assert await read(DUE_ON) == []
    assert await read(DUE_ON + timedelta(days=1)) == [(sanggah_id, 1, "DINSOS_KABKOTA")]
    assert await read(DUE_ON + timedelta(days=14)) == [(sanggah_id, 1, "DINSOS_KABKOTA")]
    assert await read(DUE_ON + timedelta(days=15)) == [(sanggah_id, 2, "KEMENSOS")]


async def test_the_day_of_a_deadline_is_a_day_in_jakarta(graduation: Running) -> None:
    _, sanggah_id = await lodge(graduation)
    for hour, expected in ((16, []), (17, [sanggah_id])):  # 23:00 and 00:00 in Jakarta
        await set_day(graduation, DUE_ON, hour)
        await graduation.work()
        items = await read_overdue(graduation, decider_token(graduation), subject_kind="sanggah")
        assert [item["subject_id"] for item in items] == expected


async def test_a_decided_sanggah_leaves_the_list_at_once_and_is_resolved_by_the_next_work(
    graduation: Running,
) -> None:
    driver, sanggah_id = await lodge(graduation)
    office, late = decider_token(graduation), DUE_ON + timedelta(days=3)
    items = await read_overdue(graduation, office, late)
    kinds = {(item["subject_kind"], item["state"]) for item in items}
    assert kinds == {("sanggah", "DIAJUKAN"), ("graduasi", "DISANGGAH")}
    expect_ok(await decide_sanggah(driver, sanggah_id, "DITOLAK"))
    assert await read_overdue(graduation, office) == []
    await read_overdue(graduation, office, late + timedelta(days=1))
    rows = await graduation.sql(
        "SELECT noted_on, resolved_on FROM platform.overdue WHERE subject_kind = 'sanggah'"
    )
    assert [(row["noted_on"], row["resolved_on"]) for row in rows] == [(late, late + timedelta(days=1))]


async def test_only_the_offices_of_the_area_and_the_pendamping_of_the_family_see_it(
    graduation: Running,
) -> None:
    driver, _ = await lodge(graduation)
    late = DUE_ON + timedelta(days=1)
    assert len(await read_overdue(graduation, decider_token(graduation), late)) == 2
    assert len(await read_overdue(graduation, driver.by["field"])) == 2
    assert len(await read_overdue(graduation, driver.by["sk"], kode_wilayah=KENDAL)) == 2
    assert await read_overdue(graduation, driver.by["sk"], kode_wilayah="33.25") == []
    stranger = await CaseDriver.start(graduation)
    assert await read_overdue(graduation, stranger.by["field"]) == []
    assert await read_overdue(graduation, graduation.token("DINSOS_KABKOTA", "dinsos-2", ["33.25"])) == []
