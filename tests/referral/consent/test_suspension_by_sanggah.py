"""A sanggah that suspends a rujukan.

Nothing is sent and deadlines are paused. After a refusal the rujukan continues, after an acceptance it is
withdrawn.
"""

from datetime import date, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest

from deploy.demo.partner_simulator import PartnerSimulator
from shared.contracts.kinds import SanggahOutcome
from tests.factories.cluster import START
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import (
    TODAY,
    build_family_facts,
    build_graduasi_annulled,
    build_graduasi_determined,
    build_identity_sealed,
    build_kpm_graduated,
    build_relapse_confirmed,
    build_sanggah_decided,
    build_sanggah_lodged,
)
from tests.factories.referral.inbox import is_identity_visible
from tests.factories.referral.notice_schema import without_head
from tests.factories.referral.world import World
from tests.factories.services import Running

KUR, KDMP = "KUR_SUPERMIKRO", "KDMP"
DITOLAK, DITERIMA, GUGUR = SanggahOutcome.DITOLAK, SanggahOutcome.DITERIMA, SanggahOutcome.GUGUR


async def create_case(referral: Running, bank: PartnerSimulator) -> World:
    world = await create_world(referral, {"BANK_KUR": bank})
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    return world


async def advance_days(world: World, days: int) -> None:
    await world.referral.set_clock(START + timedelta(days=days, minutes=1))
    await world.referral.work()


@pytest.mark.parametrize("outcome", [DITOLAK, GUGUR, SanggahOutcome.SALAH_CATAT])
async def test_sanggah_pauses_the_sending_until_it_is_refused_or_lapses(
    referral: Running, outcome: SanggahOutcome
) -> None:
    async with PartnerSimulator() as bank:
        world, sanggah = await create_case(referral, bank), uuid4()
        await world.record_consent(KUR)
        await world.apply_events(build_sanggah_lodged(world.family, sanggah))
        await world.apply_identity(KUR)
        await world.retry_now()
        assert bank.tries == 0
        await world.apply_events(build_sanggah_decided(world.family, sanggah, outcome), times=2)
        await referral.work()
        assert await world.read_state(KUR) == "TERKIRIM"
        assert len(bank.received) == 1


