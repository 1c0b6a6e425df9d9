"""A sanggah that nobody decides is overdue and escalates (docs/case-lifecycle.md#deadlines-of-states)."""

from datetime import date, timedelta
from typing import Any

from tests.factories.graduation.case import CaseDriver, expect_ok, set_day
from tests.factories.graduation.events import KENDAL
from tests.factories.graduation.objection import (
    LAST_DAY,
    SK_ON,
    decider_token,
    lodge_sanggah,
)
from tests.factories.services import Running

LAST_DAY_TO_DECIDE = LAST_DAY + timedelta(days=14)


async def read_overdue(service: Running, on: date | None = None, query: str = "subject_kind=sanggah") -> Any:
    """Return what is overdue after the work of a day."""
    if on is not None:
        await set_day(service, on)
        await service.work()
    return expect_ok(await service.get(f"/v1/overdue?{query}", as_=decider_token(service)), 200)["items"]


async def test_an_undecided_sanggah_is_overdue_on_its_day_and_escalates_twice(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH", SK_ON)
    await set_day(graduation, LAST_DAY)
    sanggah_id = expect_ok(await lodge_sanggah(driver, LAST_DAY))["sanggah_id"]
    assert await read_overdue(graduation, LAST_DAY_TO_DECIDE) == []
    (first,) = await read_overdue(graduation, LAST_DAY_TO_DECIDE + timedelta(days=1))
    assert (first["subject_id"], first["state"], first["owner"]) == (sanggah_id, "DIAJUKAN", "DINSOS_KABKOTA")
    assert (first["since_on"], first["due_on"]) == (str(LAST_DAY), str(LAST_DAY_TO_DECIDE))
    assert (first["level"], first["escalated_to"]) == (1, "DINSOS_KABKOTA")
    assert first["kode_wilayah"].startswith(KENDAL)
    (second,) = await read_overdue(graduation, LAST_DAY_TO_DECIDE + timedelta(days=14))
    assert second["level"] == 1
    (third,) = await read_overdue(graduation, LAST_DAY_TO_DECIDE + timedelta(days=15))
    assert (third["level"], third["escalated_to"]) == (2, "KEMENSOS")
    assert third["overdue_id"] == first["overdue_id"]
