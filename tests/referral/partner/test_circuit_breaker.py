"""Circuit breaker of a partner whose system fails or hangs."""

import asyncio
import time
from typing import Any
from uuid import UUID

import pytest

from deploy.demo.partner_simulator import PartnerSimulator
from shared.jobs import work
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import (
    Family,
    build_family_facts,
    build_graduasi_determined,
    build_identity_sealed,
)
from tests.factories.referral.world import World
from tests.factories.services import Running

KUR, PLUT = "KUR_SUPERMIKRO", "UMKM_PENDAMPINGAN"


async def create_case(referral: Running, **simulators: PartnerSimulator) -> World:
    world = await create_world(referral, simulators)
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    return world


async def set_limit(world: World, failures: int, seconds: int) -> None:
    path = f"/v1/partner/{world.partners['BANK_KUR']['partner_id']}/breaker"
    body = {"failures_to_open": failures, "wait_seconds": seconds}
    answer = await world.referral.post(path, body, as_=world.kemensos)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["failures_to_open"], answer.json()["wait_seconds"]) == (failures, seconds)


async def read_breaker(world: World) -> dict[str, Any]:
    path = f"/v1/partner/{world.partners['BANK_KUR']['partner_id']}/breaker"
    return (await world.referral.get(path, as_=world.dinsos)).json()


async def try_now(world: World) -> None:
    """Make all due work due now. The wait of the breaker is kept."""
    await world.referral.sql(
        "UPDATE platform.scheduled_task SET due_at = clock_timestamp() WHERE done_at IS NULL AND clock = 'real'"
    )
    await world.referral.work()


