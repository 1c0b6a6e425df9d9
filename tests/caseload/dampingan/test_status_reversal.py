"""A status of a pendamping is reversed: the dampingan that it ended start again."""

from datetime import date

import pytest

from shared.contracts.registry import (
    PendampingStatusChanged,
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
    ketua_tim_token,
    read_emitted_data,
    read_loads,
)
from tests.factories.caseload.intake import PENDAMPING, PENDAMPING_NO
from tests.factories.caseload.placement import AREA, TERMS, count_gaps
from tests.factories.delivery import deliver
from tests.factories.services import Running


def status_changed(status: str, on: date, reverses: str | None = None) -> PendampingStatusChanged:
    who = {"pendamping_id": PENDAMPING, "pendamping_no": PENDAMPING_NO, "subject": "PERSON"}
    change = {"status": status, "reason": "KEPUTUSAN", "from_on": on, "reverses": reverses}
    return PendampingStatusChanged.model_validate(who | change)


async def record_death(caseload: Running, registry: Running, on: date) -> None:
    ended = {"valid_to": on, "reason": "MENINGGAL"}
    await registry.publish(
        status_changed("MENINGGAL", on),
        WilayahTugasEnded.model_validate(AREA | ended),
        PenugasanEnded.model_validate(TERMS | ended),
    )
    await deliver(registry, caseload)


async def reverse_death(caseload: Running, registry: Running, on: date, *, times: int = 1) -> None:
    await registry.publish(
        PenugasanStarted.model_validate(TERMS),
        WilayahTugasPlaced.model_validate(AREA),
        status_changed("AKTIF", on, "MENINGGAL"),
    )
    await deliver(registry, caseload, times)
    await caseload.work()


async def test_families_get_their_pendamping_back(kendal_caseload: Running, registry: Running) -> None:
    await import_families(kendal_caseload, 3)
    on = await advance_days(kendal_caseload)
    await record_death(kendal_caseload, registry, on)
    await kendal_caseload.work()
    assert (await count_gaps(kendal_caseload), await read_loads(kendal_caseload)) == (3, {S: 0})
    today = await advance_days(kendal_caseload, 5)
    await reverse_death(kendal_caseload, registry, on, times=2)
    assert (await count_gaps(kendal_caseload), await read_loads(kendal_caseload)) == (0, {S: 3})
    started = (await read_emitted_data(kendal_caseload, "dampingan_started"))[3:]
    assert [(one["pendamping_id"], one["valid_from"]) for one in started] == [
        (str(PENDAMPING), str(today)),
    ] * 3
    tasks = (await kendal_caseload.get("/v1/tugas", as_=ketua_tim_token(kendal_caseload))).json()["items"]
    assert tasks == []


async def test_family_that_was_handed_over_keeps_its_new_pendamping(
    kendal_caseload: Running, registry: Running
) -> None:
    await import_families(kendal_caseload, 2)
    on = await advance_days(kendal_caseload)
    await record_death(kendal_caseload, registry, on)
    await kendal_caseload.work()
    assert (await finish_hand_over(kendal_caseload, on))["done"] == 2
    await reverse_death(kendal_caseload, registry, on)
    assert await read_loads(kendal_caseload) == {S: 0, T: 2}


async def test_reversal_before_the_worker_ran_ends_nothing(
    kendal_caseload: Running, registry: Running
) -> None:
    await import_families(kendal_caseload, 2)
    on = await advance_days(kendal_caseload)
    await record_death(kendal_caseload, registry, on)
    await reverse_death(kendal_caseload, registry, on)
    assert (await count_gaps(kendal_caseload), await read_loads(kendal_caseload)) == (0, {S: 2})
    assert await read_emitted_data(kendal_caseload, "dampingan_ended") == []


@pytest.mark.parametrize(("restored", "families"), [("AKTIF", 2), ("CUTI", 0)])
async def test_only_an_active_pendamping_gets_them_back(
    kendal_caseload: Running, registry: Running, restored: str, families: int
) -> None:
    await import_families(kendal_caseload, 2)
    on = await advance_days(kendal_caseload)
    await registry.publish(status_changed("NONAKTIF", on))
    await deliver(registry, kendal_caseload)
    await kendal_caseload.work()
    assert await count_gaps(kendal_caseload) == 2
    await registry.publish(status_changed(restored, on, "NONAKTIF"))
    await deliver(registry, kendal_caseload)
    await kendal_caseload.work()
    assert await read_loads(kendal_caseload) == {S: families}
