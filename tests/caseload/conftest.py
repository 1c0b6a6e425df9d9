"""A registry beside caseload, to tell it of pendamping; and one already known."""

import pytest

from tests.factories.caseload.intake import OTHER, OTHER_NO, OTHER_PENUGASAN, pendamping
from tests.factories.services import Running, deliver


@pytest.fixture
async def placed(caseload: Running, registry: Running) -> Running:
    """caseload, which knows pendamping S and T in Kendal."""
    await registry.publish(*pendamping(), *pendamping(OTHER, OTHER_NO, OTHER_PENUGASAN))
    await deliver(registry, caseload)
    return caseload
