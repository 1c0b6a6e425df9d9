"""Events during a call to a partner.

Replies are recorded, and a withdrawal is sent last.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from deploy.demo.partner_simulator import PartnerSimulator
from services.referral.partner_call.commands import SEND_RUJUKAN
from shared.jobs import run_scheduled_task
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import (
    TODAY,
    build_family_facts,
    build_graduasi_determined,
    build_kpm_graduated,
)
from tests.factories.referral.world import World
from tests.factories.services import Running

KUR = "KUR_SUPERMIKRO"


@asynccontextmanager
async def open_call(referral: Running, bank: PartnerSimulator) -> AsyncIterator[tuple[World, str]]:
    """A rujukan whose call has arrived. The partner answers when the block ends."""
    world = await create_world(referral, {"BANK_KUR": bank})
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    subject = str((await world.record_consent(KUR)).json()["rujukan_program_id"])
    await world.apply_identity(KUR)
    bank.hold = release = asyncio.Event()
    call = asyncio.create_task(run_scheduled_task(referral.worker, referral.parts.work, [SEND_RUJUKAN]))
    while not bank.tries:  # noqa: ASYNC110 (no event to wait for)
        await asyncio.sleep(0.01)
    yield world, subject
    release.set()
    await call
    await referral.work()


async def withdraw_consent(world: World, subject: str) -> None:
    why = {"withdrawn_on": str(TODAY), "reason": "Keluarga berubah pikiran"}
    path = f"/v1/rujukan-program/{subject}/consent-withdrawal"
    assert (await world.referral.post(path, why, as_=world.pendamping)).status_code == 201


async def read_attempts(referral: Running) -> list[Any]:
    rows = await referral.sql("SELECT notice, http_status FROM delivery_attempt ORDER BY attempt_id")
    return [tuple(row) for row in rows]


async def test_call_in_flight_is_recorded_and_followed_by_the_withdrawal(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        async with open_call(referral, bank) as (world, subject):
            await withdraw_consent(world, subject)
            await referral.work()
            assert bank.received == [], "the withdrawal would overtake what it takes back"
        assert [notice.body["notice"] for notice in bank.received] == ["RUJUKAN", "DICABUT"]
        assert bank.rujukan == {}
        assert await read_attempts(referral) == [("RUJUKAN", 202), ("DICABUT", 200)]
        assert await world.read_state(KUR) == "DICABUT"


async def test_withdrawal_that_overtook_a_call_is_sent_again(referral: Running) -> None:
    """The effective date schedules the same call again, and its lane is free."""
    async with PartnerSimulator() as bank:
        async with open_call(referral, bank) as (world, subject):
            await world.apply_events(build_kpm_graduated(world.family))
            await withdraw_consent(world, subject)
            await referral.work()
            assert [notice.body["notice"] for notice in bank.received] == ["DICABUT"]
        assert [notice.body["notice"] for notice in bank.received] == ["DICABUT", "RUJUKAN", "DICABUT"]
        assert bank.rujukan == {}
        # By the time of the call: the rujukan was on its way when the first withdrawal was sent.
        assert await read_attempts(referral) == [("RUJUKAN", 202), ("DICABUT", 200), ("DICABUT", 200)]


async def test_call_in_flight_is_not_repeated_when_scheduled_again(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        async with open_call(referral, bank) as (world, _):
            await world.apply_events(build_kpm_graduated(world.family))
        assert await read_attempts(referral) == [("RUJUKAN", 202)]
        assert len(bank.received) == 1
        assert await world.read_state(KUR) == "TERKIRIM"


async def test_reply_after_the_answer_clears_the_notice(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        async with open_call(referral, bank) as (world, subject):
            answer = await bank.answer(subject, answer_id="A-1", status="DIPROSES", answered_on=str(TODAY))
            assert answer.status_code == 201, answer.text
        assert await world.read_state(KUR) == "DIPROSES"
        inbox = await referral.get("/v1/inbox", as_=world.partner("BANK_KUR"))
        assert inbox.json()["items"] == []
        assert await read_attempts(referral) == [("RUJUKAN", 202)]