async def test_sanggah_that_does_not_suspend_pauses_nothing(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await create_case(referral, bank)
        await world.apply_events(build_sanggah_lodged(world.family, uuid4(), suspends=False))
        await world.send_rujukan(KUR)
        assert await world.read_state(KUR) == "TERKIRIM"


async def test_paused_family_is_not_in_the_inbox(referral: Running) -> None:
    async with PartnerSimulator(pulls=True) as bank:
        world, sanggah = await create_case(referral, bank), uuid4()
        subject = await world.send_rujukan(KUR)
        await world.apply_events(build_sanggah_lodged(world.family, sanggah))
        assert await bank.pull() == []
        own = world.partners["BANK_KUR"]["partner_id"]
        assert await is_identity_visible(referral, subject, own) is False
        await world.apply_events(build_sanggah_decided(world.family, sanggah, DITOLAK))
        assert [item["notice"] for item in await bank.pull()] == ["RUJUKAN"]


async def test_pause_moves_each_deadline_by_its_days(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, sanggah = await create_case(referral, bank), uuid4()
        await world.send_rujukan(KUR)
        await advance_days(world, 5)
        await world.apply_events(build_sanggah_lodged(world.family, sanggah))
        await advance_days(world, 35)
        assert bank.notices == []
        await world.apply_events(build_sanggah_decided(world.family, sanggah, DITOLAK))
        assert (await world.read_programs())[KUR]["sla_due_on"] == str(TODAY + timedelta(days=44))
        await advance_days(world, 40)
        assert bank.notices == []
        await advance_days(world, 41)
        assert [notice["sla_due_on"] for notice in bank.notices] == [str(TODAY + timedelta(days=44))]
        await advance_days(world, 44)
        assert await read_escalated_days(world) == []
        await advance_days(world, 45)
        assert await read_escalated_days(world) == [str(TODAY + timedelta(days=44))]
        await advance_days(world, 134)
        assert await world.read_state(KUR) == "KEDALUWARSA"


async def read_escalated_days(world: World) -> list[str]:
    listed = await world.referral.get("/v1/escalation?open_only=false", as_=world.dinsos)
    return [item["sla_due_on"] for item in listed.json()["items"]]


@pytest.mark.parametrize("first", [0, 1])
async def test_two_sanggah_pause_until_the_last_is_refused(referral: Running, first: int) -> None:
    async with PartnerSimulator() as bank:
        world, both = await create_case(referral, bank), [uuid4(), uuid4()]
        await world.send_rujukan(KUR)
        await world.apply_events(build_sanggah_lodged(world.family, both[0]))
        await advance_days(world, 2)
        await world.apply_events(build_sanggah_lodged(world.family, both[1]))
        await advance_days(world, 4)
        await world.apply_events(build_sanggah_decided(world.family, both[first], DITOLAK))
        assert await is_paused(world)
        await advance_days(world, 8)
        await world.apply_events(build_sanggah_decided(world.family, both[1 - first], DITOLAK))
        assert not await is_paused(world)
        assert (await world.read_programs())[KUR]["sla_due_on"] == str(TODAY + timedelta(days=22))


async def test_repeated_sanggah_event_after_refusal_pauses_nothing(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, sanggah = await create_case(referral, bank), uuid4()
        await world.apply_events(
            build_sanggah_lodged(world.family, sanggah), build_sanggah_decided(world.family, sanggah, DITOLAK)
        )
        await world.apply_events(build_sanggah_lodged(world.family, sanggah))
        assert not await is_paused(world)


async def test_sanggah_pauses_a_rujukan_that_a_relapse_opens(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, sanggah = await create_case(referral, bank), uuid4()
        await world.apply_events(
            build_sanggah_lodged(world.family, sanggah), build_relapse_confirmed(world.family)
        )
        statement = "SELECT purpose, paused FROM rujukan ORDER BY purpose"
        assert dict(map(tuple, await referral.sql(statement))) == {"KAMBUH": True, "PASCAGRADUASI": True}
        await world.apply_events(build_sanggah_decided(world.family, sanggah, DITOLAK))
        assert dict(map(tuple, await referral.sql(statement))) == {"KAMBUH": False, "PASCAGRADUASI": False}


async def is_paused(world: World) -> bool:
    return (await world.referral.get("/v1/rujukan", as_=world.dinsos)).json()["items"][0]["paused"]


async def test_accepted_sanggah_withdraws_all_offers(
    referral: Running,
) -> None:
    async with PartnerSimulator() as bank:
        world, sanggah = await create_case(referral, bank), uuid4()
        subject = await world.send_rujukan(KUR)
        bank.down = True
        family = world.family
        await world.apply_events(
            build_sanggah_lodged(family, sanggah),
            build_sanggah_decided(family, sanggah, DITERIMA),
            build_graduasi_annulled(family),
            times=2,
        )
        await referral.work()
        await world.retry_now()
        assert {row["state"] for row in (await world.read_programs()).values()} == {"DICABUT"}
        assert bank.notices == []
        bank.down = False
        await world.retry_now()
        assert [without_head(notice) for notice in bank.notices] == [
            {"notice": "DICABUT", "rujukan_program_id": subject, "withdrawn_on": str(TODAY)}
        ]
        assert bank.received[-1].signed
        await world.retry_now()
        assert len([notice for notice in bank.received if notice.body["notice"] == "DICABUT"]) == 1
        events = await world.read_emitted_data("referral.rujukan_withdrawn.v1")
        assert len(events) == 3
        assert await referral.sql("SELECT 1 FROM identity") == []


async def test_accepted_sanggah_reaches_a_partner_through_its_inbox(referral: Running) -> None:
    async with PartnerSimulator(pulls=True) as bank:
        world = await create_case(referral, bank)
        subject = await world.send_rujukan(KUR)
        await bank.pull()
        await world.apply_events(build_graduasi_annulled(world.family))
        assert [item["body"]["notice"] for item in await bank.pull()] == ["DICABUT"]
        assert bank.withdrawn == {subject}


GRADUATION = {
    "refused": lambda family, sanggah: [
        build_sanggah_lodged(family, sanggah),
        build_sanggah_decided(family, sanggah, DITOLAK),
    ],
    "annulled": lambda family, sanggah: [
        build_sanggah_lodged(family, sanggah),
        build_sanggah_decided(family, sanggah, DITERIMA),
        build_graduasi_annulled(family),
    ],
    "effective": lambda family, _: [build_kpm_graduated(family)],
}


@pytest.mark.parametrize("way", GRADUATION)
async def test_order_of_topics_does_not_change_the_end(referral: Running, way: str) -> None:
    """Events of graduation keep their order.

    Those of caseload and the sealed ones come before, between or after them.
    """
    async with PartnerSimulator() as bank:
        world = await create_world(referral, {"BANK_KUR": bank})
        for order in permutations(("graduation", "caseload", "sealed")):
            ended = await deliver_topics(world, order, way)
            expected = {"refused": "TERKIRIM", "annulled": "DICABUT", "effective": "TERKIRIM"}[way]
            assert ended == expected, order


async def deliver_topics(world: World, order: tuple[str, ...], way: str) -> str:
    """Deliver events topic by topic, and return the state of the offer."""
    family = world.family = type(world.family)()
    own, sanggah = build_family_facts(family), uuid4()
    world.evidence = await world.referral.put_file(b"persetujuan bertanda tangan", as_=world.pendamping)
    await world.apply_events(*own, build_graduasi_determined(family))
    assert (await world.record_consent(KUR)).status_code == 201
    for_id = UUID((await world.read_programs())[KUR]["rujukan_program_id"])
    topics: dict[str, list[Any]] = {
        "graduation": GRADUATION[way](family, sanggah),
        "caseload": [own[0]],
        "sealed": [build_identity_sealed(world.referral, family, for_id)],
    }
    for topic in order:
        await world.apply_events(*topics[topic])
    await world.referral.work()
    return await world.read_state(KUR)


async def test_paused_rujukan_sends_nothing_while_a_sanggah_is_open(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, sanggah = await create_case(referral, bank), uuid4()
        await world.apply_events(build_sanggah_lodged(world.family, sanggah))
        await world.send_rujukan(KUR)
        assert (bank.tries, await world.read_state(KUR)) == (0, "DISETUJUI_KPM")
        await world.apply_events(build_sanggah_decided(world.family, sanggah, DITOLAK))
        await referral.work()
        assert (bank.tries, await world.read_state(KUR)) == (1, "TERKIRIM")


@pytest.mark.parametrize(("effective", "shown"), [(True, TODAY + timedelta(days=90)), (False, None)])
async def test_refusal_moves_the_effect_that_there_was(
    referral: Running, *, effective: bool, shown: date | None
) -> None:
    async with PartnerSimulator() as bank:
        world, sanggah = await create_case(referral, bank), uuid4()
        if effective:
            await world.apply_events(build_kpm_graduated(world.family))
        await world.apply_events(build_sanggah_lodged(world.family, sanggah))
        decided = build_sanggah_decided(world.family, sanggah, DITOLAK)
        moved = {"effective_tahap": "2026-4", "effective_on": TODAY + timedelta(days=90)}
        await world.apply_events(decided.model_copy(update=moved))
        (row,) = await referral.sql("SELECT effective_on FROM rujukan")
        assert row["effective_on"] == shown
