"""Lists of offers by area and state: in order, and read through an index."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from tests.factories.cluster import Cluster
from tests.factories.referral.events import DESA
from tests.factories.referral.places import PLUT, create_worlds, record_consent
from tests.factories.referral.world import World
from tests.factories.services import Running, run_service

OTHER, AWAY = "33.24.09.2002", "33.24.10.2001"
OTHERS = 5_000


async def read_pages(world: World, query: str, token: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    path = f"/v1/rujukan-program?limit=2&{query}"
    while path:
        page = (await world.referral.get(path, as_=token)).json()
        assert len(page["items"]) <= 2
        items, path = [*items, *page["items"]], page["next"]
    return items


async def test_worklist_has_each_offer_of_an_area_and_state_once_in_order(referral: Running) -> None:
    crowd = await create_worlds(referral, [DESA, OTHER, AWAY, DESA])
    await record_consent(crowd[0])
    every = await read_pages(crowd[0], "", crowd[0].dinsos)
    keys = [(one["kode_wilayah"], one["rujukan_program_id"]) for one in every]
    assert keys == sorted(set(keys))
    assert len(every) == 3 + 2 + 2 + 3
    for area, count in ((DESA, 6), ("33.24.09", 8), (AWAY, 2), ("33.25", 0)):
        assert len(await read_pages(crowd[0], f"kode_wilayah={area}", crowd[0].dinsos)) == count
    agreed = await read_pages(crowd[0], "state=DISETUJUI_KPM", crowd[0].dinsos)
    assert [(one["kpm_id"], one["program_code"]) for one in agreed] == [(str(crowd[0].family.kpm_id), PLUT)]


async def test_offers_waiting_for_a_pendamping_are_the_open_consents(referral: Running) -> None:
    crowd = await create_worlds(referral, [DESA, DESA])
    await record_consent(crowd[0])
    mine = await read_pages(crowd[0], "waiting=me", crowd[0].pendamping)
    assert {one["state"] for one in mine} == {"DRAF"}
    assert len(mine) == 5
    other = referral.token("PENDAMPING", "pd-t", [DESA], pendamping_id=uuid4())
    assert await read_pages(crowd[0], "waiting=me", other) == []


@pytest.fixture(scope="module")
async def world_with_many_offers(cluster: Cluster) -> AsyncIterator[World]:
    """Two families, among the offers of many other areas: made once, and only read."""
    async with run_service(cluster, "referral") as referral:
        crowd = await create_worlds(referral, [DESA] * 2)
        await copy_offers(referral, OTHERS)
        yield crowd[0]


@pytest.mark.xdist_group("world_with_many_offers")  # one process makes them, for all of these
@pytest.mark.parametrize(
    "query", ["", "state=DRAF", "kode_wilayah=33.24.09", "state=DRAF&kode_wilayah=33.24.09"]
)
async def test_worklist_reads_only_its_page(world_with_many_offers: World, query: str) -> None:
    """The plan uses an index of areas and sorts nothing."""
    first = await world_with_many_offers.referral.get(
        f"/v1/rujukan-program?{query}", as_=world_with_many_offers.dinsos
    )
    assert len(first.json()["items"]) == 6
    state = "state = 'DRAF' AND " if "state" in query else ""
    area = "33.24.09" if "kode_wilayah" in query else "33.24"
    plan = await world_with_many_offers.referral.sql(
        f"EXPLAIN SELECT rujukan_program_id FROM rujukan_program WHERE {state}kode_wilayah >= '{area}'"
        f" AND kode_wilayah < '{area}~' ORDER BY kode_wilayah, rujukan_program_id LIMIT 51"
    )
    plan_text = "\n".join(row[0] for row in plan)
    assert "Sort" not in plan_text
    assert "ix_rujukan_program_state_area" in plan_text or "ix_rujukan_program_area" in plan_text


async def copy_offers(referral: Running, count: int) -> None:
    """Copy offers into many other areas, past foreign keys: only their number matters."""
    await referral.execute(
        "SET session_replication_role = replica;"
        "INSERT INTO rujukan_program SELECT (json_populate_record(p, json_build_object("
        "'rujukan_program_id', gen_random_uuid(), 'rujukan_id', gen_random_uuid(), 'kpm_id', gen_random_uuid(),"
        " 'kode_wilayah', format('%s.%s.01.2001', 11 + n % 80, lpad((1 + n % 70)::text, 2, '0'))))).*"
        f" FROM rujukan_program p, generate_series(1, {count}) n WHERE 11 + n % 80 <> 33"
        " AND p.rujukan_program_id = (SELECT rujukan_program_id FROM rujukan_program LIMIT 1);"
        "ANALYZE rujukan_program"
    )
