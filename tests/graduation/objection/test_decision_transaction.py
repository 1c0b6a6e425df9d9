"""A decision on a sanggah, its history and its event are written together."""

from datetime import date

import pytest

from tests.factories.graduation.case import CaseDriver, expect_ok, set_day
from tests.factories.graduation.objection import decide_sanggah, lodge_sanggah
from tests.factories.services import Running
from tests.factories.transactions import EVENT_AND_ANSWER, one_transaction

LODGED_ON = date(2026, 6, 16)


@pytest.mark.parametrize("outcome", ["DITERIMA", "DITOLAK"])
async def test_decision_history_and_event_are_of_one_transaction(graduation: Running, outcome: str) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    await set_day(graduation, LODGED_ON)
    sanggah_id = expect_ok(await lodge_sanggah(driver, LODGED_ON))["sanggah_id"]
    tables = ("graduasi", "graduasi_history", "sanggah", "sanggah_decision", "stage_act")
    async with one_transaction(graduation, *tables, *EVENT_AND_ANSWER):
        expect_ok(await decide_sanggah(driver, sanggah_id, outcome))
