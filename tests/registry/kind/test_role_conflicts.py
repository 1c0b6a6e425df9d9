"""Role conflicts as dated rules: set, ended, stored, and enforced on placements."""

from typing import Any

import httpx
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


async def set_conflict(registry: Running, **overrides: Any) -> httpx.Response:
    return await registry.post("/v1/role-conflict", PAIR | overrides, as_=commands.ministry_token(registry))


async def place_volunteer(
    registry: Running, pendamping: dict[str, Any], kind: str, **overrides: Any
) -> httpx.Response:
    return await commands.start_penugasan(
        registry, pendamping, kind=kind, employer_status="RELAWAN", **overrides
    )


async def test_a_conflict_applies_from_its_first_day_to_either_order_of_kinds(registry: Running) -> None:
    commands.expect_ok(await set_conflict(registry))
    for nik, first, second in (
        ("3324070101909001", "TAGANA", "PSM"),
        ("3324070101909002", "PSM", "TAGANA"),
    ):
        pendamping = await commands.register_pendamping(registry, nik)
        commands.expect_ok(await place_volunteer(registry, pendamping, first))
        answer = await place_volunteer(registry, pendamping, second, valid_from="2026-02-01")
        assert (answer.status_code, answer.json()["title"]) == (409, "RolesConflict")
        assert "both are on call at once." in answer.json()["detail"]
        commands.expect_ok(await place_volunteer(registry, pendamping, second, valid_to="2026-01-01"))


async def test_an_ended_conflict_allows_the_pair_and_both_ranges_are_stored(registry: Running) -> None:
    conflict = commands.expect_ok(await set_conflict(registry))
    path = f"/v1/role-conflict/{conflict['role_conflict_id']}/end"
    end = {"valid_to": "2026-07-01", "reason": "DICABUT"}
    ended = commands.expect_ok(await registry.post(path, end, as_=commands.ministry_token(registry)))
    assert (ended["valid_to"], ended["version"]) == ("2026-07-01", 2)
    repeated = await registry.post(path, end, as_=commands.ministry_token(registry))
    assert (repeated.status_code, repeated.json()["title"]) == (409, "EndAlreadySet")
    pendamping = await commands.register_pendamping(registry)
    for kind in ("TAGANA", "PSM"):
        commands.expect_ok(await place_volunteer(registry, pendamping, kind, valid_from="2026-07-01"))
    history = await registry.sql(
        "SELECT number, valid_to::text, reason, recorded_by FROM range_history WHERE thing = 'ROLE_CONFLICT'"
        " AND thing_id = $1 ORDER BY number",
        conflict["role_conflict_id"],
    )
    assert [tuple(row) for row in history] == [
        (1, None, "ATURAN_BARU", "kemensos-1"),
        (2, "2026-07-01", "DICABUT", "kemensos-1"),
    ]


async def test_wrong_conflict_ends_on_its_first_day_and_a_right_one_begins_on_it(registry: Running) -> None:
    wrong = commands.expect_ok(await set_conflict(registry))
    path = f"/v1/role-conflict/{wrong['role_conflict_id']}/end"
    end = {"valid_to": "2026-01-01", "reason": "SALAH_CATAT"}
    commands.expect_ok(await registry.post(path, end, as_=commands.ministry_token(registry)))
    repeated = await registry.post(path, end, as_=commands.ministry_token(registry))
    assert (repeated.status_code, repeated.json()["title"]) == (409, "EndAlreadySet")
    pendamping = await commands.register_pendamping(registry)
    for kind in ("TAGANA", "PSM"):
        commands.expect_ok(await place_volunteer(registry, pendamping, kind, valid_from="2026-01-01"))
    commands.expect_ok(await set_conflict(registry, reason_en="both are on call at night"))


async def test_a_second_conflict_of_a_pair_in_either_order_is_refused(registry: Running) -> None:
    rule = commands.expect_ok(await set_conflict(registry))
    for pair in ({}, {"kind": "PSM", "other_kind": "TAGANA"}):
        answer = await set_conflict(registry, **pair, valid_from="2026-03-01")
        assert (answer.status_code, answer.json()["title"]) == (409, "ConflictOverlaps")
        assert answer.json()["params"]["role_conflict_id"] == rule["role_conflict_id"]
    identical = await set_conflict(registry, other_kind="TAGANA")
    assert (identical.status_code, identical.json()["title"]) == (422, "KindsIdentical")


async def test_conflicts_are_listed_by_kind_and_day(registry: Running) -> None:
    commands.expect_ok(await set_conflict(registry))
    for query, count in (("kind=PSM&on=2025-12-31", 1), ("kind=PSM&on=2026-01-01", 2), ("on=2017-12-31", 0)):
        page = commands.expect_ok(
            await registry.get(f"/v1/role-conflict?{query}", as_=commands.ministry_token(registry))
        )
        assert len(page["items"]) == count


@pytest.mark.parametrize("role", ["DINSOS_KABKOTA", "KEMENSOS"])
async def test_only_the_national_ministry_sets_a_conflict(registry: Running, role: str) -> None:
    answer = await registry.post("/v1/role-conflict", PAIR, as_=registry.token(role, areas=["33"]))
    assert (answer.status_code, answer.json()["title"]) == (403, "NotAllowed")
