from typing import Any
from uuid import UUID

import pytest

from deploy.demo.partner_simulator import PartnerSimulator
from services.referral.partner.commands.webhook import backoff
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import TODAY, build_family_facts, build_graduasi_determined
from tests.factories.referral.world import World
from tests.factories.services import Running

KUR = "KUR_SUPERMIKRO"


async def create_case(referral: Running, bank: PartnerSimulator) -> World:
    world = await create_world(referral, {"BANK_KUR": bank})
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    return world


async def read_history(world: World, subject: str) -> list[str]:
    path = f"/v1/rujukan-program/{subject}/history"
    return [item["to_state"] for item in (await world.referral.get(path, as_=world.dinsos)).json()["items"]]


async def read_attempts(world: World, subject: str) -> list[tuple[int | None, str | None]]:
    answer = await world.referral.get(f"/v1/rujukan-program/{subject}/attempt", as_=world.dinsos)
    return [(item["http_status"], item["fault"]) for item in answer.json()["items"]]


async def test_partner_receives_everything_after_an_outage(referral: Running) -> None:
    async with PartnerSimulator(down=True) as bank:
        world = await create_case(referral, bank)
        subject = await world.send_rujukan(KUR)
        assert await world.read_state(KUR) == "GAGAL_KIRIM"
        await world.retry_now()
        await world.retry_now()
        assert bank.tries == 3
        assert await world.read_emitted_data("referral.rujukan_sent.v1") == []
        bank.down = False
        await world.retry_now()
        assert await world.read_state(KUR) == "TERKIRIM"
        assert [notice.body["rujukan_program_id"] for notice in bank.received] == [subject]
        assert await read_history(world, subject) == ["DRAF", "DISETUJUI_KPM", "GAGAL_KIRIM", "TERKIRIM"]
        assert await read_attempts(world, subject) == [(503, None), (503, None), (503, None), (202, None)]
        assert len(await world.read_emitted_data("referral.rujukan_sent.v1")) == 1
        await world.retry_now()
        assert len(bank.received) == 1


async def test_unreachable_partner_is_a_failed_attempt(referral: Running) -> None:
    bank = PartnerSimulator()
    async with bank:
        world = await create_case(referral, bank)
    subject = await world.send_rujukan(KUR)
    assert await read_attempts(world, subject) == [(None, "ConnectError")]
    async with bank:
        await world.retry_now()
        assert await world.read_state(KUR) == "TERKIRIM"


async def test_failed_call_is_retried_when_due(referral: Running) -> None:
    async with PartnerSimulator(down=True) as bank:
        world = await create_case(referral, bank)
        await world.send_rujukan(KUR)
        (row,) = await referral.sql(
            "SELECT clock, due_at - clock_timestamp() AS wait, payload FROM platform.scheduled_task"
            " WHERE kind = 'rujukan.send' AND done_at IS NULL"
        )
        assert row["clock"] == "real"
        assert 0 < row["wait"].total_seconds() <= 3
        assert '"attempt": 1' in row["payload"]


def test_backoff_grows_up_to_ninety_minutes() -> None:
    assert backoff(0).total_seconds() == 0
    assert all(1 <= backoff(1).total_seconds() <= 3 for _ in range(50))
    assert all(512 <= backoff(10).total_seconds() <= 1536 for _ in range(50))
    assert all(1800 <= backoff(400).total_seconds() <= 5400 for _ in range(50))
    assert len({backoff(5) for _ in range(50)}) > 10


async def test_answer_before_the_recorded_reply_proves_the_sending(referral: Running) -> None:
    """The reply to the POST was lost.

    The answer proves the sending, so no second call is made.
    """
    async with PartnerSimulator() as bank:
        world = await create_case(referral, bank)
        subject = await world.send_rujukan(KUR)
        await referral.sql(
            "UPDATE rujukan_program SET state = 'GAGAL_KIRIM', sent_on = NULL WHERE rujukan_program_id = $1",
            UUID(subject),
        )
        answered = await bank.answer(subject, answer_id="A-1", status="DIPROSES", answered_on=str(TODAY))
        assert answered.status_code == 201, answered.text
        assert await world.read_state(KUR) == "DIPROSES"
        assert (await read_history(world, subject))[-3:] == ["TERKIRIM", "DITERIMA_SISTEM", "DIPROSES"]
        await world.retry_now()
        assert len(bank.received) == 1


async def test_refusal_with_a_reason_code_is_an_answer(referral: Running) -> None:
    async with PartnerSimulator(refuse_with="KUOTA_HABIS") as bank:
        world = await create_case(referral, bank)
        await world.send_rujukan(KUR)
        program = (await world.read_programs())[KUR]
        assert (program["state"], program["refusal_code"]) == ("DITOLAK", "KUOTA_HABIS")
        assert (await world.read_emitted_data("referral.rujukan_answered.v1"))[0][
            "reason_code"
        ] == "KUOTA_HABIS"


async def test_refused_signature_is_retried_with_the_new_secret(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await create_case(referral, bank)
        bank.secret = "another one"
        subject = await world.send_rujukan(KUR)
        assert await read_attempts(world, subject) == [(401, None)]
        assert await world.read_state(KUR) == "GAGAL_KIRIM"
        path, etag = f"/v1/partner/{world.partners['BANK_KUR']['partner_id']}/webhook", {"If-Match": '"1"'}
        changed = await referral.post(path, {"webhook_url": bank.url}, as_=world.kemensos, headers=etag)
        assert changed.status_code == 201, changed.text
        bank.secret = changed.json()["webhook_secret"]
        await referral.work()
        assert await world.read_state(KUR) == "TERKIRIM"
        lost = await referral.post(path, {"webhook_url": bank.url}, as_=world.kemensos, headers=etag)
        assert lost.status_code == 412


async def test_slow_partner_is_a_failed_attempt(referral: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.referral.partner.commands.webhook.TOTAL_SECONDS", 0.3)
    async with PartnerSimulator(slow_seconds=1) as bank:
        world = await create_case(referral, bank)
        subject = await world.send_rujukan(KUR)
        (attempt,) = await read_attempts(world, subject)
        assert attempt[0] is None
        assert attempt[1] in {"TimeoutError", "ReadTimeout"}
        bank.slow_seconds = 0
        monkeypatch.undo()
        await world.retry_now()
        assert await world.read_state(KUR) == "TERKIRIM"
        keys: set[Any] = {notice.headers["idempotency-key"] for notice in bank.received}
        assert keys == {subject}
