"""Fixtures of families of one member."""

import pytest

from tests.factories.caseload.family import Family, single_member_family
from tests.factories.caseload.member import BANSOS
from tests.factories.services import Running


@pytest.fixture
async def one(kendal_caseload: Running) -> Family:
    """A woman who lives alone, with two bansos and a business."""
    usaha = {"usaha_sector": "JASA", "usaha_started_on": "2023-03-01", "usaha_omzet_rp": "9000000"}
    made = await Family.create(kendal_caseload, single_member_family(bansos=BANSOS, **usaha))
    await kendal_caseload.execute(
        "UPDATE kpm_anggota SET joined_on = '2025-01-01'; UPDATE dampingan SET valid = '[2025-01-01,)'"
    )
    return made
