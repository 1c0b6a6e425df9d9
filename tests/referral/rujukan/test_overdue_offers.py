"""An offer is overdue from its consent on, whatever it waits for (docs/case-lifecycle.md#deadlines-of-states)."""

from datetime import timedelta
from typing import Any

from deploy.demo.partner_simulator import PartnerSimulator
from shared.contracts.kinds import SanggahOutcome
from shared.database import uuid7
from tests.factories.overdue import read_overdue
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.deadline import KUR, read_escalations, send_rujukan
from tests.factories.referral.events import (
    TODAY,
    Family,
    build_family_facts,
    build_graduasi_determined,
    build_sanggah_decided,
    build_sanggah_lodged,
)
from tests.factories.referral.world import World
from tests.factories.services import Running

DUE_ON = TODAY + timedelta(days=14)


async def read_offers(world: World, day: int, as_: str = "", **filters: str) -> list[tuple[Any, ...]]:
    """Return the overdue offers on a day after today."""
    on = TODAY + timedelta(days=day)
    items = await read_overdue(
        world.referral, as_ or world.dinsos, on, subject_kind="rujukan_program", **filters
    )
    return [(one["state"], one["owner"], one["level"], one["escalated_to"]) for one in items]


async def consent(referral: Running, simulators: dict[str, PartnerSimulator]) -> World:
    world = await create_world(referral, simulators)
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    await world.send_rujukan(KUR)
    return world


async def test_an_offer_to_a_partner_that_is_down_is_overdue_from_its_consent_on(referral: Running) -> None:
    world = await consent(referral, {})
    assert await world.read_state(KUR) == "GAGAL_KIRIM"
    assert await read_offers(world, 14, state="GAGAL_KIRIM") == []
    assert await read_offers(world, 15, state="GAGAL_KIRIM") == [
        ("GAGAL_KIRIM", "DINSOS_KABKOTA", 1, "DINSOS_KABKOTA")
    ]
    assert await read_offers(world, 72, state="GAGAL_KIRIM") == [
        ("GAGAL_KIRIM", "DINSOS_KABKOTA", 2, "KEMENSOS")
    ]


async def test_an_offer_in_an_inbox_that_nobody_acknowledges_is_overdue(referral: Running) -> None:
    async with PartnerSimulator(pulls=True) as bank:
        world = await consent(referral, {"BANK_KUR": bank})
    assert await world.read_state(KUR) == "DISETUJUI_KPM"
    (row,) = await read_offers(world, 15, state="DISETUJUI_KPM")
    assert row[1:] == ("DINSOS_KABKOTA", 1, "DINSOS_KABKOTA")


async def test_a_draft_waits_for_the_pendamping(referral: Running) -> None:
    world = await create_world(referral, {})
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    assert await read_offers(world, 14, world.pendamping) == []
    drafts = await read_offers(world, 15, world.pendamping)
    assert {*drafts} == {("DRAF", "PENDAMPING", 1, "DINSOS_KABKOTA")}


async def test_a_rujukan_in_which_nothing_fits_waits_for_the_office(referral: Running) -> None:
    world = World(referral, Family())
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    assert await read_overdue(referral, world.dinsos, DUE_ON) == []
    (item,) = await read_overdue(referral, world.dinsos, DUE_ON + timedelta(days=1))
    assert (item["subject_kind"], item["state"], item["owner"]) == ("rujukan", "TERBUKA", "DINSOS_KABKOTA")


async def test_a_partner_without_an_answer_is_overdue_with_its_escalation(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, subject = await send_rujukan(referral, bank)
    assert await read_offers(world, 14, state="TERKIRIM") == []
    assert [row[:2] for row in await read_offers(world, 15, owner="PARTNER")] == [
        (await world.read_state(KUR), "PARTNER")
    ]
    assert [one["rujukan_program_id"] for one in await read_escalations(world)] == [subject]


async def test_a_pause_stops_the_clock_of_an_offer(referral: Running) -> None:
    world = await consent(referral, {})
    sanggah_id = uuid7()
    await world.apply_events(build_sanggah_lodged(world.family, sanggah_id))
    assert await read_offers(world, 20) == []
    await world.apply_events(build_sanggah_decided(world.family, sanggah_id, SanggahOutcome.DITOLAK))
    assert await read_offers(world, 34, state="GAGAL_KIRIM") == []
    assert len(await read_offers(world, 35, state="GAGAL_KIRIM")) == 1


async def test_an_offer_that_leaves_its_state_leaves_the_list(referral: Running) -> None:
    world = await consent(referral, {})
    assert len(await read_offers(world, 15, state="GAGAL_KIRIM")) == 1
    subject = (await world.read_programs())[KUR]["rujukan_program_id"]
    body = {"reason": "Keluarga berubah pikiran.", "withdrawn_on": str(TODAY)}
    path = f"/v1/rujukan-program/{subject}/consent-withdrawal"
    answer = await referral.post(path, body, as_=world.pendamping)
    assert answer.status_code == 201, answer.text
    assert await read_overdue(referral, world.dinsos, state="GAGAL_KIRIM") == []
