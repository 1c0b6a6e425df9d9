"""Programs are published by revision, with valid rules."""

from datetime import timedelta
from typing import Any

import pytest

from tests.factories.referral.catalogue import build_rule, create_world, publish_program
from tests.factories.referral.events import TODAY
from tests.factories.services import Running

KUR = "KUR_SUPERMIKRO"


async def test_revision_ends_when_the_next_one_starts(referral: Running) -> None:
    world = await create_world(referral, {})
    tomorrow = str(TODAY + timedelta(days=1))
    second = await publish_program(world, KUR, "BANK_KUR", valid_from=tomorrow, amount_max_rp=20_000_000)
    assert (second.status_code, second.json()["revision"]) == (201, 2)
    listed = (await referral.get(f"/v1/program?code={KUR}", as_=world.dinsos)).json()["items"]
    assert [(item["revision"], item["valid_to"], item["partner_code"]) for item in listed] == [
        (1, tomorrow, "BANK_KUR"),
        (2, None, "BANK_KUR"),
    ]
    early = await publish_program(world, KUR, "BANK_KUR", valid_from=tomorrow, amount_max_rp=1)
    assert (early.status_code, early.json()["title"]) == (409, "VersionNotLatest")
    other = await publish_program(world, KUR, "PLUT", valid_from=str(TODAY + timedelta(days=9)))
    assert (other.status_code, other.json()["title"]) == (409, "ProgramOfAnotherPartner")


@pytest.mark.parametrize(
    "wrong",
    [
        build_rule("usaha_months", "IN", ["6"]),
        build_rule("usaha_months", "GE", value=True),
        build_rule("usaha_months", "GE_OR_MARRIED", 6),
        build_rule("kode_wilayah", "EQ", ["33.24"]),
        build_rule("kode_wilayah", "WITHIN", ["99.99"]),
        build_rule("usaha_sector", "IN", ["SULAP"]),
        build_rule("owner_sex", "IN", ["UNKNOWN"]),
        build_rule("usaha_registered", "EQ", 1),
    ],
)
async def test_invalid_rule_is_refused(referral: Running, wrong: dict[str, Any]) -> None:
    world = await create_world(referral, {})
    refused = await publish_program(
        world, KUR, "BANK_KUR", valid_from=str(TODAY), rules=[build_rule("desil_nas", "GE", 5), wrong]
    )
    assert (refused.status_code, refused.json()["title"]) == (422, "InvalidRule")
    assert refused.json()["errors"][0]["pointer"] == "/body/rules/1"


async def test_reversed_amounts_are_refused(referral: Running) -> None:
    world = await create_world(referral, {})
    refused = await publish_program(
        world, KUR, "BANK_KUR", valid_from=str(TODAY), amount_min_rp=2, amount_max_rp=1
    )
    assert refused.status_code == 422
