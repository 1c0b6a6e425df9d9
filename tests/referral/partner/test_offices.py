"""The Dinsos office that a partner calls about a family."""

from deploy.demo.partner_simulator import PartnerSimulator
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import build_family_facts, build_graduasi_determined
from tests.factories.services import Running


async def test_notice_has_the_office_of_the_area(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world = await create_world(referral, {"BANK_KUR": bank})
        office = {
            "kode_wilayah": "33.24",
            "name": "Dinsos Kendal",
            "phone": "(0294) 381234",
            "email": "dinsos@example.go.id",
        }
        assert (await referral.post("/v1/office", office, as_=world.kemensos)).json()["version"] == 1
        again = await referral.post(
            "/v1/office", office | {"name": "Dinas Sosial Kendal"}, as_=world.kemensos
        )
        assert again.json()["version"] == 2
        await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
        await world.send_rujukan("KUR_SUPERMIKRO")
        assert bank.received[0].body["office"] == office | {
            "name": "Dinas Sosial Kendal",
            "phone": "+62294381234",
        }


async def test_offices_are_listed_by_area(referral: Running) -> None:
    world = await create_world(referral, {})
    for code, name in (("33.25", "Dinsos Batang"), ("33.24", "Dinsos Kendal")):
        body = {"kode_wilayah": code, "name": name}
        assert (await referral.post("/v1/office", body, as_=world.kemensos)).status_code == 201
    for token in (world.kemensos, world.dinsos, world.partner("BANK_KUR")):
        listed = (await referral.get("/v1/office", as_=token)).json()["items"]
        assert [(item["kode_wilayah"], item["name"]) for item in listed] == [
            ("33.24", "Dinsos Kendal"),
            ("33.25", "Dinsos Batang"),
        ]
