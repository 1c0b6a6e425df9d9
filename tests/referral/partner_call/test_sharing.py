"""What may have reached a partner is on record before the first byte leaves."""

import asyncio
from typing import Any

import pytest

from deploy.demo.partner_simulator import PartnerSimulator
from services.referral.partner_call.commands import SEND_RUJUKAN
from shared.jobs import run_scheduled_task
from tests.factories.referral.catalogue import PROGRAMS, create_world
from tests.factories.referral.events import TODAY, build_family_facts, build_graduasi_determined
from tests.factories.referral.world import World
from tests.factories.services import Running

KUR = "KUR_SUPERMIKRO"
FIELDS = sorted(PROGRAMS[KUR]["minimum_data"])
NOTHING = (None, [])


async def create_case(referral: Running, bank: PartnerSimulator | None) -> World:
    """Return a family whose KUR is due to be sent."""
    world = await create_world(referral, {"BANK_KUR": bank} if bank else {})
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    assert (await world.record_consent(KUR)).status_code == 201
    await world.apply_identity(KUR)
    return world


async def read_shared(world: World) -> tuple[str | None, list[str]]:
    offer = (await world.read_programs())[KUR]
    return offer["shared_on"], offer["shared_fields"]


async def read_attempts(world: World) -> list[tuple[Any, ...]]:
    rows = await world.referral.sql(
        "SELECT fields, http_status, fault FROM delivery_attempt ORDER BY attempt_id"
    )
    return [(sorted(row["fields"]), row["http_status"], row["fault"]) for row in rows]


async def start_call(referral: Running, bank: PartnerSimulator) -> "asyncio.Task[bool]":
    """Start the call and return when it has arrived."""
    call = asyncio.create_task(run_scheduled_task(referral.worker, referral.parts.work, [SEND_RUJUKAN]))
    while not bank.tries:  # noqa: ASYNC110 (no event to wait for)
        await asyncio.sleep(0.01)
    return call


async def test_sharing_is_on_record_while_the_call_hangs_and_after_a_withdrawal(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await create_case(referral, bank)
        assert await read_shared(world) == NOTHING
        bank.hold = release = asyncio.Event()
        call = await start_call(referral, bank)
        assert await read_shared(world) == (str(TODAY), FIELDS)
        assert await read_attempts(world) == [(FIELDS, None, None)]
        subject = (await world.read_programs())[KUR]["rujukan_program_id"]
        why = {"withdrawn_on": str(TODAY), "reason": "Keluarga berubah pikiran"}
        path = f"/v1/rujukan-program/{subject}/consent-withdrawal"
        withdrawn = await referral.post(path, why, as_=world.pendamping)
        assert (withdrawn.json()["sent_on"], withdrawn.json()["shared_on"]) == (None, str(TODAY))
        release.set()
        await call
        await referral.work()
        assert [notice.body["notice"] for notice in bank.received] == ["RUJUKAN", "DICABUT"]
        assert await read_shared(world) == (str(TODAY), FIELDS)


async def test_call_without_a_known_result_stays_on_record(referral: Running) -> None:
    """The process stops during the call, and the next attempts do not leave."""
    async with PartnerSimulator() as bank:
        world = await create_case(referral, bank)
        bank.hold = release = asyncio.Event()
        call = await start_call(referral, bank)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        release.set()
    await referral.sql(
        "UPDATE platform.scheduled_task SET lease_until = clock_timestamp() WHERE lease IS NOT NULL"
    )
    await world.retry_now()
    assert await read_attempts(world) == [(FIELDS, None, None), ([], None, "ConnectError")]
    assert await read_shared(world) == (str(TODAY), FIELDS)


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("http://127.0.0.1:9/pilar/rujukan", "ConnectError"),
        ("https://mitra.invalid/pilar/rujukan", "AddressRefused"),
    ],
)
async def test_call_that_never_left_shares_nothing(referral: Running, url: str, fault: str) -> None:
    world = await create_case(referral, None)
    await referral.sql("UPDATE partner SET webhook_url = $1 WHERE code = 'BANK_KUR'", url)
    await referral.work()
    ((fields, status, recorded),) = await read_attempts(world)
    assert (fields, status) == ([], None)
    assert recorded in {fault, "gaierror", "ConnectError"}
    assert await read_shared(world) == NOTHING


async def test_open_breaker_shares_nothing(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await create_case(referral, bank)
        partner = world.partners["BANK_KUR"]["partner_id"]
        await referral.sql(
            f"INSERT INTO breaker (partner_id, state, failures, changed_at, retry_at) VALUES ('{partner}', 'OPEN', 5,"
            " clock_timestamp(), clock_timestamp() + interval '1 hour')"
        )
        await referral.work()
        assert (await read_attempts(world), await read_shared(world)) == ([], NOTHING)
        await world.retry_now()
        assert await read_shared(world) == (str(TODAY), FIELDS)


async def test_refused_call_has_left(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        bank.down = True
        world = await create_case(referral, bank)
        await referral.work()
        assert await read_attempts(world) == [(FIELDS, 503, None)]
        assert await read_shared(world) == (str(TODAY), FIELDS)


async def test_inbox_shares_when_it_is_read(referral: Running) -> None:
    async with PartnerSimulator(pulls=True) as bank:
        world = await create_case(referral, bank)
        await referral.work()
        assert await read_shared(world) == NOTHING
        await bank.pull(receipts=False)
        assert await read_shared(world) == (str(TODAY), FIELDS)
