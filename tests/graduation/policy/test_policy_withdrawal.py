"""A policy version can be withdrawn before it is activated."""

import asyncio
from collections import Counter
from datetime import date

import asyncpg
import pytest

from services.graduation.policy.models.policy import POLICY_TRANSITIONS, PolicyState
from tests.factories.graduation.case import expect_ok, set_day
from tests.factories.graduation.events import KENDAL
from tests.factories.graduation.policy import Ministry
from tests.factories.services import Running, expect_refusal

DAY = date(2026, 5, 18)
TARGET_STATES = {"approve": "APPROVED", "activate": "PLANNED", "withdraw": "WITHDRAWN"}


async def create_version(service: Running, state: PolicyState) -> Ministry:
    """A version that stands in a state."""
    await set_day(service, DAY)
    people = Ministry(service)
    expect_ok(await people.draft(sanggah_length=14))
    if state is PolicyState.WITHDRAWN:
        expect_ok(await people.withdraw(1))
    elif state is not PolicyState.DRAFT:
        expect_ok(await people.approve(2))
        expect_ok(await people.approve(3))
        await wait_for_state(people, state)
    return people


async def wait_for_state(people: Ministry, state: PolicyState) -> None:
    if state in {PolicyState.IN_FORCE, PolicyState.ENDED}:
        expect_ok(await people.activate("2026-05-18"))
    elif state is PolicyState.PLANNED:
        expect_ok(await people.activate("2026-06-01"))
    if state is PolicyState.ENDED:
        later = Ministry(people.service)
        await later.enact("2026-05-19")
        await set_day(people.service, date(2026, 5, 19))


@pytest.mark.parametrize(("approvals", "who"), [(0, 1), (1, 1), (1, 7), (2, 2)])
async def test_drafter_or_another_of_kemensos_withdraws_with_a_reason(
    graduation: Running, approvals: int, who: int
) -> None:
    await set_day(graduation, DAY)
    people = Ministry(graduation)
    expect_ok(await people.draft(sanggah_length=14))
    for number in range(approvals):
        expect_ok(await people.approve(number + 2))
    policy = expect_ok(await people.withdraw(who))
    assert (policy["state"], policy["withdrawn_by"]) == ("WITHDRAWN", f"kemensos-{who}")
    assert (policy["withdrawal"]["reason"], policy["sanggah_length"]) == ("Pasal 4 keliru.", 14)
    assert (await graduation.sql("SELECT count(*) FROM policy_approval"))[0][0] == approvals
    listed = expect_ok(await graduation.get("/v1/policy?state=WITHDRAWN", as_=people.official_token(4)), 200)[
        "items"
    ]
    assert [one["policy_id"] for one in listed] == [people.policy_id]
    assert (await people.read_policy())["version"] == 1


@pytest.mark.parametrize("state", list(PolicyState))
@pytest.mark.parametrize("act", list(TARGET_STATES))
async def test_every_other_transition_is_in_the_table_or_refused(
    graduation: Running, state: PolicyState, act: str
) -> None:
    people = await create_version(graduation, state)
    path = f"/v1/policy-version/{people.policy_id}"
    assert expect_ok(await graduation.get(path, as_=people.official_token(1)), 200)["state"] == state
    answer = await {
        "approve": lambda: people.approve(5),
        "activate": lambda: people.activate("2026-07-01"),
        "withdraw": lambda: people.withdraw(5),
    }[act]()
    allowed = PolicyState(TARGET_STATES[act]) in POLICY_TRANSITIONS[state]
    assert answer.status_code == (201 if allowed else 409), answer.text
    after = expect_ok(await graduation.get(path, as_=people.official_token(1)), 200)["state"]
    assert after == (TARGET_STATES[act] if allowed and act != "approve" else state)


async def test_withdrawn_version_is_neither_approved_nor_activated(
    graduation: Running,
) -> None:
    people = await create_version(graduation, PolicyState.WITHDRAWN)
    for answer in (await people.approve(2), await people.activate("2026-06-01"), await people.withdraw(2)):
        assert (answer.status_code, answer.json()["title"]) == (409, "PolicyWithdrawn")
        assert "2026-05-18" in answer.json()["detail"]
    await people.enact("2026-06-01", sanggah_length=21)
    await set_day(graduation, date(2026, 6, 1))
    after = await people.read_policy()
    assert (after["version"], after["sanggah_length"]) == (3, 21)


