"""Decisions on other memberships when a family leaves one bansos (docs/case-lifecycle.md#other-memberships)."""

from typing import Any

import asyncpg
import pytest

from tests.factories.caseload.case import Case
from tests.factories.caseload.family import Family, refused
from tests.factories.caseload.intake import OTHER, companion, dinsos, mother
from tests.factories.services import Running, deliver

WHY = {"reason": "Lansia di rumah ini tetap memerlukan bantuan pangan."}


@pytest.fixture
async def family_leaving_pkh(placed: Running, graduation: Running) -> Family:
    """A family with three bansos and an SK for its exit from PKH."""
    family = await Family.taken_in(placed, mother())
    await publish(family, graduation, (await case_of(family, "PKH")).determined())
    return family


async def case_of(family: Family, bansos: str, name: str = "case") -> Case:
    return Case(family.kpm_id, (await family.memberships())[bansos]["kepesertaan_id"], name)


async def publish(family: Family, graduation: Running, *events: Any) -> None:
    await graduation.publish(*events)
    await deliver(graduation, family.caseload)


async def list_pending(family: Family, as_: str = "", query: str = "") -> list[str]:
    answer = await family.caseload.get(f"/v1/kepesertaan-pending{query}", as_=as_ or dinsos(family.caseload))
    assert answer.status_code == 200, answer.text
    return sorted(row["bansos"] for row in answer.json()["items"])


async def statuses(family: Family) -> list[str]:
    seen = await family.memberships()
    return [seen[bansos]["status"] for bansos in ("PKH", "SEMBAKO", "PBI")]


async def decide_stay(family: Family, bansos: str, as_: str = "") -> Any:
    kepesertaan_id = (await family.memberships())[bansos]["kepesertaan_id"]
    path = f"/v1/kepesertaan/{kepesertaan_id}/stay"
    return await family.post(path, WHY, as_=as_ or dinsos(family.caseload))


async def test_pending_decision_is_listed_until_decided(family_leaving_pkh: Family) -> None:
    assert (
        await list_pending(family_leaving_pkh)
        == await list_pending(family_leaving_pkh, query="?kode_wilayah=33.24.09")
        == ["PBI", "SEMBAKO"]
    )
    made = await decide_stay(family_leaving_pkh, "SEMBAKO")
    assert made.status_code == 201, made.text
    assert (await list_pending(family_leaving_pkh), await statuses(family_leaving_pkh)) == (
        ["PBI"],
        ["END_ANNOUNCED", "ACTIVE", "DECISION_PENDING"],
    )
    shown = (await family_leaving_pkh.memberships())["SEMBAKO"]["decision"]
    assert (shown["decided_by"], shown["reason"]) == ("dinsos-kendal-1", WHY["reason"])
    assert shown["decided_on"] == made.json()["decided_on"]
    assert ("kepesertaan", "STAYS", None) in await family_leaving_pkh.acts()
    (row,) = await family_leaving_pkh.caseload.sql(
        "SELECT reason_sealed FROM kepesertaan_pending WHERE outcome = 'STAYS'"
    )
    assert b"pangan" not in row["reason_sealed"]
    refused(await decide_stay(family_leaving_pkh, "SEMBAKO"), "NothingPending")


async def test_only_officials_of_the_area_decide(family_leaving_pkh: Family) -> None:
    refused(await decide_stay(family_leaving_pkh, "PBI", as_=family_leaving_pkh.mine), "NotAllowed", 403)
    refused(
        await decide_stay(family_leaving_pkh, "PBI", as_=dinsos(family_leaving_pkh.caseload, "35.03")),
        "NotFound",
        404,
    )
    assert await list_pending(family_leaving_pkh, family_leaving_pkh.mine) == ["PBI", "SEMBAKO"]
    for other in (
        companion(family_leaving_pkh.caseload, OTHER),
        dinsos(family_leaving_pkh.caseload, "35.03"),
    ):
        assert await list_pending(family_leaving_pkh, other) == []


async def test_each_exit_opens_one_decision(family_leaving_pkh: Family, graduation: Running) -> None:
    assert (await decide_stay(family_leaving_pkh, "SEMBAKO")).status_code == 201
    pkh, pbi = await case_of(family_leaving_pkh, "PKH"), await case_of(family_leaving_pkh, "PBI")
    await publish(family_leaving_pkh, graduation, pkh.determined(), pkh.graduated())
    assert await statuses(family_leaving_pkh) == ["ENDING", "ACTIVE", "DECISION_PENDING"]
    await publish(family_leaving_pkh, graduation, pbi.determined())
    assert await statuses(family_leaving_pkh) == ["ENDING", "DECISION_PENDING", "END_ANNOUNCED"]
    assert await list_pending(family_leaving_pkh) == ["SEMBAKO"]
    await publish(family_leaving_pkh, graduation, pbi.graduated())
    rows = await family_leaving_pkh.caseload.sql(
        "SELECT outcome FROM kepesertaan_pending ORDER BY pending_id"
    )
    assert sorted(str(row["outcome"]) for row in rows) == ["MOOT", "None", "STAYS"]


async def test_annulled_exit_drops_the_decision(family_leaving_pkh: Family, graduation: Running) -> None:
    await publish(family_leaving_pkh, graduation, (await case_of(family_leaving_pkh, "PKH")).annulled())
    assert (await list_pending(family_leaving_pkh), await statuses(family_leaving_pkh)) == (
        [],
        ["ACTIVE"] * 3,
    )
    refused(await decide_stay(family_leaving_pkh, "PBI"), "NothingPending")


async def test_ended_membership_has_no_pending_decision(placed: Running, graduation: Running) -> None:
    family = await Family.taken_in(placed, mother())
    sembako = await case_of(family, "SEMBAKO")
    await publish(family, graduation, sembako.graduated("2026-02-01", "2026-2", "2026-1"))
    await publish(family, graduation, (await case_of(family, "PKH")).determined())
    assert await list_pending(family) == ["PBI"]


async def test_database_refuses_incomplete_decision(family_leaving_pkh: Family) -> None:
    for broken in (
        "outcome = 'STAYS'",
        "decided_on = '2026-01-01'",
        "outcome = 'STAYS', decided_on = '2026-01-01'",
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            await family_leaving_pkh.caseload.sql(f"UPDATE kepesertaan_pending SET {broken}")
    columns = "kpm_id, kepesertaan_id, graduasi_id, since"
    again = f"INSERT INTO kepesertaan_pending (pending_id, {columns}) SELECT uuidv7(), {columns} FROM kepesertaan_pending"
    with pytest.raises(asyncpg.UniqueViolationError):
        await family_leaving_pkh.caseload.sql(again)
