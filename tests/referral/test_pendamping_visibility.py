"""A pendamping reads only rows of the families accompanied today."""

from typing import Any
from uuid import uuid4

import asyncpg
import httpx

from deploy.demo.partner_simulator import PartnerSimulator
from shared.contracts.caseload import DampinganEnded
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import DESA, TODAY, build_family_facts, build_graduasi_determined
from tests.factories.referral.world import World
from tests.factories.services import Running, open_scope

KUR = "KUR_SUPERMIKRO"
TABLES = (
    "rujukan",
    "rujukan_program",
    "consent",
    "delivery_attempt",
    "rujukan_program_history",
    "offer_shown",
)


async def send_case(referral: Running, bank: PartnerSimulator) -> tuple[World, str, Any]:
    """Return a sent rujukan, the id of its offer, and the event of its dampingan."""
    world = await create_world(referral, {"BANK_KUR": bank})
    facts = build_family_facts(world.family)
    await world.apply_events(*facts, build_graduasi_determined(world.family))
    await referral.get(f"/v1/offer?kpm_id={world.family.kpm_id}", as_=world.pendamping)
    return world, await world.send_rujukan(KUR), facts[1]


async def end_dampingan(world: World, dampingan: Any) -> None:
    ended = dampingan.model_dump() | {"valid_to": TODAY}
    await world.apply_events(DampinganEnded(**ended))


async def read_all(world: World, program: str, token: str) -> dict[str, httpx.Response]:
    """Return the answer of each route that shows data of a family."""
    kpm_id = world.family.kpm_id
    program_row = (await world.read_programs())[KUR]
    case, offer = f"/v1/rujukan/{program_row['rujukan_id']}", f"/v1/rujukan-program/{program}"
    parts = (
        f"{offer}/history",
        f"{offer}/attempt",
        f"{offer}/inbox-read",
        f"{case}/next",
    )
    lists = (
        "/v1/rujukan",
        "/v1/rujukan-program",
        "/v1/rujukan-program?waiting=me",
        "/v1/outcome-task",
        f"/v1/program/{program_row['program_id']}/waiting",
    )
    paths = (case, offer, *parts, *lists, f"/v1/offer?kpm_id={kpm_id}")
    return {path: await world.referral.get(path, as_=token) for path in paths}


def paths_with_family(answers: dict[str, httpx.Response], world: World) -> list[str]:
    """Return the paths whose answers name the family."""
    return [
        path
        for path, answer in answers.items()
        if str(world.family.kpm_id) in answer.text and answer.is_success
    ]


async def test_rows_of_a_family_are_visible_only_to_its_pendamping(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, program, dampingan = await send_case(referral, bank)
        own = await read_all(world, program, world.pendamping)
        assert len(paths_with_family(own, world)) >= 5
        stranger = referral.token("PENDAMPING", "pd-t", [DESA], pendamping_id=uuid4())
        for answers in (
            await read_all(world, program, stranger),
            await read_after_dampingan_end(world, program, dampingan),
        ):
            assert paths_with_family(answers, world) == []
            assert {answer.status_code for answer in answers.values()} == {200, 404, 409}
            assert [path for path, a in answers.items() if a.is_success and a.json()["items"]] == []


async def read_after_dampingan_end(world: World, program: str, dampingan: Any) -> dict[str, httpx.Response]:
    await end_dampingan(world, dampingan)
    return await read_all(world, program, world.pendamping)


async def test_database_shows_a_pendamping_only_accompanied_families(referral: Running) -> None:
    async with PartnerSimulator() as bank:
        world, _, dampingan = await send_case(referral, bank)
        me = str(world.family.pendamping_id)
        assert await read_visible_tables(referral, me) == dict.fromkeys(TABLES, True)
        for someone in (str(uuid4()), ""):
            assert await read_visible_tables(referral, someone) == dict.fromkeys(TABLES, False)
        await end_dampingan(world, dampingan)
        assert await read_visible_tables(referral, me) == dict.fromkeys(TABLES, False)


async def read_visible_tables(referral: Running, pendamping: str) -> dict[str, bool]:
    """Return which tables show a row in a pendamping's national scope."""
    connection = await asyncpg.connect(referral.database.url)
    try:
        async with connection.transaction():
            await open_scope(connection, areas="*", scope="OWN_FAMILIES", pendamping=pendamping)
            return {
                table: bool(await connection.fetchval(f"SELECT count(*) FROM {table}")) for table in TABLES
            }
    finally:
        await connection.close()


async def test_answer_is_replayed_only_while_its_family_is_in_scope(referral: Running) -> None:
    world = await create_world(referral, {})
    facts = build_family_facts(world.family)
    await world.apply_events(*facts, build_graduasi_determined(world.family))
    program = (await world.read_programs())[KUR]["rujukan_program_id"]
    path, body = f"/v1/rujukan-program/{program}/consent", {"text_version": 1, "channel": "TATAP_MUKA"}
    body |= {"evidence_sha256": world.evidence, "given_on": str(TODAY)}
    first = await referral.post(path, body, as_=world.pendamping, key="consent-1")
    again = await referral.post(path, body, as_=world.pendamping, key="consent-1")
    assert (first.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    await end_dampingan(world, facts[1])
    refused = await referral.post(path, body, as_=world.pendamping, key="consent-1")
    assert (refused.status_code, refused.json()["title"]) == (403, "ReplayOutOfScope")
    assert str(world.family.kpm_id) not in refused.text


async def test_answer_is_not_replayed_to_an_office_whose_area_changed(referral: Running) -> None:
    world = await create_world(referral, {})
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    await world.record_consent(KUR)
    program = (await world.read_programs())[KUR]["rujukan_program_id"]
    path = f"/v1/rujukan-program/{program}/consent-withdrawal"
    body = {"withdrawn_on": str(TODAY), "reason": "Keluarga berubah pikiran."}
    first = await referral.post(path, body, as_=world.dinsos, key="withdrawal-1")
    assert first.status_code == 201
    moved = referral.token("DINSOS_KABKOTA", "dinsos-kendal-1", ["33.25"])
    refused = await referral.post(path, body, as_=moved, key="withdrawal-1")
    assert (refused.status_code, refused.json()["title"]) == (403, "ReplayOutOfScope")
    again = await referral.post(path, body, as_=world.dinsos, key="withdrawal-1")
    assert again.json() == first.json()