async def test_withdrawal_of_a_planned_version_lets_the_one_before_go_on(graduation: Running) -> None:
    people = await create_version(graduation, PolicyState.PLANNED)
    withdrawn = expect_ok(await people.withdraw(7))
    assert (withdrawn["valid_from"], withdrawn["withdrawal"]["planned_from"]) == (None, "2026-06-01")
    expect_refusal(await people.withdraw(7), "PolicyWithdrawn", 409)
    await set_day(graduation, date(2026, 6, 1))
    in_force = await people.read_policy()
    assert (in_force["version"], in_force["valid_to"]) == (1, None)
    await people.enact("2026-06-02")


async def test_withdrawal_between_two_versions_lets_the_first_go_on_up_to_the_last(
    graduation: Running,
) -> None:
    people = await create_version(graduation, PolicyState.PLANNED)
    await Ministry(graduation).enact("2026-07-01")
    expect_ok(await people.withdraw(7))
    await set_day(graduation, date(2026, 6, 15))
    in_force = await people.read_policy()
    assert (in_force["version"], in_force["valid_to"]) == (1, "2026-07-01")
    expect_refusal(await people.withdraw(7), "PolicyWithdrawn", 409)


async def test_version_is_not_withdrawn_from_its_first_day_on(graduation: Running) -> None:
    people = await create_version(graduation, PolicyState.PLANNED)
    await set_day(graduation, date(2026, 6, 1))
    expect_refusal(await people.withdraw(7), "PolicyAlreadyActivated", 409)


async def test_concurrent_approval_and_withdrawal_never_conflict(graduation: Running) -> None:
    people = await create_version(graduation, PolicyState.DRAFT)
    expect_ok(await people.approve(2))
    answers = await asyncio.gather(people.approve(3), people.withdraw(4), people.withdraw(5))
    withdrawn = Counter(answer.status_code for answer in answers[1:])
    assert withdrawn == {201: 1, 409: 1}
    rows = await graduation.sql("SELECT withdrawn_by, valid_from FROM policy WHERE version = 2")
    assert rows[0]["withdrawn_by"] in {"kemensos-4", "kemensos-5"}


async def test_withdrawal_by_dinsos_or_without_a_reason_is_refused(graduation: Running) -> None:
    people = await create_version(graduation, PolicyState.DRAFT)
    path = f"/v1/policy/{people.policy_id}/withdrawal"
    dinsos = graduation.token("DINSOS_KABKOTA", "dinsos-kendal-1", [KENDAL])
    assert (await graduation.post(path, {"reason": "Keliru."}, as_=dinsos)).status_code == 403
    assert (await graduation.post(path, {}, as_=people.official_token(1))).status_code == 422


BREAKING = {
    "in force all the same": (
        "UPDATE policy SET valid_from = '2026-06-01', activated_on = '2026-05-18' WHERE policy_id = $1",
        asyncpg.CheckViolationError,
        "withdrawn_never_in_force",
    ),
    "withdrawn by somebody who never did": (
        "UPDATE policy SET withdrawn_by = 'x', withdrawn_on = now() WHERE policy_id = $1",
        asyncpg.ForeignKeyViolationError,
        "fk_policy_withdrawn_by",
    ),
    "twice": (
        "INSERT INTO policy_withdrawal (policy_id, person, sub, reason, at) VALUES ($1, 'x', 'x', 'x', now())",
        asyncpg.UniqueViolationError,
        "pk_policy_withdrawal",
    ),
    "for another reason": (
        "UPDATE policy_withdrawal SET reason = 'x' WHERE policy_id = $1",
        asyncpg.InsufficientPrivilegeError,
        "policy_withdrawal",
    ),
    "never": (
        "DELETE FROM policy_withdrawal WHERE policy_id = $1",
        asyncpg.InsufficientPrivilegeError,
        "policy_withdrawal",
    ),
}


@pytest.mark.parametrize("what", BREAKING)
async def test_sql_of_the_service_role_cannot_change_a_withdrawal(graduation: Running, what: str) -> None:
    people = await create_version(graduation, PolicyState.APPROVED)
    expect_ok(await people.withdraw(1))
    await people.expect_sql_refusal(*BREAKING[what])
