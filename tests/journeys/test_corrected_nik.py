"""A NIK that a file corrects belongs to the same person in all services."""

from deploy.demo.people import DINSOS
from deploy.invariants import violations
from tests.factories.journeys.deaths import Deaths
from tests.factories.journeys.four_services import FourServices


async def test_corrected_nik(four: FourServices) -> None:
    """The owner's business is counted once, before and after the correction."""
    await four.world.day("2026-01-02")
    families = Deaths(four.world)
    await families.take_in()
    path = f"/v1/kpm/{families.cases['OWNER'].kpm_id}"
    before = await four.world.get("caseload", path, DINSOS)
    await four.world.day("2026-01-05")
    await families.correct_nik_by_file()
    after = await four.world.get("caseload", path, DINSOS)
    ids = [[member["anggota_id"] for member in shown["members"]] for shown in (before, after)]
    assert ids[0] == ids[1]
    facts = (await families.assess_owner())["facts"]
    assert (facts["USAHA_OMZET_RP"], facts["USAHA_AGE_MONTHS"], facts["USAHA_PERMIT"]) == (
        9_000_000,
        34,
        True,
    )
    assert four.world.failed == []
    await four.wait_until_idle()
    assert await violations(four.services, four.bootstrap, four.world.history) == []
