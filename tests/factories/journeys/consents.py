"""A graduated family in caseload and referral, whose business belongs to the father."""

from uuid import UUID

from deploy.demo.partner_simulator import PartnerSimulator
from tests.factories.caseload import intake as families
from tests.factories.caseload.family import Family as CaseloadFamily
from tests.factories.journeys.four_services import FourServices
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import Family, build_graduasi_determined
from tests.factories.referral.world import World

KUR = "KUR_SUPERMIKRO"
BUSINESS = {"usaha_sector": "MAKANAN", "usaha_started_on": "2023-03-01", "usaha_omzet_rp": "9000000"}


async def create_case(
    four: FourServices, bank: PartnerSimulator
) -> tuple[World, CaseloadFamily, dict[str, str]]:
    """Return a graduated family in both services, and its members' ids by relation."""
    caseload, referral = four.services["caseload"], four.services["referral"]
    await four.services["registry"].publish(*families.pendamping())
    await four.wait_until_idle()
    rows = families.mother(**dict.fromkeys((*BUSINESS, "usaha_letter"), ""))
    rows[1] |= BUSINESS | {"usaha_letter": "YA"}
    await families.request_intake(caseload, families.build_csv(rows))
    await four.wait_until_idle()
    kpm_id = await families.read_kpm_id(caseload, rows[0]["nik"])
    whole = CaseloadFamily(caseload, kpm_id, families.pendamping_token(caseload))
    family = Family(kpm_id=UUID(kpm_id), pendamping_id=families.PENDAMPING, area=families.DESA)
    world = await create_world(referral, {"BANK_KUR": bank}, family)
    await four.services["graduation"].publish(build_graduasi_determined(family))
    await four.wait_until_idle()
    members = {one["relation"]: one["anggota_id"] for one in (await whole.read())["members"]}
    return world, whole, members
