from datetime import timedelta
from typing import Any

import pytest

from tests.factories.referral.catalogue import a_world, publish, rule
from tests.factories.referral.events import TODAY
from tests.factories.services import Running

KUR = "KUR_SUPERMIKRO"


async def test_ends_a_revision_the_day_the_next_begins(referral: Running) -> None:
    world = await a_world(referral, {})
    tomorrow = str(TODAY + timedelta(days=1))
    second = await publish(world, KUR, "BANK_KUR", valid_from=tomorrow, amount_max_rp=20_000_000)
    assert (second.status_code, second.json()["revision"]) == (201, 2)
    listed = (await referral.get(f"/v1/program?code={KUR}", as_=world.dinsos)).json()["items"]
    assert [(item["revision"], item["valid_to"], item["partner_code"]) for item in listed] == [
        (1, tomorrow, "BANK_KUR"),
        (2, None, "BANK_KUR"),
    ]
    early = await publish(world, KUR, "BANK_KUR", valid_from=tomorrow, amount_max_rp=1)
    assert (early.status_code, early.json()["title"]) == (409, "VersionNotLatest")
    other = await publish(world, KUR, "PLUT", valid_from=str(TODAY + timedelta(days=9)))
    assert (other.status_code, other.json()["title"]) == (409, "ProgramOfAnotherPartner")


@pytest.mark.parametrize(
    "wrong",
    [
        rule("usaha_months", "IN", ["6"]),
        rule("usaha_months", "GE", value=True),
        rule("usaha_months", "GE_OR_MARRIED", 6),
        rule("kode_wilayah", "EQ", ["33.24"]),
        rule("kode_wilayah", "WITHIN", ["99.99"]),
        rule("usaha_sector", "IN", ["SULAP"]),
        rule("owner_sex", "IN", ["UNKNOWN"]),
        rule("usaha_registered", "EQ", 1),
    ],
)
async def test_takes_no_rule_that_cannot_be_judged(referral: Running, wrong: dict[str, Any]) -> None:
    world = await a_world(referral, {})
    refused = await publish(
        world, KUR, "BANK_KUR", valid_from=str(TODAY), rules=[rule("desil_nas", "GE", 5), wrong]
    )
    assert (refused.status_code, refused.json()["title"]) == (422, "RuleCannotBe")
    assert refused.json()["errors"][0]["pointer"] == "/body/rules/1"


async def test_shows_a_secret_once_and_keeps_it_sealed(referral: Running) -> None:
    world = await a_world(referral, {})
    made = world.partners["BANK_KUR"]
    secret = made["webhook_secret"]
    assert len(secret) >= 43
    read = await referral.get(f"/v1/partner/{made['partner_id']}", as_=world.kemensos)
    assert (read.status_code, read.headers["etag"]) == (200, '"1"')
    listed = await referral.get("/v1/partner", as_=world.kemensos)
    stored = await referral.sql("SELECT partner::text AS text FROM partner")
    keys = await referral.sql("SELECT sealed FROM platform.idempotency WHERE sealed IS NOT NULL")
    assert all(secret not in text for text in (read.text, listed.text, *(row["text"] for row in stored)))
    assert all(secret.encode() not in row["sealed"] for row in keys)


async def test_has_each_code_once(referral: Running) -> None:
    world = await a_world(referral, {})
    body = {"code": "BANK_KUR", "name": "Lain", "kind": "BANK", "channel": "SURAT"}
    taken = await referral.post("/v1/partner", body, as_=world.kemensos)
    assert (taken.status_code, taken.json()["title"]) == (409, "PartnerCodeTaken")
    letter = await referral.post("/v1/partner", body | {"code": "PEMDA_SURAT"}, as_=world.kemensos)
    assert (letter.status_code, letter.json()["webhook_secret"]) == (201, None)
    away = await referral.post("/v1/partner", body | {"code": "X1", "kode_wilayah": "99"}, as_=world.kemensos)
    assert (away.status_code, away.json()["title"]) == (422, "WilayahUnknown")


async def test_is_the_ministrys_to_write(referral: Running) -> None:
    world = await a_world(referral, {})
    body = {"code": "MITRA", "name": "Mitra", "kind": "BANK", "channel": "SURAT"}
    for token in (world.dinsos, world.pendamping, world.partner("PLUT")):
        assert (await referral.post("/v1/partner", body, as_=token)).status_code == 403
    page = await referral.get("/v1/program?limit=2", as_=world.partner("PLUT"))
    following = await referral.get(page.json()["next"], as_=world.partner("PLUT"))
    assert len(page.json()["items"]) + len(following.json()["items"]) == 3


async def test_gives_no_less_than_its_least(referral: Running) -> None:
    world = await a_world(referral, {})
    refused = await publish(world, KUR, "BANK_KUR", valid_from=str(TODAY), amount_min_rp=2, amount_max_rp=1)
    assert refused.status_code == 422
