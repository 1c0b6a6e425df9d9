"""Decisions on other memberships when a family leaves one bansos (docs/case-lifecycle.md#other-memberships)."""

from typing import Any

import asyncpg
import pytest

from tests.factories.caseload.case import Case
from tests.factories.caseload.family import Family
from tests.factories.caseload.intake import OTHER, dinsos_token, mother, pendamping_token
from tests.factories.delivery import deliver
from tests.factories.services import Running, expect_refusal

WHY = {"reason": "Lansia di rumah ini tetap memerlukan bantuan pangan."}


@pytest.fixture
async def family_leaving_pkh(kendal_caseload: Running, graduation: Running) -> Family:
    """A family with three bansos and an SK for its exit from PKH."""
    family = await Family.create(kendal_caseload, mother())
    await publish_events(family, graduation, (await read_case(family, "PKH")).build_determined())
    return family


async def read_case(family: Family, bansos: str, name: str = "case") -> Case:
    return Case(family.kpm_id, (await family.read_memberships())[bansos]["kepesertaan_id"], name)


async def publish_events(family: Family, graduation: Running, *events: Any) -> None:
    await graduation.publish(*events)
    await deliver(graduation, family.caseload)


async def list_pending(family: Family, as_: str = "", query: str = "") -> list[str]:
    answer = await family.caseload.get(
        f"/v1/kepesertaan-pending{query}", as_=as_ or dinsos_token(family.caseload)
    )
    assert answer.status_code == 200, answer.text
    return sorted(row["bansos"] for row in answer.json()["items"])


async def read_statuses(family: Family) -> list[str]:
    seen = await family.read_memberships()
    return [seen[bansos]["status"] for bansos in ("PKH", "SEMBAKO", "PBI")]


async def decide_stay(family: Family, bansos: str, as_: str = "") -> Any:
    kepesertaan_id = (await family.read_memberships())[bansos]["kepesertaan_id"]
    path = f"/v1/kepesertaan/{kepesertaan_id}/stay"
    return await family.post(path, WHY, as_=as_ or dinsos_token(family.caseload))


async def test_pending_decision_is_listed_until_decided(family_leaving_pkh: Family) -> None:
    assert (
        await list_pending(family_leaving_pkh)
        == await list_pending(family_leaving_pkh, query="?kode_wilayah=33.24.09")
        == ["PBI", "SEMBAKO"]
    )
    made = await decide_stay(family_leaving_pkh, "SEMBAKO")
    assert made.status_code == 201, made.text
    assert (await list_pending(family_leaving_pkh), await read_statuses(family_leaving_pkh)) == (
        ["PBI"],
        ["END_ANNOUNCED", "ACTIVE", "DECISION_PENDING"],
    )
    shown = (await family_leaving_pkh.read_memberships())["SEMBAKO"]["decision"]
    assert (shown["decided_by"], shown["reason"]) == ("dinsos-kendal-1", WHY["reason"])
    assert shown["decided_on"] == made.json()["decided_on"]
    assert ("kepesertaan", "STAYS", None) in await family_leaving_pkh.read_history()
    (row,) = await family_leaving_pkh.caseload.sql(
        "SELECT reason_sealed FROM kepesertaan_pending WHERE outcome = 'STAYS'"
    )
    assert b"pangan" not in row["reason_sealed"]
    expect_refusal(await decide_stay(family_leaving_pkh, "SEMBAKO"), "NothingPending")


async def test_only_officials_of_the_area_decide(family_leaving_pkh: Family) -> None:
    expect_refusal(
        await decide_stay(family_leaving_pkh, "PBI", as_=family_leaving_pkh.mine), "NotAllowed", 403
    )
    expect_refusal(
        await decide_stay(family_leaving_pkh, "PBI", as_=dinsos_token(family_leaving_pkh.caseload, "35.03")),
        "NotFound",
        404,
    )
    assert await list_pending(family_leaving_pkh, family_leaving_pkh.mine) == ["PBI", "SEMBAKO"]
    for other in (
        pendamping_token(family_leaving_pkh.caseload, OTHER),
        dinsos_token(family_leaving_pkh.caseload, "35.03"),
    ):
        assert await list_pending(family_leaving_pkh, other) == []


async def test_each_exit_opens_one_decision(family_leaving_pkh: Family, graduation: Running) -> None:
    assert (await decide_stay(family_leaving_pkh, "SEMBAKO")).status_code == 201
    pkh, pbi = await read_case(family_leaving_pkh, "PKH"), await read_case(family_leaving_pkh, "PBI")
    await publish_events(family_leaving_pkh, graduation, pkh.build_determined(), pkh.build_graduated())
    assert await read_statuses(family_leaving_pkh) == ["ENDING", "ACTIVE", "DECISION_PENDING"]
    await publish_events(family_leaving_pkh, graduation, pbi.build_determined())
    assert await read_statuses(family_leaving_pkh) == ["ENDING", "DECISION_PENDING", "END_ANNOUNCED"]
    assert await list_pending(family_leaving_pkh) == ["SEMBAKO"]
    await publish_events(family_leaving_pkh, graduation, pbi.build_graduated())
    rows = await family_leaving_pkh.caseload.sql(
        "SELECT outcome FROM kepesertaan_pending ORDER BY pending_id"
    )
    assert sorted(str(row["outcome"]) for row in rows) == ["MOOT", "None", "STAYS"]


async def test_annulled_exit_drops_the_decision(family_leaving_pkh: Family, graduation: Running) -> None:
    await publish_events(
        family_leaving_pkh, graduation, (await read_case(family_leaving_pkh, "PKH")).build_annulled()
    )
    assert (await list_pending(family_leaving_pkh), await read_statuses(family_leaving_pkh)) == (
        [],
        ["ACTIVE"] * 3,
    )
    expect_refusal(await decide_stay(family_leaving_pkh, "PBI"), "NothingPending")


async def test_ended_membership_has_no_pending_decision(
    kendal_caseload: Running, graduation: Running
) -> None:
    family = await Family.create(kendal_caseload, mother())
    sembako = await read_case(family, "SEMBAKO")
    await publish_events(family, graduation, sembako.build_graduated("2026-02-01", "2026-2", "2026-1"))
    await publish_events(family, graduation, (await read_case(family, "PKH")).build_determined())
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
