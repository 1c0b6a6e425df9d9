"""Dampingan start again when the end of their placement is undone."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta

import pytest

from shared.contracts.registry import PenugasanStarted, WilayahTugasEnded, WilayahTugasPlaced
from tests.factories.caseload.hand_over import (
    S,
    T,
    advance_days,
    finish_hand_over,
    import_families,
    ketua_tim_token,
    read_emitted_data,
    read_loads,
)
from tests.factories.caseload.intake import PENDAMPING
from tests.factories.caseload.placement import (
    AREA,
    ENDED,
    TERMS,
    build_status_changed,
    count_gaps,
    end_placement,
    record_death,
    restore_placement,
    reverse_death,
)
from tests.factories.delivery import deliver
from tests.factories.services import Running

RESTORATIONS = (
    "SELECT kind FROM platform.scheduled_task WHERE kind LIKE '%.restore_dampingan' AND done_at IS NULL"
)
WAYS = {"death": (record_death, reverse_death), "placement": (end_placement, restore_placement)}


async def end_dampingan(
    caseload: Running, registry: Running, way: str, *, families: int
) -> tuple[date, Callable[..., Awaitable[None]]]:
    """End the dampingan of families in one way. Return the day and what undoes it."""
    end, undo = WAYS[way]
    await import_families(caseload, families)
    on = await advance_days(caseload)
    await end(caseload, registry, on)
    await caseload.work()
    return on, undo


@pytest.mark.parametrize("way", WAYS)
async def test_families_get_their_pendamping_back(
    kendal_caseload: Running, registry: Running, way: str
) -> None:
    on, undo = await end_dampingan(kendal_caseload, registry, way, families=3)
    assert (await count_gaps(kendal_caseload), await read_loads(kendal_caseload)) == (3, {S: 0})
    today = await advance_days(kendal_caseload, 5)
    await undo(kendal_caseload, registry, on, times=2)
    assert (await count_gaps(kendal_caseload), await read_loads(kendal_caseload)) == (0, {S: 3})
    started = (await read_emitted_data(kendal_caseload, "dampingan_started"))[3:]
    assert [(one["pendamping_id"], one["valid_from"]) for one in started] == [
        (str(PENDAMPING), str(today)),
    ] * 3
    tasks = (await kendal_caseload.get("/v1/tugas", as_=ketua_tim_token(kendal_caseload))).json()["items"]
    assert tasks == []


@pytest.mark.parametrize("way", WAYS)
async def test_family_that_was_handed_over_keeps_its_new_pendamping(
    kendal_caseload: Running, registry: Running, way: str
) -> None:
    on, undo = await end_dampingan(kendal_caseload, registry, way, families=2)
    assert (await finish_hand_over(kendal_caseload, on))["done"] == 2
    await undo(kendal_caseload, registry, on)
    assert await read_loads(kendal_caseload) == {S: 0, T: 2}


@pytest.mark.parametrize(("way", "days"), [("death", 0), ("placement", 0), ("placement", 30)])
async def test_end_that_is_undone_before_the_worker_ran_ends_nothing(
    kendal_caseload: Running, registry: Running, way: str, days: int
) -> None:
    end, undo = WAYS[way]
    await import_families(kendal_caseload, 2)
    on = await advance_days(kendal_caseload) + timedelta(days=days)
    await end(kendal_caseload, registry, on)
    await undo(kendal_caseload, registry, on)
    await advance_days(kendal_caseload, 40)
    await kendal_caseload.work()
    assert (await count_gaps(kendal_caseload), await read_loads(kendal_caseload)) == (0, {S: 2})
    assert await read_emitted_data(kendal_caseload, "dampingan_ended") == []


@pytest.mark.parametrize("days", [0, 3])
@pytest.mark.parametrize("way", WAYS)
async def test_end_that_is_recorded_again_cancels_the_restoration(
    kendal_caseload: Running, registry: Running, way: str, days: int
) -> None:
    on, undo = await end_dampingan(kendal_caseload, registry, way, families=2)
    await undo(kendal_caseload, registry, on, work=False)
    await WAYS[way][0](kendal_caseload, registry, on - timedelta(days=days))
    await kendal_caseload.work()
    assert (await count_gaps(kendal_caseload), await read_loads(kendal_caseload)) == (2, {S: 0})
    assert await kendal_caseload.sql(RESTORATIONS) == []


async def test_no_restoration_waits_after_a_leave_on_the_day_of_a_reversed_death(
    kendal_caseload: Running, registry: Running
) -> None:
    on, undo = await end_dampingan(kendal_caseload, registry, "death", families=1)
    await undo(kendal_caseload, registry, on, work=False)
    await registry.publish(build_status_changed("CUTI", on))
    await deliver(registry, kendal_caseload)
    await kendal_caseload.work()
    assert await kendal_caseload.sql(RESTORATIONS) == []


async def test_placement_that_ends_no_later_restores_nothing(
    kendal_caseload: Running, registry: Running
) -> None:
    on, _ = await end_dampingan(kendal_caseload, registry, "placement", families=1)
    restored = {"restored_from": on, "valid_to": on - timedelta(days=3)}
    await registry.publish(PenugasanStarted.model_validate(TERMS | restored))
    await deliver(registry, kendal_caseload)
    await kendal_caseload.work()
    assert await kendal_caseload.sql(RESTORATIONS) == []


async def test_families_come_back_with_one_area(kendal_caseload: Running, registry: Running) -> None:
    await import_families(kendal_caseload, 2)
    on = await advance_days(kendal_caseload)
    await registry.publish(WilayahTugasEnded.model_validate(AREA | ENDED | {"valid_to": on}))
    await deliver(registry, kendal_caseload)
    await kendal_caseload.work()
    assert await count_gaps(kendal_caseload) == 2
    await registry.publish(WilayahTugasPlaced.model_validate(AREA | {"restored_from": on}))
    await deliver(registry, kendal_caseload)
    await kendal_caseload.work()
    assert (await count_gaps(kendal_caseload), await read_loads(kendal_caseload)) == (0, {S: 2})
