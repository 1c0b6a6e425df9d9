"""The database refuses a policy that did not pass its approvals."""

from datetime import date

import asyncpg
import pytest

from tests.factories.graduation.case import expect_ok
from tests.factories.graduation.policy import POLICY_DAY, start_ministry
from tests.factories.services import Running

BREAKING = {
    "in force without approvals": (
        "UPDATE policy SET valid_from = '2026-06-01', activated_on = '2026-05-18' WHERE policy_id = $1",
        asyncpg.CheckViolationError,
        "in_force_after_two_approvals",
    ),
    "an approver who never approved": (
        "UPDATE policy SET first_approver = 'x', second_approver = 'y' WHERE policy_id = $1",
        asyncpg.ForeignKeyViolationError,
        "fk_policy_first_approver",
    ),
    "approved by the drafter": (
        "INSERT INTO policy_approval (policy_id, person, drafted_by, drafted_by_sub, sub, at) VALUES ($1, 'kemensos-1', 'kemensos-1', 'kemensos-1', 's', now())",
        asyncpg.CheckViolationError,
        "not_by_the_drafter",
    ),
    "approved under another drafter's name": (
        "INSERT INTO policy_approval (policy_id, person, drafted_by, drafted_by_sub, sub, at) VALUES ($1, 'kemensos-1', 'other', 'kemensos-1', 's', now())",
        asyncpg.ForeignKeyViolationError,
        "fk_policy_approval_policy_id",
    ),
    "one person as both approvers": (
        "UPDATE policy SET second_approver = 'kemensos-2' WHERE policy_id = $1",
        asyncpg.CheckViolationError,
        "three_people",
    ),
    "the content of a version": (
        "UPDATE policy SET sanggah_length = 1 WHERE policy_id = $1",
        asyncpg.InsufficientPrivilegeError,
        "policy",
    ),
    "a row said to be first content": (
        "UPDATE policy SET first_content = true WHERE policy_id = $1",
        asyncpg.InsufficientPrivilegeError,
        "policy",
    ),
    "a version removed": (
        "DELETE FROM policy WHERE policy_id = $1",
        asyncpg.InsufficientPrivilegeError,
        "policy",
    ),
}


@pytest.mark.parametrize("what", BREAKING)
async def test_sql_of_the_service_role_cannot_bypass_the_approvals(graduation: Running, what: str) -> None:
    people = await start_ministry(graduation)
    expect_ok(await people.draft())
    expect_ok(await people.approve(2))
    await people.expect_sql_refusal(*BREAKING[what])


async def test_sql_cannot_overlap_versions_or_activate_in_the_past(graduation: Running) -> None:
    people = await start_ministry(graduation)
    expect_ok(await people.draft())
    expect_ok(await people.approve(2))
    expect_ok(await people.approve(3))
    set_range = "UPDATE policy SET valid_from = $2, activated_on = $3 WHERE policy_id = $1"
    with pytest.raises(asyncpg.ExclusionViolationError, match="ex_policy_one_at_a_time"):
        await graduation.sql(set_range, people.policy_id, date(2026, 6, 1), POLICY_DAY)
    with pytest.raises(asyncpg.CheckViolationError, match="not_from_the_past"):
        await graduation.sql(set_range, people.policy_id, date(2024, 6, 1), POLICY_DAY)


async def test_criteria_cannot_be_added_to_an_instrument(graduation: Running) -> None:
    rows = await graduation.sql("SELECT instrument_id, criteria FROM instrument")
    add = (
        "INSERT INTO indicator (instrument_id, code, position, criteria, source, value_type, rule, passes_at, weight,"
        " knock_out, evidence_required, text_en, text_id)"
        " SELECT instrument_id, 'NEW', $2, criteria, source, value_type, rule, passes_at, weight,"
        " knock_out, evidence_required, text_en, text_id FROM indicator WHERE instrument_id = $1 AND position = 1"
    )
    with pytest.raises(asyncpg.CheckViolationError, match="position_within_criteria"):
        await graduation.sql(add, rows[0]["instrument_id"], 20)
    with pytest.raises(asyncpg.UniqueViolationError, match="uq_indicator_position"):
        await graduation.sql(add, rows[0]["instrument_id"], 19)
    connection = await asyncpg.connect(graduation.settings.worker_database_url)
    try:
        for statement in (
            "UPDATE indicator SET weight = 0",
            "DELETE FROM indicator",
            "DELETE FROM instrument",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()
