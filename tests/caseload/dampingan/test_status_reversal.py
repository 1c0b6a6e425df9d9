"""A status of a pendamping is reversed: the dampingan that it ended start again."""

import pytest

from tests.factories.caseload.hand_over import (
    S,
    advance_days,
    import_families,
    read_loads,
)
from tests.factories.caseload.placement import (
    build_status_changed,
    count_gaps,
)
from tests.factories.delivery import deliver
from tests.factories.services import Running


@pytest.mark.parametrize(("restored", "families"), [("AKTIF", 2), ("CUTI", 0)])
async def test_only_an_active_pendamping_gets_them_back(
    kendal_caseload: Running, registry: Running, restored: str, families: int
) -> None:
    await import_families(kendal_caseload, 2)
    on = await advance_days(kendal_caseload)
    await registry.publish(build_status_changed("NONAKTIF", on))
    await deliver(registry, kendal_caseload)
    await kendal_caseload.work()
    assert await count_gaps(kendal_caseload) == 2
    await registry.publish(build_status_changed(restored, on, "NONAKTIF"))
    await deliver(registry, kendal_caseload)
    await kendal_caseload.work()
    assert await read_loads(kendal_caseload) == {S: families}
