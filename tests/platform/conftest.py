"""Each test of the platform leaves the kinds of registry's jobs as they were."""

from collections.abc import Iterator

import pytest

from services.registry.worker import PARTS


@pytest.fixture(autouse=True)
def no_kind_left() -> Iterator[None]:
    """Remove the kinds that a test adds to the service's own work."""
    kinds = dict(PARTS.work.steps)
    yield
    PARTS.work.steps.clear()
    PARTS.work.steps.update(kinds)
