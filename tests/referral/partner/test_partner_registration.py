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


async def test_wrong_partner_is_corrected_and_what_it_was_stays_readable(referral: Running) -> None:
    world = await create_world(referral, {})
    partner_id = world.partners["BANK_KUR"]["partner_id"]
    path, match = f"/v1/partner/{partner_id}", {"If-Match": '"1"'}
    limit = {"failures_to_open": 3, "wait_seconds": 30}
    assert (await referral.post(f"{path}/breaker", limit, as_=world.kemensos)).status_code == 201
    body = {
        "code": "BANK_BRI",
        "name": "Bank",
        "kind": "BUMN",
        "channel": "PORTAL_LINK",
        "reason": "Salah ketik",
    }
    assert (
        await referral.post(f"{path}/correction", body, as_=world.dinsos, headers=match)
    ).status_code == 403
    taken = await referral.post(
        f"{path}/correction", body | {"code": "PLUT"}, as_=world.kemensos, headers=match
    )
    assert (taken.status_code, taken.json()["title"]) == (409, "PartnerCodeTaken")
    right = await referral.post(f"{path}/correction", body, as_=world.kemensos, headers=match)
    assert right.status_code == 201, right.text
    shown = (await referral.get(path, as_=world.kemensos)).json()
    assert (shown["code"], shown["kind"], shown["webhook_url"], shown["version"]) == (
        "BANK_BRI",
        "BUMN",
        None,
        2,
    )
    (change,) = (await referral.get(f"{path}/correction", as_=world.kemensos)).json()["items"]
    assert (change["before"]["code"], change["before"]["kind"], change["reason"]) == (
        "BANK_KUR",
        "BANK",
        "Salah ketik",
    )
    assert (await referral.get(f"{path}/breaker", as_=world.kemensos)).json()["failures_to_open"] == 3
    (program,) = (await referral.get("/v1/program?code=KUR_SUPERMIKRO", as_=world.dinsos)).json()["items"]
    assert program["partner_code"] == "BANK_BRI"
    again = await referral.post(f"{path}/correction", body, as_=world.kemensos, headers=match)
    assert (again.status_code, again.json()["title"]) == (412, "VersionOutdated")
    called = await referral.post(
        f"{path}/correction",
        body | {"channel": "HOST_TO_HOST"},
        as_=world.kemensos,
        headers={"If-Match": '"2"'},
    )
    assert (called.status_code, called.json()["title"]) == (422, "WebhookNeeded")
