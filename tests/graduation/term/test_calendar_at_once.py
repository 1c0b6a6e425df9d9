"""A tahap changes while an exit is computed on it."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID

import httpx

from services.graduation.decree.commands.penetapan import determine
from services.graduation.decree.models import DecreeTerms
from services.graduation.term.commands import take_effect
from services.graduation.term.jobs import WORK
from shared.access import Actor, Role
from shared.jobs import run_step
from tests.factories.graduation.case import CaseDriver, expect_ok, read_penetapan, set_day
from tests.factories.messaging.service_pair import wait_until
from tests.factories.services import Running, expect_refusal

LOCKED = "SELECT FROM pg_locks WHERE NOT granted"


async def start_request(service: Running, path: str, body: Any) -> asyncio.Task[httpx.Response]:
    """Send a request, and return it when it is answered or waits for a lock."""
    token = service.token("KEMENSOS", "kemensos-2")
    request = asyncio.create_task(service.post(path, body, as_=token))

    async def is_done_or_waiting() -> bool:
        return request.done() or bool(await service.sql(LOCKED))

    await wait_until(is_done_or_waiting)
    return request


async def test_exit_that_takes_effect_moves_with_its_tahap(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
    await set_day(graduation, date(2026, 6, 18))
    moved = {"year": 2026, "number": 3, "starts_on": "2026-07-06", "cutoff_on": "2026-06-25"}
    async with graduation.session() as session:
        await take_effect(session, driver.graduasi_id)
        request = await start_request(graduation, "/v1/tahap-calendar", moved)
        await run_step(graduation.worker, WORK)
    expect_ok(await request)
    await graduation.work()
    assert (await read_penetapan(driver))["effective_on"] == "2026-07-06"


async def test_tahap_of_an_sk_in_another_transaction_is_not_removed(graduation: Running) -> None:
    driver = await (await CaseDriver.start(graduation)).advance_to("DISETUJUI_DINSOS", "2027-08-15")
    actor = Actor("kemensos-1", frozenset({Role.KEMENSOS}), ("*",))
    terms = DecreeTerms(sk_no="SK/1/2027", sk_on=date(2027, 8, 15))
    async with graduation.session(actor) as session:
        await determine(session, actor, terms, [UUID(driver.graduasi_id)])
        key = {"year": 2027, "number": 4}
        request = await start_request(graduation, "/v1/tahap-calendar/removal", key)
    expect_refusal(await request, "TahapInUse")
