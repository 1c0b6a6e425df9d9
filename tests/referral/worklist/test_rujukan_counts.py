"""Rujukan are listed and counted in the caller's area."""

from shared.contracts.kinds import ExitReason
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import (
    DESA,
    Family,
    build_family_facts,
    build_graduasi_annulled,
    build_graduasi_determined,
)
from tests.factories.referral.world import World
from tests.factories.services import Running


async def create_case(referral: Running) -> World:
    world = await create_world(referral, {})
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    return world


async def test_rujukan_are_counted_by_exit_reason(referral: Running) -> None:
    world = await create_case(referral)
    other = Family()
    await world.apply_events(
        *build_family_facts(other),
        build_graduasi_determined(other, exit_reason=ExitReason.ALAMIAH),
        build_graduasi_annulled(other),
    )
    counted = await referral.post("/v1/numbers", {}, as_=world.dinsos)
    assert counted.json() == {
        "service": "referral",
        "by_exit_reason": {
            "SEJAHTERA_MANDIRI": {"opened": 1, "withdrawn": 0, "live": 1},
            "ALAMIAH": {"opened": 1, "withdrawn": 1, "live": 0},
        },
        "totals": {"opened": 2, "withdrawn": 1, "live": 1},
    }
    one = await referral.post(
        "/v1/numbers", {"pendamping_ids": [str(other.pendamping_id)]}, as_=world.kemensos
    )
    assert one.json()["totals"] == {"opened": 1, "withdrawn": 1, "live": 0}
    away = referral.token("DINSOS_KABKOTA", "dinsos-2", ["33.25"])
    assert (await referral.post("/v1/numbers", {}, as_=away)).json()["totals"]["opened"] == 0


async def test_rujukan_are_visible_only_in_their_area(referral: Running) -> None:
    world = await create_case(referral)
    away = referral.token("DINSOS_KABKOTA", "dinsos-2", ["33.25"])
    assert (await referral.get("/v1/rujukan", as_=away)).json()["items"] == []
    village = referral.token("PENDAMPING", "pd", [DESA], pendamping_id=world.family.pendamping_id)
    assert len((await referral.get("/v1/rujukan", as_=village)).json()["items"]) == 1
