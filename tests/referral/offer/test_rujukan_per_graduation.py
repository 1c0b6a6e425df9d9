"""A graduation opens one rujukan, however often its event arrives."""

import asyncio
from datetime import date

import asyncpg
import pytest

from deploy.demo.partner_simulator import PartnerSimulator
from services.referral.offer.commands.new_rujukan import open_rujukan
from shared.contracts.kinds import ExitReason
from tests.factories.delivery import append_log_again
from tests.factories.messaging.service_pair import wait_until
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import (
    build_family_facts,
    build_graduasi_annulled,
    build_graduasi_determined,
)
from tests.factories.referral.world import World
from tests.factories.services import Running

KUR = "KUR_SUPERMIKRO"
WAITING = "SELECT FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted"


async def create_case(referral: Running, **simulators: PartnerSimulator) -> World:
    world = await create_world(referral, simulators)
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    return world


async def test_repeated_event_opens_one_rujukan(referral: Running) -> None:
    world = await create_case(referral)
    for _ in range(3):
        await append_log_again(referral)
        await world.apply_events(times=2)
    # The same event under another id, as from a publisher that sends it twice.
    await world.apply_events(build_graduasi_determined(world.family), build_graduasi_determined(world.family))
    assert (await referral.sql("SELECT count(*) AS n FROM rujukan"))[0]["n"] == 1
    assert (await referral.sql("SELECT count(*) AS n FROM rujukan_program"))[0]["n"] == 3
    assert len(await world.read_emitted_data("referral.rujukan_opened.v1")) == 1


async def test_corrected_sk_replaces_number_and_date(referral: Running) -> None:
    world = await create_case(referral)
    corrected = {"sk_no": "SK-GRAD/33.24/2026/010", "sk_on": date(2026, 1, 5)}
    await world.apply_events(build_graduasi_determined(world.family, **corrected))
    (row,) = await referral.sql("SELECT sk_no, sk_on FROM rujukan")
    assert dict(row) == corrected


async def test_two_transactions_at_once_open_one_rujukan(referral: Running) -> None:
    world = await create_world(referral, {})
    await world.apply_events(*build_family_facts(world.family))
    event = build_graduasi_determined(world.family)

    async def open_in_another_transaction() -> None:
        async with referral.session() as session:
            await open_rujukan(session, event)

    async with referral.session() as session:
        await open_rujukan(session, event)
        second = asyncio.create_task(open_in_another_transaction())

        async def is_done_or_waiting() -> bool:
            return second.done() or bool(await referral.sql(WAITING))

        await wait_until(is_done_or_waiting)
    await second
    assert (await referral.sql("SELECT count(*) AS n FROM rujukan"))[0]["n"] == 1
    assert len(await world.read_emitted_data("referral.rujukan_opened.v1")) == 1


async def test_database_refuses_a_second_rujukan_of_a_graduation_and_purpose(referral: Running) -> None:
    await create_case(referral)
    copy = """
        INSERT INTO rujukan SELECT (jsonb_populate_record(r, jsonb_build_object('rujukan_id', uuidv7()))).*
        FROM rujukan r
    """
    with pytest.raises(asyncpg.UniqueViolationError, match="uq_rujukan_graduasi_id_purpose"):
        await referral.sql(copy)


async def test_exit_reason_decides_whether_a_rujukan_opens(referral: Running) -> None:
    world = await create_world(referral, {})
    await world.apply_events(*build_family_facts(world.family))
    await world.apply_events(
        build_graduasi_determined(world.family, exit_reason=ExitReason.MENINGGAL, opens_rujukan=False)
    )
    assert await referral.sql("SELECT 1 FROM rujukan") == []
    assert await world.read_emitted_data("referral.rujukan_opened.v1") == []


async def test_rujukan_is_matched_later_when_the_family_is_not_yet_replicated(referral: Running) -> None:
    world = await create_world(referral, {})
    await world.apply_events(build_graduasi_determined(world.family))
    assert await world.read_programs() == {}
    for _ in range(4):
        await world.retry_now()
    (asked,) = await referral.sql(
        "SELECT due_at - clock_timestamp() AS wait FROM platform.scheduled_task WHERE kind = 'rujukan.match' AND done_at IS NULL"
    )
    assert asked["wait"].total_seconds() > 8, "each attempt is later than the last"
    await world.apply_events(*build_family_facts(world.family))
    await world.retry_now()
    assert set(await world.read_programs()) == {KUR, "KDMP", "UMKM_PENDAMPINGAN"}
    await world.retry_now()
    assert len(await world.read_programs()) == 3


async def test_annulment_withdraws_the_rujukan_and_notifies_the_partner(referral: Running) -> None:
    async with PartnerSimulator() as bank, PartnerSimulator() as plut:
        world = await create_case(referral, BANK_KUR=bank, PLUT=plut)
        subject = await world.send_rujukan(KUR)
        await world.apply_events(build_graduasi_annulled(world.family))
        await referral.work()
        assert {program["state"] for program in (await world.read_programs()).values()} == {"DICABUT"}
        assert bank.withdrawn == {subject}
        assert plut.tries == 0  # nothing was shared with it
        listed = (await referral.get("/v1/rujukan?state=DICABUT", as_=world.dinsos)).json()["items"]
        assert [item["graduasi_id"] for item in listed] == [str(world.family.graduasi_id)]
        assert len(await world.read_emitted_data("referral.rujukan_withdrawn.v1")) == 3
        await world.apply_events(build_graduasi_annulled(world.family))
        assert len(await world.read_emitted_data("referral.rujukan_withdrawn.v1")) == 3
        refused = await world.record_consent("KDMP")
        assert refused.json()["title"] == "RujukanNotOpen"