async def test_refused_signatures_do_not_open_the_breaker(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await create_case(referral, BANK_KUR=bank)
        await set_limit(world, 1, 600)
        secret, bank.secret = bank.secret, "not installed yet"
        await world.send_rujukan(KUR)
        attempts = await referral.sql("SELECT http_status FROM delivery_attempt")
        assert [row["http_status"] for row in attempts] == [401]
        breaker = await read_breaker(world)
        assert (breaker["state"], breaker["failures"]) == ("CLOSED", 0)
        assert await world.read_state(KUR) == "GAGAL_KIRIM"
        bank.secret = secret
        await try_now(world)
        assert await world.read_state(KUR) == "TERKIRIM"


async def test_breaker_opens_after_failures_in_a_row(referral: Running) -> None:
    async with PartnerSimulator(down=True) as bank:
        world = await create_case(referral, BANK_KUR=bank)
        await set_limit(world, 3, 600)
        assert (await read_breaker(world))["state"] == "CLOSED"
        subject = await world.send_rujukan(KUR)
        await try_now(world)
        assert ((await read_breaker(world))["state"], (await read_breaker(world))["failures"]) == (
            "CLOSED",
            2,
        )
        await try_now(world)
        opened = await read_breaker(world)
        assert (opened["state"], opened["failures"], bank.tries) == ("OPEN", 3, 3)
        await try_now(world)
        await try_now(world)
        assert bank.tries == 3
        attempts = await referral.get(f"/v1/rujukan-program/{subject}/attempt", as_=world.dinsos)
        assert len(attempts.json()["items"]) == 3
        (row,) = await referral.sql(
            "SELECT due_at > clock_timestamp() + interval '9 minutes' AS is_later FROM platform.scheduled_task"
            " WHERE kind = 'rujukan.send' AND done_at IS NULL"
        )
        assert row["is_later"]


async def test_half_open_breaker_allows_one_trial(referral: Running) -> None:
    async with PartnerSimulator(down=True) as bank:
        world = await create_case(referral, BANK_KUR=bank)
        await set_limit(world, 1, 600)
        subject = await world.send_rujukan(KUR)
        assert (await read_breaker(world))["state"] == "OPEN"
        await world.retry_now()  # as if the wait had passed
        assert (bank.tries, (await read_breaker(world))["state"]) == (2, "OPEN")
        bank.down = False
        await world.retry_now()
        closed = await read_breaker(world)
        assert (closed["state"], closed["failures"], closed["retry_at"]) == ("CLOSED", 0, None)
        assert set(bank.rujukan) == {subject}


async def test_closed_breaker_releases_pending_calls(referral: Running) -> None:
    async with PartnerSimulator(down=True) as bank:
        world = await create_case(referral, BANK_KUR=bank)
        await set_limit(world, 1, 600)
        families = [await add_family(world, KUR) for _ in range(4)]
        await referral.work()
        assert bank.tries == 1
        bank.down = False
        await world.retry_now()
        assert len(bank.rujukan) == len(families) == 4


async def add_family(world: World, code: str) -> Family:
    """Add a family whose rujukan can be sent."""
    family = world.family = Family()
    world.evidence = await world.referral.put_file(b"persetujuan bertanda tangan", as_=world.pendamping)
    await world.apply_events(*build_family_facts(family), build_graduasi_determined(family))
    assert (await world.record_consent(code)).status_code == 201
    for_id = UUID((await world.read_programs())[code]["rujukan_program_id"])
    await world.apply_events(build_identity_sealed(world.referral, family, for_id))
    return family


async def test_refusal_is_not_counted_as_a_failure(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await create_case(referral, BANK_KUR=bank)
        await set_limit(world, 1, 600)
        bank.secret = "another one"
        await world.send_rujukan(KUR)
        assert await world.read_state(KUR) == "GAGAL_KIRIM"
        assert (await read_breaker(world))["state"] == "CLOSED"


async def test_new_address_resets_the_breaker(referral: Running) -> None:
    async with PartnerSimulator(down=True) as bank, PartnerSimulator() as other:
        world = await create_case(referral, BANK_KUR=bank)
        await set_limit(world, 1, 600)
        await world.send_rujukan(KUR)
        path, etag = f"/v1/partner/{world.partners['BANK_KUR']['partner_id']}/webhook", {"If-Match": '"1"'}
        changed = await referral.post(path, {"webhook_url": other.url}, as_=world.kemensos, headers=etag)
        other.secret = changed.json()["webhook_secret"]
        await referral.work()
        assert (len(other.rujukan), (await read_breaker(world))["state"]) == (1, "CLOSED")


async def test_ministry_sets_limits_and_metrics_show_breakers(referral: Running) -> None:
    async with PartnerSimulator(down=True) as bank:
        world = await create_case(referral, BANK_KUR=bank)
        path = f"/v1/partner/{world.partners['BANK_KUR']['partner_id']}/breaker"
        body = {"failures_to_open": 2, "wait_seconds": 5}
        assert (await referral.post(path, body, as_=world.dinsos)).status_code == 403
        assert (await referral.get(path, as_=world.partner("BANK_KUR"))).status_code == 403
        await set_limit(world, 1, 600)
        await world.send_rujukan(KUR)
        page = await referral.metrics()
        assert 'pilar_partner_breakers{service="referral",state="OPEN"} 1.0' in page


async def test_hanging_partner_does_not_delay_the_others(
    referral: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six calls wait for a partner that never answers.

    Later ones to another arrive within seconds.
    """
    monkeypatch.setattr("services.referral.partner.commands.webhook.TOTAL_SECONDS", 30.0)
    hanging: list[asyncio.StreamWriter] = []

    async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hanging.append(writer)

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    async with server, PartnerSimulator() as plut:
        world = await create_case(referral, PLUT=plut)
        port = server.sockets[0].getsockname()[1]
        path, etag = f"/v1/partner/{world.partners['BANK_KUR']['partner_id']}/webhook", {"If-Match": '"1"'}
        change = {"webhook_url": f"http://127.0.0.1:{port}/pilar/rujukan"}
        assert (await referral.post(path, change, as_=world.kemensos, headers=etag)).status_code == 201
        for _ in range(6):
            await add_family(world, KUR)
        for _ in range(4):
            await add_family(world, PLUT)
        stop, started = asyncio.Event(), time.monotonic()
        working = asyncio.create_task(work(referral.worker, referral.parts.work, stop))
        while len(plut.rujukan) < 4 and time.monotonic() - started < 28:  # noqa: ASYNC110 (no event to wait for)
            await asyncio.sleep(0.02)
        took = time.monotonic() - started
        stop.set()
        for writer in hanging:
            writer.close()
        await working
    assert len(plut.rujukan) == 4
    assert took < 25, f"{took:.1f} s: the others waited for the hanging partner"
    assert len(hanging) <= 2, "one call at a time goes to one partner"


async def test_own_limit_overrides_the_common_limit(referral: Running) -> None:
    world = await create_world(referral, {})
    body = {"failures_to_open": 7, "wait_seconds": 90}
    assert (await referral.post("/v1/breaker-limit", body, as_=world.dinsos)).status_code == 403
    made = await referral.post("/v1/breaker-limit", body, as_=world.kemensos)
    assert (made.status_code, made.json()["partner_code"], made.json()["version"]) == (201, "*", 2)
    assert (await read_breaker(world))["failures_to_open"] == 7
    await set_limit(world, 3, 600)
    assert (await read_breaker(world))["failures_to_open"] == 3
    listed = (await referral.get("/v1/breaker-limit", as_=world.dinsos)).json()["items"]
    assert [(one["partner_code"], one["wait_seconds"]) for one in listed] == [("*", 90), ("BANK_KUR", 600)]
