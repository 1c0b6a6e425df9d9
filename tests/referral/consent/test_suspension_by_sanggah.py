"""A sanggah that suspends: nothing is sent, deadlines stand still; refused, it goes on; accepted, all is taken back."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest

from deploy.demo.partner_simulator import PartnerSimulator
from shared.contracts.kinds import SanggahOutcome
from tests.factories.referral.catalogue import a_world
from tests.factories.referral.events import (
    TODAY,
    annulled,
    decided,
    determined,
    family_facts,
    graduated,
    lodged,
    relapsed,
    sealed,
)
from tests.factories.referral.world import World
from tests.factories.services import Running, open_scope

KUR, KDMP = "KUR_SUPERMIKRO", "KDMP"
DITOLAK, DITERIMA = SanggahOutcome.DITOLAK, SanggahOutcome.DITERIMA


async def a_case(referral: Running, bank: PartnerSimulator) -> World:
    world = await a_world(referral, {"BANK_KUR": bank})
    await world.apply_events(*family_facts(world.family), determined(world.family))
    return world


async def days_pass(world: World, days: int) -> None:
    await world.referral.set_clock(datetime.now(UTC) + timedelta(days=days, minutes=1))
    await world.referral.work()


async def test_holds_the_sending_and_its_refusal_lets_it_go(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, sanggah = await a_case(referral, bank), uuid4()
        await world.consent(KUR)
        await world.apply_events(lodged(world.family, sanggah))
        await world.identity(KUR)
        await world.retry_now()
        assert bank.tries == 0
        await world.apply_events(decided(world.family, sanggah, DITOLAK), times=2)
        await referral.work()
        assert await world.state(KUR) == "TERKIRIM"
        assert len(bank.received) == 1


async def test_that_does_not_suspend_holds_nothing(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await a_case(referral, bank)
        await world.apply_events(lodged(world.family, uuid4(), suspends=False))
        await world.sent(KUR)
        assert await world.state(KUR) == "TERKIRIM"


async def test_hides_the_family_in_the_inbox_until_it_is_refused(referral: Running) -> None:
    async with PartnerSimulator(pulls=True) as bank:
        world, sanggah = await a_case(referral, bank), uuid4()
        subject = await world.sent(KUR)
        await world.apply_events(lodged(world.family, sanggah))
        assert await bank.pull() == []
        own = world.partners["BANK_KUR"]["partner_id"]
        assert await opened(referral, subject, own) is False
        await world.apply_events(decided(world.family, sanggah, DITOLAK))
        assert [item["notice"] for item in await bank.pull()] == ["RUJUKAN"]


async def opened(referral: Running, subject: str, partner: str) -> bool:
    """Whether the database opens the identity to the partner's scope."""
    import asyncpg

    connection = await asyncpg.connect(referral.database.url)
    try:
        async with connection.transaction():
            await open_scope(connection, scope="PARTNER", partner=partner)
            return bool(
                await connection.fetchval("SELECT identity_for_partner($1) IS NOT NULL", UUID(subject))
            )
    finally:
        await connection.close()


