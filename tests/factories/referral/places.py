"""Many families for one program: drafts, quota and waiting list."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx

from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import TODAY, Family, build_family_facts, build_graduasi_determined
from tests.factories.referral.world import World
from tests.factories.services import Running

PLUT = "UMKM_PENDAMPINGAN"
NEXT_YEAR = str(TODAY + timedelta(days=365))


async def create_worlds(referral: Running, areas: list[str]) -> list[World]:
    """Return one world per desa, all of one pendamping, with a draft per program."""
    first = await create_world(referral, {})
    families = [Family(pendamping_id=first.family.pendamping_id, area=area) for area in areas]
    events = [
        event
        for family in families
        for event in (*build_family_facts(family), build_graduasi_determined(family))
    ]
    await first.apply_events(*events)
    return [replace(first, family=family) for family in families]


async def read_program_id(world: World, code: str = PLUT) -> str:
    listed = await world.referral.get(f"/v1/program?code={code}", as_=world.kemensos)
    return str(listed.json()["items"][-1]["program_id"])


async def publish_quota(world: World, kode_wilayah: str, places: int, **more: Any) -> httpx.Response:
    body = {"kode_wilayah": kode_wilayah, "places": places, "valid_from": str(TODAY)} | more
    return await world.referral.post(
        f"/v1/program/{await read_program_id(world)}/quota", body, as_=world.kemensos
    )


async def publish_intake(world: World, opens_on: Any, closes_on: Any = None) -> httpx.Response:
    body = {"opens_on": str(opens_on), "closes_on": str(closes_on) if closes_on else None}
    return await world.referral.post(
        f"/v1/program/{await read_program_id(world)}/intake", body, as_=world.kemensos
    )


async def read_offer_id(world: World, code: str = PLUT) -> str:
    """Return the family's rujukan_program_id of a program."""
    statement = "SELECT rujukan_program_id FROM rujukan_program WHERE kpm_id = $1 AND program_code = $2"
    return str((await world.referral.sql(statement, world.family.kpm_id, code))[0]["rujukan_program_id"])


async def record_consent(world: World, code: str = PLUT) -> str:
    """Record the family's consent, retrying while the service is busy."""
    row = await read_offer_id(world, code)
    body = {"text_version": 1, "channel": "TATAP_MUKA", "evidence_sha256": world.evidence}
    path, given = f"/v1/rujukan-program/{row}/consent", body | {"given_on": str(TODAY)}
    answer = await world.referral.post(path, given, as_=world.pendamping)
    while answer.status_code == 503:
        await asyncio.sleep(0.2)
        answer = await world.referral.post(path, given, as_=world.pendamping)
    assert answer.status_code == 201, answer.text
    return row


async def withdraw_consent(world: World, code: str = PLUT) -> httpx.Response:
    row = await read_offer_id(world, code)
    body = {"withdrawn_on": str(TODAY), "reason": "Keluarga berubah pikiran"}
    path = f"/v1/rujukan-program/{row}/consent-withdrawal"
    return await world.referral.post(path, body, as_=world.pendamping)


async def read_quotas(world: World) -> dict[str, tuple[int, int, int]]:
    """Return places, taken and free by area, and check them against the database."""
    listed = await world.referral.get(f"/v1/program/{await read_program_id(world)}/quota", as_=world.dinsos)
    counted = await world.referral.sql(
        "SELECT quota_id, (SELECT count(*) FROM quota_place p WHERE p.quota_id = q.quota_id AND released_on IS NULL)"
        " AS held FROM program_quota q"
    )
    taken = {str(row["quota_id"]): row["held"] for row in counted}
    for item in listed.json()["items"]:
        assert item["taken"] == taken[item["quota_id"]]
        assert item["taken"] + item["free"] == item["places"]
    return {
        item["kode_wilayah"]: (item["places"], item["taken"], item["free"]) for item in listed.json()["items"]
    }


async def read_waiting(world: World) -> list[tuple[str, str]]:
    """Return the waiting offers and their reasons, in order."""
    listed = await world.referral.get(f"/v1/program/{await read_program_id(world)}/waiting", as_=world.dinsos)
    assert listed.status_code == 200, listed.text
    return [(item["rujukan_program_id"], item["reason"]) for item in listed.json()["items"]]
