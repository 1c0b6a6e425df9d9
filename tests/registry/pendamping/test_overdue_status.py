"""A status that waits for the ministry is overdue (docs/case-lifecycle.md#deadlines-of-states)."""

from datetime import timedelta

from shared.dates import day_of
from tests.factories.overdue import read_overdue
from tests.factories.registry.commands import (
    START,
    change_status,
    expect_ok,
    ministry_token,
    register_active_pendamping,
    register_pendamping,
)
from tests.factories.services import Running

TODAY = day_of(START)


async def test_a_leave_without_an_end_is_overdue_for_the_ministry(registry: Running) -> None:
    await registry.set_clock(START)
    pendamping = await register_active_pendamping(registry)
    expect_ok(await change_status(registry, pendamping, "CUTI", from_on=str(TODAY), reason="CUTI_TAHUNAN"))
    ministry = ministry_token(registry)
    assert await read_overdue(registry, ministry, TODAY + timedelta(days=14)) == []
    (item,) = await read_overdue(registry, ministry, TODAY + timedelta(days=15))
    assert (item["subject_id"], item["state"]) == (pendamping["pendamping_id"], "CUTI")
    assert (item["owner"], item["kode_wilayah"]) == ("KEMENSOS", "*")
    expect_ok(await change_status(registry, pendamping, "AKTIF", reason="KEMBALI_BERTUGAS"))
    assert await read_overdue(registry, ministry) == []


async def test_an_office_does_not_see_what_waits_for_the_ministry(registry: Running) -> None:
    await registry.set_clock(START)
    await register_pendamping(registry)
    late = TODAY + timedelta(days=15)
    assert [one["state"] for one in await read_overdue(registry, ministry_token(registry), late)] == ["CALON"]
    assert await read_overdue(registry, registry.token("DINSOS_KABKOTA", "dinsos-1", ["33.24"])) == []