async def test_gives_each_deadline_the_days_that_it_stood_still(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, sanggah = await a_case(referral, bank), uuid4()
        await world.sent(KUR)
        await days_pass(world, 5)
        await world.apply_events(lodged(world.family, sanggah))
        await days_pass(world, 35)
        assert bank.notices == []
        await world.apply_events(decided(world.family, sanggah, DITOLAK))
        assert (await world.programs())[KUR]["sla_due_on"] == str(TODAY + timedelta(days=44))
        await days_pass(world, 40)
        assert bank.notices == []
        await days_pass(world, 41)
        assert [notice["sla_due_on"] for notice in bank.notices] == [str(TODAY + timedelta(days=44))]
        await days_pass(world, 44)
        assert await raised(world) == []
        await days_pass(world, 45)
        assert await raised(world) == [str(TODAY + timedelta(days=44))]
        await days_pass(world, 134)
        assert await world.state(KUR) == "KEDALUWARSA"


async def raised(world: World) -> list[str]:
    listed = await world.referral.get("/v1/escalation?open_only=false", as_=world.dinsos)
    return [item["sla_due_on"] for item in listed.json()["items"]]


@pytest.mark.parametrize("first", [0, 1])
async def test_two_at_once_hold_until_the_last_is_refused(referral: Running, first: int) -> None:
    async with PartnerSimulator() as bank:
        world, both = await a_case(referral, bank), [uuid4(), uuid4()]
        await world.sent(KUR)
        await world.apply_events(lodged(world.family, both[0]))
        await days_pass(world, 2)
        await world.apply_events(lodged(world.family, both[1]))
        await days_pass(world, 4)
        await world.apply_events(decided(world.family, both[first], DITOLAK))
        assert await paused(world)
        await days_pass(world, 8)
        await world.apply_events(decided(world.family, both[1 - first], DITOLAK))
        assert not await paused(world)
        assert (await world.programs())[KUR]["sla_due_on"] == str(TODAY + timedelta(days=22))


async def test_told_again_after_its_refusal_holds_nothing(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, sanggah = await a_case(referral, bank), uuid4()
        await world.apply_events(lodged(world.family, sanggah), decided(world.family, sanggah, DITOLAK))
        await world.apply_events(lodged(world.family, sanggah))
        assert not await paused(world)


async def test_holds_what_a_relapse_opens_meanwhile_and_lets_both_go(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, sanggah = await a_case(referral, bank), uuid4()
        await world.apply_events(lodged(world.family, sanggah), relapsed(world.family))
        held = "SELECT purpose, paused FROM rujukan ORDER BY purpose"
        assert dict(map(tuple, await referral.sql(held))) == {"KAMBUH": True, "PASCAGRADUASI": True}
        await world.apply_events(decided(world.family, sanggah, DITOLAK))
        assert dict(map(tuple, await referral.sql(held))) == {"KAMBUH": False, "PASCAGRADUASI": False}


async def paused(world: World) -> bool:
    return (await world.referral.get("/v1/rujukan", as_=world.dinsos)).json()["items"][0]["paused"]


async def test_accepted_takes_all_back_and_a_partner_that_is_down_is_told_when_it_is_up(
    referral: Running,
) -> None:
    async with PartnerSimulator() as bank:
        world, sanggah = await a_case(referral, bank), uuid4()
        subject = await world.sent(KUR)
        bank.down = True
        family = world.family
        await world.apply_events(
            lodged(family, sanggah), decided(family, sanggah, DITERIMA), annulled(family), times=2
        )
        await referral.work()
        await world.retry_now()
        assert {row["state"] for row in (await world.programs()).values()} == {"DICABUT"}
        assert bank.notices == []
        bank.down = False
        await world.retry_now()
        assert bank.notices == [
            {"notice": "DICABUT", "rujukan_program_id": subject, "withdrawn_on": str(TODAY)}
        ]
        assert bank.received[-1].signed
        await world.retry_now()
        assert len([notice for notice in bank.received if notice.body["notice"] == "DICABUT"]) == 1
        told = await world.emitted("referral.rujukan_withdrawn.v1")
        assert len(told) == 3
        assert await referral.sql("SELECT 1 FROM identity") == []


async def test_accepted_reaches_a_partner_through_its_inbox(referral: Running) -> None:
    async with PartnerSimulator(pulls=True) as bank:
        world = await a_case(referral, bank)
        subject = await world.sent(KUR)
        await bank.pull()
        await world.apply_events(annulled(world.family))
        assert [item["body"]["notice"] for item in await bank.pull()] == ["DICABUT"]
        assert bank.withdrawn == {subject}


GRADUATION = {
    "refused": lambda family, sanggah: [lodged(family, sanggah), decided(family, sanggah, DITOLAK)],
    "annulled": lambda family, sanggah: [
        lodged(family, sanggah),
        decided(family, sanggah, DITERIMA),
        annulled(family),
    ],
    "effective": lambda family, _: [graduated(family)],
}


@pytest.mark.parametrize("way", GRADUATION)
async def test_ends_the_same_in_whatever_order_the_topics_are_heard(referral: Running, way: str) -> None:
    """Graduation's facts come in their own order; caseload's and the sealed ones before, between or after them."""
    async with PartnerSimulator() as bank:
        world = await a_world(referral, {"BANK_KUR": bank})
        for order in permutations(("graduation", "caseload", "sealed")):
            ended = await heard_in(world, order, way)
            expected = {"refused": "TERKIRIM", "annulled": "DICABUT", "effective": "TERKIRIM"}[way]
            assert ended == expected, order


async def heard_in(world: World, order: tuple[str, ...], way: str) -> str:
    """Play one family whose later facts arrive topic by topic in this order; return where its offer ends."""
    family = world.family = type(world.family)()
    own, sanggah = family_facts(family), uuid4()
    world.evidence = await world.referral.put_file(b"persetujuan bertanda tangan", as_=world.pendamping)
    await world.apply_events(*own, determined(family))
    assert (await world.consent(KUR)).status_code == 201
    for_id = UUID((await world.programs())[KUR]["rujukan_program_id"])
    topics: dict[str, list[Any]] = {
        "graduation": GRADUATION[way](family, sanggah),
        "caseload": [own[0]],
        "sealed": [sealed(world.referral, family, for_id)],
    }
    for topic in order:
        await world.apply_events(*topics[topic])
    await world.referral.work()
    return await world.state(KUR)


async def test_stands_still_while_an_objection_is_open(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, sanggah = await a_case(referral, bank), uuid4()
        await world.apply_events(lodged(world.family, sanggah))
        await world.sent(KUR)
        assert (bank.tries, await world.state(KUR)) == (0, "DISETUJUI_KPM")
        await world.apply_events(decided(world.family, sanggah, DITOLAK))
        await referral.work()
        assert (bank.tries, await world.state(KUR)) == (1, "TERKIRIM")
