"""What a partner approved is to reach the family within the days that the SLA's row says; late, it is never refused."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from deploy.demo.partner_simulator import PartnerSimulator
from shared.contracts.kinds import SanggahOutcome
from tests.factories.referral.deadline import KUR, a_sending, days_pass, escalations, send_answer
from tests.factories.referral.events import TODAY, decided, lodged
from tests.factories.referral.world import World
from tests.factories.services import Running

WITHIN = 60  # the first content; 3 days before a reminder, the day after it a word to officials
DUE = str(TODAY + timedelta(days=WITHIN))


async def approved(referral: Running, bank: PartnerSimulator) -> tuple[World, str]:
    world, subject = await a_sending(referral, bank)
    await send_answer(world, subject, 1, "DISETUJUI")
    return world, subject


async def deliver(world: World, subject: str, day: int) -> Any:
    body = {"delivery_id": "D-1", "amount_rp": 5_000_000, "delivered_on": str(TODAY + timedelta(days=day))}
    path = f"/v1/rujukan-program/{subject}/delivery"
    return await world.referral.post(path, body, as_=world.partner("BANK_KUR"))


async def again(world: World) -> None:
    """As if a worker had died after its commit and before it said so: all that fell due is taken a second time."""
    await world.referral.sql(
        "UPDATE platform.due SET done_at = NULL, lease_until = NULL WHERE kind LIKE 'sla.%' OR kind LIKE 'notice.%'"
    )
    await world.referral.work()


async def test_is_reminded_of_and_then_put_before_officials(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await approved(referral, bank)
        program = (await world.programs())[KUR]
        assert (program["sla_due_on"], bank.notices) == (DUE, [])
        await days_pass(world, WITHIN - 4)
        assert bank.notices == []
        await days_pass(world, WITHIN - 3)
        told = {"notice": "PENGINGAT_PENYALURAN", "rujukan_program_id": subject, "delivery_due_on": DUE}
        assert bank.notices == [told]
        await days_pass(world, WITHIN)
        assert await escalations(world) == []
        await days_pass(world, WITHIN + 1)
        (raised,) = await escalations(world)
        assert (raised["awaited"], raised["sla_due_on"]) == ("DELIVERY", DUE)
        waiting = await referral.get("/v1/rujukan-program?waiting=me", as_=world.dinsos)
        assert [item["program_code"] for item in waiting.json()["items"]] == [KUR]
        await again(world)
        assert bank.notices == [told]
        assert await escalations(world) == [raised]
        await days_pass(world, WITHIN + 1000)
        assert await world.state(KUR) == "DISETUJUI"
        shown = await referral.get(f"/v1/rujukan-program/{subject}", as_=world.dinsos)
        assert shown.json()["overdue"] is True


async def test_that_comes_after_all_settles_it_and_asks_nothing_more(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await approved(referral, bank)
        await days_pass(world, WITHIN + 1)
        assert (await deliver(world, subject, WITHIN + 1)).status_code == 201
        assert await escalations(world) == []
        (settled,) = await escalations(world, "/v1/escalation?open_only=false")
        assert settled["settled_on"] == str(TODAY + timedelta(days=WITHIN + 1))
        await again(world)
        assert await escalations(world) == []


async def test_in_time_reminds_nobody_however_late_the_worker_is(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await approved(referral, bank)
        await referral.set_clock(
            datetime.now(UTC) + timedelta(days=WITHIN + 40)
        )  # nothing was done meanwhile
        assert (await deliver(world, subject, 2)).status_code == 201
        await referral.work()
        assert bank.notices == []
        assert await escalations(world, "/v1/escalation?open_only=false") == []


async def test_is_told_once_by_a_worker_that_comes_late(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, _ = await approved(referral, bank)
        await referral.set_clock(datetime.now(UTC) + timedelta(days=WITHIN + 40))
        await asyncio.gather(referral.work(), referral.work())
        assert [notice["notice"] for notice in bank.notices] == ["PENGINGAT_PENYALURAN"]
        assert len(await escalations(world)) == 1


async def test_has_days_that_are_data(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await a_sending(referral, bank)
        term = {
            "program_code": KUR,
            "remind_before_days": 2,
            "escalate_after_days": 5,
            "expire_after_days": 90,
            "close_after_days": 30,
            "deliver_within_days": 10,
            "valid_from": str(TODAY),
            "basis": "Perjanjian kerja sama 2026",
        }
        made = await referral.post("/v1/sla-term", term, as_=world.kemensos)
        assert (made.status_code, made.json()["deliver_within_days"]) == (201, 10), made.text
        await send_answer(world, subject, 1, "DISETUJUI")
        await days_pass(world, 7)
        assert bank.notices == []
        await days_pass(world, 8)
        assert len(bank.notices) == 1
        await days_pass(world, 14)
        assert await escalations(world) == []
        await days_pass(world, 15)
        assert len(await escalations(world)) == 1


@pytest.mark.parametrize("days", [0, 1826])
async def test_has_no_days_that_cannot_be(referral: Running, days: int) -> None:
    term = {
        "remind_before_days": 2,
        "escalate_after_days": 5,
        "expire_after_days": 90,
        "close_after_days": 30,
    }
    term |= {"deliver_within_days": days}
    body = term | {"valid_from": str(TODAY), "basis": "Perjanjian"}
    refused = await referral.post("/v1/sla-term", body, as_=referral.token("KEMENSOS", "kemensos-1"))
    assert (refused.status_code, refused.json()["title"]) == (422, "Invalid")


async def test_stands_still_while_a_sanggah_is_open(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await approved(referral, bank)
        objection = uuid4()
        await world.apply_events(lodged(world.family, objection))
        await days_pass(world, WITHIN + 10)
        assert (bank.notices, await escalations(world)) == ([], [])
        await world.apply_events(decided(world.family, objection, SanggahOutcome.DITOLAK))
        later = str(TODAY + timedelta(days=2 * WITHIN + 10))
        assert (await world.programs())[KUR]["sla_due_on"] == later
        await days_pass(world, 2 * WITHIN + 7)
        assert [notice["delivery_due_on"] for notice in bank.notices] == [later]
        assert (await deliver(world, subject, 2 * WITHIN + 7)).status_code == 201


async def test_is_reminded_of_in_the_inbox_while_it_is_awaited(referral: Running) -> None:
    async with PartnerSimulator(pulls=True) as bank:
        world, subject = await approved(referral, bank)
        await days_pass(world, WITHIN - 3)
        assert [item["notice"] for item in await bank.pull()] == ["PENGINGAT_PENYALURAN"]
        assert (await deliver(world, subject, WITHIN - 3)).status_code == 201
        assert await bank.pull() == []
