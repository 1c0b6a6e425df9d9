"""Replay of notices to a partner that lost its data."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploy.demo.partner_simulator import PartnerSimulator
from tests.factories.cluster import START
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import TODAY, build_family_facts, build_graduasi_determined
from tests.factories.referral.world import World
from tests.factories.services import Running

KUR = "KUR_SUPERMIKRO"
WAITING_REPLAY = (
    "SELECT payload::text, due_at - clock_timestamp() AS wait FROM platform.scheduled_task"
    " WHERE kind = 'notice.replay' AND done_at IS NULL"
)


async def send_rujukan(referral: Running, bank: PartnerSimulator) -> tuple[World, str]:
    world = await create_world(referral, {"BANK_KUR": bank})
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    subject = await world.send_rujukan(KUR)
    if bank.pulls:
        await bank.pull()
    return world, subject


async def replay(world: World, since: datetime, *, as_: str | None = None) -> Any:
    path = f"/v1/partner/{world.partners['BANK_KUR']['partner_id']}/replay"
    answer = await world.referral.post(path, {"since": since.isoformat()}, as_=as_ or world.kemensos)
    await world.referral.work()
    return answer


async def read_report(world: World, asked: Any) -> tuple[int, int, dict[str, Any]]:
    """Return how many notices were replayed and left out, and the report of the job."""
    job = (await world.referral.get(asked.json()["job"], as_=world.kemensos)).json()
    return job["done"], job["refused"], job["report"]


def hours_ago(hours: int) -> datetime:
    return datetime.now(UTC) - timedelta(hours=hours)


async def withdraw_consent(world: World, subject: str) -> None:
    body = {"withdrawn_on": str(TODAY), "reason": "Keluarga berubah pikiran"}
    path = f"/v1/rujukan-program/{subject}/consent-withdrawal"
    assert (await world.referral.post(path, body, as_=world.pendamping)).status_code == 201
    await world.referral.work()


async def test_replay_sends_the_same_notices_with_new_signatures(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await send_rujukan(referral, bank)
        bank.rujukan.clear()
        asked = await replay(world, hours_ago(1))
        assert asked.status_code == 202, asked.text
        job = await referral.get(asked.json()["job"], as_=world.kemensos)
        assert (job.json()["state"], job.json()["done"]) == ("DONE", 1)
        first, again = bank.received
        assert first.body == again.body
        assert again.signed
        for name in ("idempotency-key", "pilar-id"):
            assert first.headers[name] == again.headers[name]
        assert set(bank.rujukan) == {subject}
        assert await world.read_state(KUR) == "TERKIRIM"
        assert len(await world.read_emitted_data("referral.rujukan_sent.v1")) == 1
        attempts = await referral.get(f"/v1/rujukan-program/{subject}/attempt", as_=world.dinsos)
        assert [item["notice"] for item in attempts.json()["items"]] == ["RUJUKAN", "RUJUKAN"]


async def test_replay_starts_at_the_given_instant(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, _ = await send_rujukan(referral, bank)
        await replay(world, datetime.now(UTC) + timedelta(seconds=5))
        assert len(bank.received) == 1


async def test_replay_after_a_withdrawal_sends_only_the_withdrawal(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await send_rujukan(referral, bank)
        await withdraw_consent(world, subject)
        bank.received.clear()
        asked = await replay(world, hours_ago(1))
        assert [notice.body["notice"] for notice in bank.received] == ["DICABUT"]
        assert await read_report(world, asked) == (1, 1, {"left_out_by_reason": {"CONSENT_ENDED": 1}})


async def test_replay_counts_what_it_leaves_out_by_reason(referral: Running) -> None:
    """A delivered rujukan is not shared again."""
    async with PartnerSimulator() as bank:
        world, subject = await send_rujukan(referral, bank)
        await referral.set_clock(START + timedelta(days=11))
        await referral.work()
        day = str(TODAY)
        await bank.answer(subject, answer_id="A-1", status="DISETUJUI", answered_on=day)
        bank.down = True
        await referral.set_clock(START + timedelta(days=11 + 57))
        await referral.work()
        await bank.deliver(subject, delivery_id="D-1", delivered_on=day)
        asked = await replay(world, hours_ago(1))
        left_out = {"DELIVERED": 1, "NOT_DUE": 1, "NOT_TAKEN": 1}
        assert await read_report(world, asked) == (0, 3, {"left_out_by_reason": left_out})


async def test_replay_to_the_inbox_counts_what_stays_out(referral: Running) -> None:
    async with PartnerSimulator(pulls=True) as bank:
        world, subject = await send_rujukan(referral, bank)
        refusal = {"answer_id": "A-1", "status": "DITOLAK", "reason_code": "LAINNYA"}
        await bank.answer(subject, **refusal, answered_on=str(TODAY))
        asked = await replay(world, hours_ago(1))
        assert await read_report(world, asked) == (0, 1, {"left_out_by_reason": {"OFFER_ENDED": 1}})
        assert await bank.pull() == []


async def test_replay_is_retried_until_the_partner_is_up(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, _ = await send_rujukan(referral, bank)
        bank.down = True
        await replay(world, hours_ago(1))
        await world.retry_now()
        assert (len(bank.received), bank.tries) == (1, 3)
        (task,) = await referral.sql(WAITING_REPLAY)
        assert task["payload"] == '{"attempt": 2}'
        assert timedelta(0) < task["wait"] <= timedelta(seconds=6)
        bank.down = False
        await world.retry_now()
        assert len(bank.received) == 2


async def read_rujukan_notice(world: World, subject: str) -> dict[str, Any]:
    answer = await world.referral.get(f"/v1/rujukan-program/{subject}/notice", as_=world.dinsos)
    return answer.json()["items"][0]


@pytest.mark.parametrize(
    ("changes", "state"),
    [({"reply_status": 200}, "DITERIMA_SISTEM"), ({"refuse_with": "KUOTA_HABIS"}, "DITOLAK")],
)
async def test_reply_to_a_replay_answers_an_offer_without_an_answer(
    referral: Running, changes: dict[str, Any], state: str
) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await send_rujukan(referral, bank)
        for name, value in changes.items():
            setattr(bank, name, value)
        await replay(world, hours_ago(1))
        assert await world.read_state(KUR) == state
        answers = await referral.get(f"/v1/rujukan-program/{subject}/answer", as_=world.dinsos)
        assert [one["answer_id"] for one in answers.json()["items"]] == [f"reply:{subject}"]
        assert await referral.sql(WAITING_REPLAY) == []


async def test_reply_to_a_replay_of_an_answered_offer_only_takes_it(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await send_rujukan(referral, bank)
        await bank.answer(subject, answer_id="A-1", status="DIPROSES", answered_on=str(TODAY))
        bank.refuse_with = "KUOTA_HABIS"
        await replay(world, hours_ago(1))
        assert (await world.read_state(KUR), len(bank.received)) == ("DIPROSES", 2)
        assert await referral.sql(WAITING_REPLAY) == []


async def test_answered_rujukan_that_was_not_taken_is_replayed(referral: Running) -> None:
    """Its repeats ended with the answer, but the inbox lists it."""
    async with PartnerSimulator(down=True) as bank:
        world, subject = await send_rujukan(referral, bank)
        await bank.answer(subject, answer_id="A-1", status="DIPROSES", answered_on=str(TODAY))
        assert [item["rujukan_program_id"] for item in await bank.pull(receipts=False)] == [subject]
        bank.down = False
        asked = await replay(world, hours_ago(1))
        assert await read_report(world, asked) == (1, 0, {"left_out_by_reason": {}})
        assert len(bank.received) == 1
        assert (await read_rujukan_notice(world, subject))["taken_by"] == "system:referral"
        assert await bank.pull() == []


async def test_replay_returns_notices_to_the_inbox(referral: Running) -> None:
    async with PartnerSimulator(pulls=True) as bank:
        world, subject = await send_rujukan(referral, bank)
        assert await bank.pull() == []
        await replay(world, hours_ago(1), as_=world.partner("BANK_KUR"))
        assert [item["rujukan_program_id"] for item in await bank.pull()] == [subject]
        assert await world.read_state(KUR) == "TERKIRIM"


async def test_partner_can_replay_only_its_own_notices(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, _ = await send_rujukan(referral, bank)
        assert (await replay(world, hours_ago(1), as_=world.partner("PLUT"))).status_code == 404
        assert (await replay(world, hours_ago(1), as_=world.dinsos)).status_code == 403
        assert len(bank.received) == 1
