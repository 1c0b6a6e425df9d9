"""Late delivery: a reminder, then an escalation. A late delivery is always accepted."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from deploy.demo.partner_simulator import PartnerSimulator
from shared.contracts.kinds import SanggahOutcome
from tests.factories.cluster import START
from tests.factories.referral.deadline import KUR, advance_days, read_escalations, send_answer, send_rujukan
from tests.factories.referral.events import TODAY, build_sanggah_decided, build_sanggah_lodged
from tests.factories.referral.notice_schema import without_head
from tests.factories.referral.world import World
from tests.factories.services import Running

WITHIN = 60  # from seed.sql: a reminder 3 days before, an escalation the day after
DUE = str(TODAY + timedelta(days=WITHIN))


async def approve_offer(referral: Running, bank: PartnerSimulator) -> tuple[World, str]:
    world, subject = await send_rujukan(referral, bank)
    await send_answer(world, subject, 1, "DISETUJUI")
    return world, subject


async def post_delivery(world: World, subject: str, day: int) -> Any:
    body = {"delivery_id": "D-1", "amount_rp": 5_000_000, "delivered_on": str(TODAY + timedelta(days=day))}
    path = f"/v1/rujukan-program/{subject}/delivery"
    return await world.referral.post(path, body, as_=world.partner("BANK_KUR"))


async def rerun_due_work(world: World) -> None:
    """Run all due work again.

    This is what happens after a worker died before it marked the work as done.
    """
    await world.referral.sql(
        "UPDATE platform.scheduled_task SET done_at = NULL, lease_until = NULL WHERE kind LIKE 'sla.%' OR kind LIKE 'notice.%'"
    )
    await world.referral.work()


async def test_late_delivery_is_reminded_of_and_escalated(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await approve_offer(referral, bank)
        program = (await world.read_programs())[KUR]
        assert (program["sla_due_on"], bank.notices) == (DUE, [])
        await advance_days(world, WITHIN - 4)
        assert bank.notices == []
        await advance_days(world, WITHIN - 3)
        reminder = {"notice": "PENGINGAT_PENYALURAN", "rujukan_program_id": subject, "delivery_due_on": DUE}
        assert [without_head(notice) for notice in bank.notices] == [reminder]
        await advance_days(world, WITHIN)
        assert await read_escalations(world) == []
        await advance_days(world, WITHIN + 1)
        (raised,) = await read_escalations(world)
        assert (raised["awaited"], raised["sla_due_on"]) == ("DELIVERY", DUE)
        waiting = await referral.get("/v1/rujukan-program?waiting=me", as_=world.dinsos)
        assert [item["program_code"] for item in waiting.json()["items"]] == [KUR]
        await rerun_due_work(world)
        assert [without_head(notice) for notice in bank.notices] == [reminder]
        assert await read_escalations(world) == [raised]
        await advance_days(world, WITHIN + 1000)
        assert await world.read_state(KUR) == "DISETUJUI"
        shown = await referral.get(f"/v1/rujukan-program/{subject}", as_=world.dinsos)
        assert shown.json()["overdue"] is True


async def test_delivery_settles_the_escalation(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await approve_offer(referral, bank)
        await advance_days(world, WITHIN + 1)
        assert (await post_delivery(world, subject, WITHIN + 1)).status_code == 201
        assert await read_escalations(world) == []
        (settled,) = await read_escalations(world, "/v1/escalation?open_only=false")
        assert settled["settled_on"] == str(TODAY + timedelta(days=WITHIN + 1))
        await rerun_due_work(world)
        assert await read_escalations(world) == []


async def test_delivery_in_time_sends_no_reminder(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await approve_offer(referral, bank)
        await referral.set_clock(START + timedelta(days=WITHIN + 40))  # the worker did nothing meanwhile
        assert (await post_delivery(world, subject, 2)).status_code == 201
        await referral.work()
        assert bank.notices == []
        assert await read_escalations(world, "/v1/escalation?open_only=false") == []


async def test_late_worker_sends_one_reminder(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, _ = await approve_offer(referral, bank)
        await referral.set_clock(START + timedelta(days=WITHIN + 40))
        await asyncio.gather(referral.work(), referral.work())
        assert [notice["notice"] for notice in bank.notices] == ["PENGINGAT_PENYALURAN"]
        assert len(await read_escalations(world)) == 1


async def test_delivery_days_come_from_the_sla_term(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await send_rujukan(referral, bank)
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
        await advance_days(world, 7)
        assert bank.notices == []
        await advance_days(world, 8)
        assert len(bank.notices) == 1
        await advance_days(world, 14)
        assert await read_escalations(world) == []
        await advance_days(world, 15)
        assert len(await read_escalations(world)) == 1


@pytest.mark.parametrize("days", [0, 1826])
async def test_invalid_delivery_days_are_refused(referral: Running, days: int) -> None:
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


async def test_delivery_deadline_is_paused_while_a_sanggah_is_open(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await approve_offer(referral, bank)
        objection = uuid4()
        await world.apply_events(build_sanggah_lodged(world.family, objection))
        await advance_days(world, WITHIN + 10)
        assert (bank.notices, await read_escalations(world)) == ([], [])
        await world.apply_events(build_sanggah_decided(world.family, objection, SanggahOutcome.DITOLAK))
        later = str(TODAY + timedelta(days=2 * WITHIN + 10))
        assert (await world.read_programs())[KUR]["sla_due_on"] == later
        await advance_days(world, 2 * WITHIN + 7)
        assert [notice["delivery_due_on"] for notice in bank.notices] == [later]
        assert (await post_delivery(world, subject, 2 * WITHIN + 7)).status_code == 201


async def test_delivery_reminder_is_in_the_inbox_until_the_delivery(referral: Running) -> None:
    async with PartnerSimulator(pulls=True) as bank:
        world, subject = await approve_offer(referral, bank)
        await advance_days(world, WITHIN - 3)
        assert [item["notice"] for item in await bank.pull()] == ["PENGINGAT_PENYALURAN"]
        assert (await post_delivery(world, subject, WITHIN - 3)).status_code == 201
        assert await bank.pull() == []
