"""Nothing is matched on facts of a family that a reaction has overtaken (docs/case-lifecycle.md#lapse-of-a-consent)."""

from datetime import timedelta

from tests.factories.overdue import read_overdue
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.departure import build_family_end, build_kpm_updated
from tests.factories.referral.events import (
    TODAY,
    build_family_facts,
    build_graduasi_determined,
    build_usaha_recorded,
)
from tests.factories.referral.world import World
from tests.factories.services import Running, expect_refusal

KUR, KDMP = "KUR_SUPERMIKRO", "KDMP"
THERE = "33.24.10.2001"
OPEN_TASKS = "SELECT kind FROM platform.scheduled_task WHERE done_at IS NULL AND kind LIKE 'rujukan.%'"


async def create_family(referral: Running) -> World:
    world = await create_world(referral, {})
    await world.apply_events(*build_family_facts(world.family))
    return world


async def create_case(referral: Running) -> World:
    world = await create_family(referral)
    await world.apply_events(build_graduasi_determined(world.family))
    return world


async def close_business_before_replica(world: World) -> None:
    (usaha,) = await world.referral.sql("SELECT usaha_id, started_on FROM replica_kpm.usaha")
    closed = {"usaha_id": usaha["usaha_id"], "ended_on": TODAY, "end_reason": "DITUTUP"}
    await world.apply_before_replica(build_usaha_recorded(world.family, usaha["started_on"], **closed))


async def read_states(world: World, code: str) -> list[str]:
    statement = "SELECT state FROM rujukan_program WHERE program_code = $1 ORDER BY rujukan_program_id"
    return [row["state"] for row in await world.referral.sql(statement, code)]


async def test_program_of_a_closed_business_is_not_offered_again(referral: Running) -> None:
    world = await create_case(referral)
    await world.record_consent(KUR)
    await close_business_before_replica(world)
    await referral.work()
    await world.apply_to_replica()
    await world.retry_now()
    assert await read_states(world, KUR) == ["DICABUT"]


async def test_consent_waits_for_the_replica(referral: Running) -> None:
    """The lapse that the reaction made before would not be made again."""
    world = await create_case(referral)
    await close_business_before_replica(world)
    expect_refusal(await world.record_consent(KUR), "NotYetKnown")
    await world.apply_to_replica()
    expect_refusal(await world.record_consent(KUR), "ProgramNoLongerFits")


async def test_rujukan_opens_where_the_family_has_moved(referral: Running) -> None:
    world = await create_family(referral)
    await world.apply_before_replica(build_kpm_updated(world.family, kode_wilayah=THERE))
    await world.apply_before_replica(build_graduasi_determined(world.family))
    await referral.work()
    await world.apply_to_replica()
    await world.retry_now()
    areas = "SELECT kode_wilayah FROM rujukan UNION SELECT kode_wilayah FROM rujukan_program"
    assert [row["kode_wilayah"] for row in await referral.sql(areas)] == [THERE]


async def test_rujukan_without_an_offer_is_not_matched_for_an_ended_family(referral: Running) -> None:
    world = await create_family(referral)
    await referral.sql("DELETE FROM program_rule")
    await referral.sql("UPDATE program SET valid_from = $1", TODAY + timedelta(days=1))
    await world.apply_events(build_graduasi_determined(world.family))
    await referral.sql("UPDATE program SET valid_from = $1", TODAY)
    await world.apply_before_replica(build_family_end(world.family))
    await world.retry_now()
    await world.apply_to_replica()
    await world.retry_now()
    assert await referral.sql("SELECT state FROM rujukan_program") == []


async def test_family_that_ended_before_its_rujukan_is_not_matched_for_ever(referral: Running) -> None:
    world = await create_family(referral)
    await world.apply_events(build_family_end(world.family), build_graduasi_determined(world.family))
    await referral.work()
    await world.retry_now()
    assert [row["kind"] for row in await referral.sql(OPEN_TASKS)] == []
    late = TODAY + timedelta(days=30)
    assert await read_overdue(referral, world.dinsos, late, subject_kind="rujukan") == []
    await world.apply_events(build_kpm_updated(world.family))
    await referral.work()
    assert await read_states(world, KDMP) == ["DRAF"]
