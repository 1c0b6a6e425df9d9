from collections.abc import Iterator

import pytest

from shared import clock


@pytest.fixture
def development() -> Iterator[None]:
    """A laptop's process, which may call partners on its own machine."""
    before, clock.Travel.allowed = clock.Travel.allowed, True
    yield
    clock.Travel.allowed = before


@pytest.fixture
def production() -> Iterator[None]:
    """A process that real families depend on."""
    before, clock.Travel.allowed = clock.Travel.allowed, False
    yield
    clock.Travel.allowed = before
