"""Dampingan start again when the end of their placement or area is taken back."""

from datetime import date, timedelta
from typing import Any

import pytest

from shared.contracts.registry import (
    PenugasanEnded,
    PenugasanStarted,
    WilayahTugasEnded,
    WilayahTugasPlaced,
)
from tests.factories.caseload.hand_over import (
    S,
    T,
    advance_days,
    finish_hand_over,
    import_families,
    read_emitted_data,
    read_loads,
)
from tests.factories.caseload.intake import PENDAMPING
from tests.factories.caseload.placement import AREA, TERMS, count_gaps
from tests.factories.delivery import deliver
from tests.factories.services import Running

ENDED: dict[str, Any] = {"reason": "PINDAH_TUGAS"}


async def end_placement(caseload: Running, registry: Running, on: date) -> None:
    await registry.publish(
        WilayahTugasEnded.model_validate(AREA | ENDED | {"valid_to": on}),
        PenugasanEnded.model_validate(TERMS | ENDED | {"valid_to": on}),
    )
    await deliver(registry, caseload)


async def restore_placement(caseload: Running, registry: Running, on: date, *, times: int = 1) -> None:
    await registry.publish(
        WilayahTugasPlaced.model_validate(AREA),
        PenugasanStarted.model_validate(TERMS | {"restored_from": on}),
    )
    await deliver(registry, caseload, times)
    await caseload.work()


async def test_families_come_back_with_the_placement(kendal_caseload: Running, registry: Running) -> None:
    await import_families(kendal_caseload, 3)
    on = await advance_days(kendal_caseload)
    await end_placement(kendal_caseload, registry, on)
    await kendal_caseload.work()
    assert (await count_gaps(kendal_caseload), await read_loads(kendal_caseload)) == (3, {S: 0})
    today = await advance_days(kendal_caseload, 5)
    await restore_placement(kendal_caseload, registry, on, times=2)
    assert (await count_gaps(kendal_caseload), await read_loads(kendal_caseload)) == (0, {S: 3})
    started = (await read_emitted_data(kendal_caseload, "dampingan_started"))[3:]
    assert {(one["pendamping_id"], one["valid_from"]) for one in started} == {(str(PENDAMPING), str(today))}


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


async def test_family_that_was_handed_over_since_stays(kendal_caseload: Running, registry: Running) -> None:
    await import_families(kendal_caseload, 2)
    on = await advance_days(kendal_caseload)
    await end_placement(kendal_caseload, registry, on)
    await kendal_caseload.work()
    assert (await finish_hand_over(kendal_caseload, on))["done"] == 2
    await restore_placement(kendal_caseload, registry, on)
    assert await read_loads(kendal_caseload) == {S: 0, T: 2}


@pytest.mark.parametrize("days", [0, 30])
async def test_end_that_has_not_been_applied_yet_ends_nothing(
    kendal_caseload: Running, registry: Running, days: int
) -> None:
    await import_families(kendal_caseload, 2)
    on = await advance_days(kendal_caseload) + timedelta(days=days)
    await end_placement(kendal_caseload, registry, on)
    await restore_placement(kendal_caseload, registry, on)
    await advance_days(kendal_caseload, 40)
    await kendal_caseload.work()
    assert (await count_gaps(kendal_caseload), await read_loads(kendal_caseload)) == (0, {S: 2})
    assert await read_emitted_data(kendal_caseload, "dampingan_ended") == []
