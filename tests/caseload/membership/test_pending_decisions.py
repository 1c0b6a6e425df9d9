"""A family leaves one bansos; of each other an official decides that it stays, and it is listed until then (chain.md 1)."""

from typing import Any

import asyncpg
import pytest

from tests.factories.caseload.case import Case
from tests.factories.caseload.family import Family, refused
from tests.factories.caseload.intake import OTHER, companion, dinsos, mother
from tests.factories.services import Running, deliver

WHY = {"reason": "Lansia di rumah ini tetap memerlukan bantuan pangan."}


@pytest.fixture
async def leaving(placed: Running, graduation: Running) -> Family:
    """A family of three bansos, whose exit from PKH stands in an SK."""
    family = await Family.taken_in(placed, mother())
    await hears(family, graduation, (await case_of(family, "PKH")).determined())
    return family


async def case_of(family: Family, bansos: str, name: str = "case") -> Case:
    return Case(family.kpm_id, (await family.memberships())[bansos]["kepesertaan_id"], name)


async def hears(family: Family, graduation: Running, *events: Any) -> None:
    await graduation.publish(*events)
    await deliver(graduation, family.caseload)


async def listed(family: Family, as_: str = "", query: str = "") -> list[str]:
    answer = await family.caseload.get(f"/v1/kepesertaan-pending{query}", as_=as_ or dinsos(family.caseload))
    assert answer.status_code == 200, answer.text
    return sorted(row["bansos"] for row in answer.json()["items"])


async def statuses(family: Family) -> list[str]:
    seen = await family.memberships()
    return [seen[bansos]["status"] for bansos in ("PKH", "SEMBAKO", "PBI")]


async def stays(family: Family, bansos: str, as_: str = "") -> Any:
    kepesertaan_id = (await family.memberships())[bansos]["kepesertaan_id"]
    path = f"/v1/kepesertaan/{kepesertaan_id}/stay"
    return await family.post(path, WHY, as_=as_ or dinsos(family.caseload))


async def test_is_listed_until_somebody_decides(leaving: Family) -> None:
    assert (
        await listed(leaving) == await listed(leaving, query="?kode_wilayah=33.24.09") == ["PBI", "SEMBAKO"]
    )
    made = await stays(leaving, "SEMBAKO")
    assert made.status_code == 201, made.text
    assert (await listed(leaving), await statuses(leaving)) == (
        ["PBI"],
        ["END_ANNOUNCED", "ACTIVE", "DECISION_PENDING"],
    )
    shown = (await leaving.memberships())["SEMBAKO"]["decision"]
    assert (shown["decided_by"], shown["reason"]) == ("dinsos-kendal-1", WHY["reason"])
    assert shown["decided_on"] == made.json()["decided_on"]
    assert ("kepesertaan", "STAYS", None) in await leaving.acts()
    (row,) = await leaving.caseload.sql(
        "SELECT reason_sealed FROM kepesertaan_pending WHERE outcome = 'STAYS'"
    )
    assert b"pangan" not in row["reason_sealed"]
    refused(await stays(leaving, "SEMBAKO"), "NothingPending")


async def test_is_an_officials_of_the_area_alone(leaving: Family) -> None:
    refused(await stays(leaving, "PBI", as_=leaving.mine), "NotAllowed", 403)
    refused(await stays(leaving, "PBI", as_=dinsos(leaving.caseload, "35.03")), "NotFound", 404)
    assert await listed(leaving, leaving.mine) == ["PBI", "SEMBAKO"]
    for other in (companion(leaving.caseload, OTHER), dinsos(leaving.caseload, "35.03")):
        assert await listed(leaving, other) == []


async def test_is_asked_once_an_exit_and_anew_by_the_next(leaving: Family, graduation: Running) -> None:
    assert (await stays(leaving, "SEMBAKO")).status_code == 201
    pkh, pbi = await case_of(leaving, "PKH"), await case_of(leaving, "PBI")
    await hears(leaving, graduation, pkh.determined(), pkh.graduated())
    assert await statuses(leaving) == ["ENDING", "ACTIVE", "DECISION_PENDING"]
    await hears(leaving, graduation, pbi.determined())
    assert await statuses(leaving) == ["ENDING", "DECISION_PENDING", "END_ANNOUNCED"]
    assert await listed(leaving) == ["SEMBAKO"]
    await hears(leaving, graduation, pbi.graduated())
    rows = await leaving.caseload.sql("SELECT outcome FROM kepesertaan_pending ORDER BY pending_id")
    assert sorted(str(row["outcome"]) for row in rows) == ["MOOT", "None", "STAYS"]


async def test_falls_away_when_the_exit_is_undone(leaving: Family, graduation: Running) -> None:
    await hears(leaving, graduation, (await case_of(leaving, "PKH")).annulled())
    assert (await listed(leaving), await statuses(leaving)) == ([], ["ACTIVE"] * 3)
    refused(await stays(leaving, "PBI"), "NothingPending")


async def test_is_not_asked_of_a_membership_that_has_ended(placed: Running, graduation: Running) -> None:
    family = await Family.taken_in(placed, mother())
    sembako = await case_of(family, "SEMBAKO")
    await hears(family, graduation, sembako.graduated("2026-02-01", "2026-2", "2026-1"))
    await hears(family, graduation, (await case_of(family, "PKH")).determined())
    assert await listed(family) == ["PBI"]


async def test_is_answered_whole_in_the_database_too(leaving: Family) -> None:
    for broken in (
        "outcome = 'STAYS'",
        "decided_on = '2026-01-01'",
        "outcome = 'STAYS', decided_on = '2026-01-01'",
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            await leaving.caseload.sql(f"UPDATE kepesertaan_pending SET {broken}")
    columns = "kpm_id, kepesertaan_id, graduasi_id, since"
    again = f"INSERT INTO kepesertaan_pending (pending_id, {columns}) SELECT uuidv7(), {columns} FROM kepesertaan_pending"
    with pytest.raises(asyncpg.UniqueViolationError):
        await leaving.caseload.sql(again)
