"""The ministry registers partners."""

from tests.factories.referral.catalogue import create_world
from tests.factories.services import Running


async def test_partner_code_is_unique(referral: Running) -> None:
    world = await create_world(referral, {})
    body = {"code": "BANK_KUR", "name": "Lain", "kind": "BANK", "channel": "SURAT"}
    taken = await referral.post("/v1/partner", body, as_=world.kemensos)
    assert (taken.status_code, taken.json()["title"]) == (409, "PartnerCodeTaken")
    letter = await referral.post("/v1/partner", body | {"code": "PEMDA_SURAT"}, as_=world.kemensos)
    assert (letter.status_code, letter.json()["webhook_secret"]) == (201, None)
    away = await referral.post("/v1/partner", body | {"code": "X1", "kode_wilayah": "99"}, as_=world.kemensos)
    assert (away.status_code, away.json()["title"]) == (422, "WilayahUnknown")


async def test_only_the_ministry_registers_partners(referral: Running) -> None:
    world = await create_world(referral, {})
    body = {"code": "MITRA", "name": "Mitra", "kind": "BANK", "channel": "SURAT"}
    for token in (world.dinsos, world.pendamping, world.partner("PLUT")):
        assert (await referral.post("/v1/partner", body, as_=token)).status_code == 403
    page = await referral.get("/v1/program?limit=2", as_=world.partner("PLUT"))
    following = await referral.get(page.json()["next"], as_=world.partner("PLUT"))
    assert len(page.json()["items"]) + len(following.json()["items"]) == 3
