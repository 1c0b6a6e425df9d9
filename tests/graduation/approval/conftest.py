import pytest

from tests.factories.graduation.case import CaseDriver
from tests.factories.services import Running


@pytest.fixture
async def driver(graduation: Running) -> CaseDriver:
    """A case in its term."""
    return await (await CaseDriver.start(graduation)).advance_to("MASA_SANGGAH")
