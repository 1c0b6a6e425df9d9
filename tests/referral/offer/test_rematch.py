from datetime import timedelta
from typing import Any

from tests.factories.cluster import START
from tests.factories.referral.catalogue import build_rule, create_world, publish_program
from tests.factories.referral.events import (
    TODAY,
    Family,
    build_family_facts,
    build_graduasi_determined,
    build_usaha_recorded,
)
from tests.factories.referral.world import World
from tests.factories.services import Running

KUR, PLUT, KDMP = "KUR_SUPERMIKRO", "UMKM_PENDAMPINGAN", "KDMP"


async def create_world_without_offers(referral: Running, **changes: Any) -> World:
    """Return a graduate for whom no program fits."""
    world = await create_world(referral, {}, Family(area="33.24.09.2002", desil=4, **changes))
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    assert await world.read_programs() == {}
    return world


async def test_published_program_is_matched_with_open_rujukan(referral: Running) -> None:
    world = await create_world_without_offers(referral, usaha_from=None)
    rules = {"rules": [build_rule("desil_nas", "LE", 4)]}
    assert (await publish_program(world, PLUT, "PLUT", valid_from=str(TODAY), **rules)).status_code == 201
    await referral.work()
    assert list(await world.read_programs()) == [PLUT]
    await referral.work()
    jobs = await referral.sql("SELECT state, done, report FROM platform.job WHERE kind = 'program.rematch'")
    assert {job["state"] for job in jobs} == {"DONE"}


async def test_future_program_is_matched_when_it_starts(referral: Running) -> None:
    world = await create_world_without_offers(referral, usaha_from=None)
    begins = TODAY + timedelta(days=30)
    await publish_program(
        world, PLUT, "PLUT", valid_from=str(begins), rules=[build_rule("desil_nas", "LE", 4)]
    )
    await referral.work()
    assert await world.read_programs() == {}
    await referral.set_clock(START + timedelta(days=31))
    await referral.work()
    assert list(await world.read_programs()) == [PLUT]


async def test_rujukan_is_matched_when_the_usaha_is_old_enough(referral: Running) -> None:
    world = await create_world_without_offers(referral, usaha_from=TODAY - timedelta(days=125))
    await referral.work()
    assert await world.read_programs() == {}
    await referral.set_clock(START + timedelta(days=70))
    await referral.work()
    assert list(await world.read_programs()) == [KUR]


async def test_rujukan_is_matched_when_facts_change(referral: Running) -> None:
    world = await create_world_without_offers(referral, usaha_from=None)
    await world.apply_events(build_usaha_recorded(world.family, TODAY - timedelta(days=400)))
    await referral.set_clock(START + timedelta(days=1))
    await referral.work()
    assert list(await world.read_programs()) == [KUR]


async def test_rujukan_with_an_open_offer_is_not_matched_again(referral: Running) -> None:
    world = await create_world(referral, {})
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    before = await world.read_programs()
    assert set(before) == {KUR, PLUT, KDMP}
    revised = await publish_program(
        world, KUR, "BANK_KUR", valid_from=str(TODAY), rules=[build_rule("usaha_months", "GE", 999)]
    )
    assert revised.json()["revision"] == 2
    await referral.work()
    after = await world.read_programs()
    assert after == before  # pinned to the revision under which they were drafted
    assert after[KUR]["program_id"] != revised.json()["program_id"]
    assert (await world.record_consent(KUR)).status_code == 201


async def test_many_rujukan_are_matched_in_batches(referral: Running) -> None:
    world = await create_world_without_offers(referral, usaha_from=None)
    await referral.execute(
        "INSERT INTO replica_kpm.kpm SELECT (json_populate_record(k, json_build_object('kpm_id', gen_random_uuid()))).*"
        " FROM replica_kpm.kpm k, generate_series(1, 450);"
        "INSERT INTO rujukan SELECT (json_populate_record(r, json_build_object('rujukan_id', gen_random_uuid(),"
        " 'graduasi_id', gen_random_uuid(), 'kpm_id', k.kpm_id))).* FROM rujukan r, replica_kpm.kpm k"
        " WHERE k.kpm_id <> r.kpm_id"
    )
    await publish_program(
        world, PLUT, "PLUT", valid_from=str(TODAY), rules=[build_rule("desil_nas", "LE", 4)]
    )
    await referral.work()
    (counted,) = await referral.sql("SELECT count(*) AS n FROM rujukan_program")
    assert counted["n"] == 451
