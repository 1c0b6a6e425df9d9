"""Conflicts of roles as dated rules: set, found from either side, ended, kept, and obeyed by placements."""

from typing import Any

import pytest

from tests.factories.registry import commands
from tests.factories.services import Running

PAIR = {
    "kind": "TAGANA",
    "other_kind": "PSM",
    "paid_only": False,
    "reason_en": "both are on call at once",
    "reason_id": "keduanya siaga bersamaan",
    "source": "SE 1/2026",
    "valid_from": "2026-01-01",
}


async def forbid(registry: Running, **more: Any) -> Any:
    return await registry.post("/v1/role-conflict", PAIR | more, as_=commands.ministry(registry))


async def volunteer(registry: Running, person: dict[str, Any], kind: str, **more: Any) -> Any:
    return await commands.penugasan(registry, person, kind=kind, employer_status="RELAWAN", **more)


async def test_from_its_first_day_whichever_kind_comes_first(registry: Running) -> None:
    commands.made(await forbid(registry))
    for nik, first, second in (
        ("3324070101909001", "TAGANA", "PSM"),
        ("3324070101909002", "PSM", "TAGANA"),
    ):
        person = await commands.pendamping(registry, nik)
        commands.made(await volunteer(registry, person, first))
        answer = await volunteer(registry, person, second, valid_from="2026-02-01")
        assert (answer.status_code, answer.json()["title"]) == (409, "RolesConflict")
        assert answer.json()["detail"].endswith("both are on call at once.")
        commands.made(await volunteer(registry, person, second, valid_to="2026-01-01"))


async def test_until_its_end_and_both_are_kept(registry: Running) -> None:
    row = commands.made(await forbid(registry))
    path = f"/v1/role-conflict/{row['role_conflict_id']}/end"
    stop = {"valid_to": "2026-07-01", "reason": "DICABUT"}
    ended = commands.made(await registry.post(path, stop, as_=commands.ministry(registry)))
    assert (ended["valid_to"], ended["version"]) == ("2026-07-01", 2)
    again = await registry.post(path, stop, as_=commands.ministry(registry))
    assert (again.status_code, again.json()["title"]) == (409, "EndAlreadySet")
    person = await commands.pendamping(registry)
    for kind in ("TAGANA", "PSM"):
        commands.made(await volunteer(registry, person, kind, valid_from="2026-07-01"))
    kept = await registry.sql(
        "SELECT number, valid_to::text, reason, recorded_by FROM range_history WHERE thing = 'ROLE_CONFLICT'"
        " AND thing_id = $1 ORDER BY number",
        row["role_conflict_id"],
    )
    assert [tuple(one) for one in kept] == [
        (1, None, "ATURAN_BARU", "kemensos-1"),
        (2, "2026-07-01", "DICABUT", "kemensos-1"),
    ]


async def test_once_at_a_time_for_a_pair_named_either_way(registry: Running) -> None:
    commands.made(await forbid(registry))
    for pair in ({}, {"kind": "PSM", "other_kind": "TAGANA"}):
        answer = await forbid(registry, **pair, valid_from="2026-03-01")
        assert (answer.status_code, answer.json()["title"]) == (409, "ConflictOverlaps")
    same = await forbid(registry, other_kind="TAGANA")
    assert (same.status_code, same.json()["title"]) == (422, "KindsIdentical")


async def test_as_listed_for_a_kind_and_a_day(registry: Running) -> None:
    commands.made(await forbid(registry))
    for query, count in (("kind=PSM&on=2025-12-31", 1), ("kind=PSM&on=2026-01-01", 2), ("on=2017-12-31", 0)):
        page = commands.made(
            await registry.get(f"/v1/role-conflict?{query}", as_=commands.ministry(registry))
        )
        assert len(page["items"]) == count


@pytest.mark.parametrize("role", ["DINSOS_KABKOTA", "KEMENSOS"])
async def test_by_the_ministry_alone(registry: Running, role: str) -> None:
    answer = await registry.post("/v1/role-conflict", PAIR, as_=registry.token(role, areas=["33"]))
    assert (answer.status_code, answer.json()["title"]) == (403, "NotAllowed")
