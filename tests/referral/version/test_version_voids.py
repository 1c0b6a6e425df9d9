"""Versions that were set by mistake are voided."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.factories.cluster import START
from tests.factories.referral.catalogue import create_world, publish_program
from tests.factories.referral.events import TODAY, build_family_facts, build_graduasi_determined
from tests.factories.referral.places import (
    create_worlds,
    publish_intake,
    publish_quota,
    read_offer_id,
    read_quotas,
    read_waiting,
    record_consent,
)
from tests.factories.referral.world import World
from tests.factories.services import Running

KUR, PLUT = "KUR_SUPERMIKRO", "UMKM_PENDAMPINGAN"
KENDAL, NGAMPEL, BATANG = "33.24", "33.24.09", "33.25"
WORDS = {"text": "Saya setuju data minimum keluarga saya disampaikan kepada mitra.", "basis": "Permensos"}
MONTHS = {"months": [1], "basis": "Permensos"}
DAYS = dict.fromkeys(("remind_before_days", "escalate_after_days", "expire_after_days"), 3)
DAYS |= {"close_after_days": 90, "deliver_within_days": 60}
TERM = {"basis": "Perjanjian", **DAYS}
FAR = str(TODAY + timedelta(days=3650))


async def void(world: World, kind: str, version_id: object, *, as_: str | None = None) -> httpx.Response:
    body = {"kind": kind, "version_id": str(version_id), "reason": "Salah ketik"}
    return await world.referral.post("/v1/version-void", body, as_=as_ or world.kemensos)


async def set_rule(world: World, path: str, terms: dict[str, Any], valid_from: str) -> httpx.Response:
    return await world.referral.post(f"/v1/{path}", terms | {"valid_from": valid_from}, as_=world.kemensos)


async def read_list(world: World, path: str) -> list[dict[str, Any]]:
    return (await world.referral.get(f"/v1/{path}", as_=world.dinsos)).json()["items"]


@pytest.mark.parametrize(
    ("path", "kind", "key", "terms"),
    [
        ("sla-term", "SLA_TERM", "sla_term_id", TERM),
        ("outcome-rule", "OUTCOME_RULE", "version", MONTHS),
        ("consent-text", "CONSENT_TEXT", "version", WORDS),
    ],
)
async def test_rule_of_a_wrong_day_is_voided_and_set_again(
    referral: Running, path: str, kind: str, key: str, terms: dict[str, Any]
) -> None:
    world = await create_world(referral, {})
    wrong = (await set_rule(world, path, terms, FAR)).json()[key]
    refused = await set_rule(world, path, terms, str(TODAY))
    assert (refused.status_code, refused.json()["title"]) == (409, "VersionNotLatest")
    voided = await void(world, kind, wrong)
    assert voided.status_code == 201, voided.text
    again = await void(world, kind, wrong)
    assert (again.status_code, again.json()["title"]) == (409, "VersionAlreadyVoided")
    right = await set_rule(world, path, terms, str(TODAY))
    assert right.status_code == 201, right.text
    assert (await void(world, kind, right.json()[key])).status_code == 201
    first, *_ = await read_list(world, path)
    assert first.get("valid_to") is None
    assert (await void(world, kind, first[key])).json()["title"] == "VersionNotVoidable"
    assert len(await read_list(world, "version-void")) == 2


async def test_only_the_ministry_voids_a_version(referral: Running) -> None:
    world = await create_world(referral, {})
    wrong = (await set_rule(world, "consent-text", WORDS, str(TODAY))).json()["version"]
    assert (await void(world, "CONSENT_TEXT", wrong, as_=world.dinsos)).status_code == 403
    assert (await void(world, "CONSENT_TEXT", 99)).status_code == 404
    assert (await void(world, "QUOTA", wrong)).status_code == 404
    both = await asyncio.gather(*(void(world, "CONSENT_TEXT", wrong) for _ in range(2)))
    assert sorted(one.status_code for one in both) == [201, 409]


async def test_consent_is_given_on_the_text_before_a_voided_one(referral: Running) -> None:
    world = await create_world(referral, {})
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    wrong = (await set_rule(world, "consent-text", WORDS, str(TODAY))).json()["version"]
    assert (await world.record_consent(KUR)).json()["title"] == "ConsentTextUnknown"
    await void(world, "CONSENT_TEXT", wrong)
    assert (await world.record_consent(KUR)).status_code == 201


async def test_voided_revision_is_not_offered_and_the_former_one_is(referral: Running) -> None:
    world = await create_world(referral, {})
    wrong = (await publish_program(world, KUR, "BANK_KUR", valid_from=str(TODAY), amount_max_rp=1)).json()
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    assert (await void(world, "PROGRAM", wrong["program_id"])).status_code == 201
    refused = await world.record_consent(KUR)
    assert (refused.status_code, refused.json()["title"]) == (409, "ProgramNoLongerFits")
    path = f"/v1/rujukan-program/{(await world.read_programs())[KUR]['rujukan_program_id']}"
    assert (await referral.post(f"{path}/decline", None, as_=world.pendamping)).status_code == 201
    renewed = (await referral.post(f"{path}/renewal", None, as_=world.pendamping)).json()
    first, voided = await read_list(world, f"program?code={KUR}")
    assert renewed["program_id"] == first["program_id"]
    assert (first["valid_to"], voided["valid_to"]) == (None, voided["valid_from"])
    right = await publish_program(world, KUR, "BANK_KUR", valid_from=str(TODAY), amount_max_rp=2)
    assert (right.status_code, right.json()["revision"]) == (201, 3)


async def test_program_that_was_published_by_mistake_ends_today(referral: Running) -> None:
    world = await create_world(referral, {})
    (program,) = await read_list(world, f"program?code={KUR}")
    assert (await void(world, "PROGRAM", program["program_id"])).status_code == 201
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    assert KUR not in await world.read_programs()
    (program,) = await read_list(world, f"program?code={KUR}")
    assert program["valid_to"] == str(TODAY)


async def test_quota_of_a_wrong_area_is_voided_with_its_places(referral: Running) -> None:
    first, second = await create_worlds(referral, ["33.24.09.2001", "33.24.09.2002"])
    await publish_quota(first, KENDAL, 5)
    wrong = (await publish_quota(first, NGAMPEL, 1)).json()["quota_id"]
    taken, waiting = await record_consent(first), await record_consent(second)
    assert await read_waiting(first) == [(waiting, "KUOTA_PENUH")]
    assert (await void(first, "QUOTA", wrong)).status_code == 201
    await referral.work()
    assert await read_waiting(first) == []
    assert await read_quotas(first) == {KENDAL: (5, 2, 3), NGAMPEL: (1, 0, 1)}
    assert taken == await read_offer_id(first)
    assert (await publish_quota(first, NGAMPEL, 3)).status_code == 201


async def test_only_quota_of_a_program_is_voided_and_nobody_waits(referral: Running) -> None:
    (world,) = await create_worlds(referral, ["33.24.09.2001"])
    wrong = (await publish_quota(world, BATANG, 5)).json()["quota_id"]
    subject = await record_consent(world)
    assert await read_waiting(world) == [(subject, "TANPA_KUOTA")]
    assert (await void(world, "QUOTA", wrong)).status_code == 201
    await referral.work()
    assert await read_waiting(world) == []


async def test_quota_before_a_voided_one_applies_again(referral: Running) -> None:
    (world,) = await create_worlds(referral, ["33.24.09.2001"])
    await publish_quota(world, KENDAL, 2)
    subject = await record_consent(world)
    await referral.set_clock(START + timedelta(days=2))
    later = str(TODAY + timedelta(days=2))
    wrong = (await publish_quota(world, KENDAL, 9, valid_from=later)).json()["quota_id"]
    assert (await void(world, "QUOTA", wrong)).status_code == 201
    listed = await world.referral.sql(
        "SELECT places, taken, valid_to FROM program_quota WHERE valid_from < valid_to OR valid_to IS NULL"
    )
    assert [dict(row) for row in listed] == [{"places": 2, "taken": 1, "valid_to": None}]
    assert subject == await read_offer_id(world)


async def test_quota_before_a_voided_one_ends_where_it_was_set_to_end(referral: Running) -> None:
    (world,) = await create_worlds(referral, ["33.24.09.2001"])
    days = [str(TODAY + timedelta(days=number)) for number in (10, 20, 300)]
    await publish_quota(world, KENDAL, 2, valid_to=days[2])
    wrong = (await publish_quota(world, KENDAL, 9, valid_from=days[0], valid_to=days[1])).json()["quota_id"]
    assert (await void(world, "QUOTA", wrong)).status_code == 201
    listed = await world.referral.sql("SELECT valid_to FROM program_quota WHERE valid_from < valid_to")
    assert [str(row["valid_to"]) for row in listed] == [days[2]]
    for same in (wrong, wrong.replace("-", "")):
        assert (await void(world, "QUOTA", same)).json()["title"] == "VersionAlreadyVoided"


async def test_voided_intake_window_closes_nothing(referral: Running) -> None:
    (world,) = await create_worlds(referral, ["33.24.09.2001"])
    wrong = (await publish_intake(world, FAR)).json()["window_id"]
    subject = await record_consent(world)
    assert await read_waiting(world) == [(subject, "PENERIMAAN_TUTUP")]
    assert (await void(world, "INTAKE", wrong)).status_code == 201
    await referral.work()
    assert await read_waiting(world) == []
    assert (await publish_intake(world, FAR)).status_code == 201
