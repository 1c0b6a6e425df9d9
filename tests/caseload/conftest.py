"""Fixtures of caseload with two pendamping and a family."""

import pytest

from tests.factories.caseload.family import Family
from tests.factories.caseload.intake import OTHER, OTHER_NO, OTHER_PENUGASAN, mother, pendamping
from tests.factories.delivery import deliver
from tests.factories.recall import recall
from tests.factories.services import Running


@pytest.fixture
async def kendal_caseload(caseload: Running, registry: Running) -> Running:
    """Caseload with the pendamping S and T in Kendal."""

    async def deliver_pendamping() -> None:
        await registry.publish(*pendamping(), *pendamping(OTHER, OTHER_NO, OTHER_PENUGASAN))
        await deliver(registry, caseload)

    await recall("pendamping", deliver_pendamping, caseload, registry)
    return caseload


@pytest.fixture
async def family(kendal_caseload: Running) -> Family:
    """Register a family of four with PKH and a business, accompanied by S."""
    return await Family.create(kendal_caseload, mother())
