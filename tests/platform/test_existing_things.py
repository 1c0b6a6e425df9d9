"""A refusal names the thing in the way only to a caller who sees it."""

from datetime import date

import pytest
from starlette.requests import Request

from services.graduation.case.models import Graduasi
from shared.access import Actor, Role, Scope
from shared.database.conflicts import select_existing
from shared.database.rows import load
from shared.errors import CaseAlreadyOpen
from shared.http.problems import name_existing
from tests.factories.graduation.case import CaseDriver, set_day
from tests.factories.services import Running


@pytest.mark.parametrize(("area", "seen"), [("33.24", True), ("33.25", False)])
async def test_a_case_outside_of_the_area_is_not_named(graduation: Running, area: str, seen: bool) -> None:
    await set_day(graduation, date(2026, 4, 6))
    driver = await (await CaseDriver.start(graduation)).open()
    async with graduation.session() as session:
        case = await load(session, Graduasi, driver.graduasi_id)
        refusal = CaseAlreadyOpen(existing=select_existing(case, "uq_graduasi_one_case"))
    actor = Actor("dinsos", frozenset({Role.DINSOS_KABKOTA}), (area,), scope=Scope.AREA)
    request = Request({"type": "http", "headers": [], "app": graduation.app, "state": {"actor": actor}})
    await name_existing(request, refusal)
    assert refusal.values() == ({"graduasi_id": str(driver.graduasi_id)} if seen else {})


async def test_a_failed_look_up_leaves_the_refusal(graduation: Running) -> None:
    refusal = CaseAlreadyOpen(existing="no statement")
    request = Request({"type": "http", "headers": [], "app": graduation.app, "state": {"actor": Actor("a")}})
    await name_existing(request, refusal)
    assert refusal.values() == {}
