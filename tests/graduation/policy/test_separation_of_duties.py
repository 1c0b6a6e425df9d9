"""A policy needs three people and three accounts: a drafter and two approvers."""

from uuid import UUID

import asyncpg
import httpx
import pytest

from tests.factories.graduation.accounts import DAY, ORDERS, P, token
from tests.factories.graduation.case import expect_ok, set_day
from tests.factories.graduation.policy import Ministry
from tests.factories.services import Running, expect_refusal


async def approve_policy(people: Ministry, sub: str, pendamping_id: UUID | None) -> httpx.Response:
    as_ = token(people.service, "sk", sub, pendamping_id)
    return await people.service.post(f"/v1/policy/{people.policy_id}/approval", {}, as_=as_)


async def draft_policy(service: Running, pendamping_id: UUID | None) -> Ministry:
    """Return a policy that the account `one-account` has drafted."""
    await set_day(service, DAY)
    people = Ministry(service)
    as_ = token(service, "sk", "one-account", pendamping_id)
    people.policy_id = expect_ok(await service.post("/v1/policy", await people.build_policy(), as_=as_))[
        "policy_id"
    ]
    return people


@pytest.mark.parametrize("order", ORDERS)
async def test_the_account_that_drafted_a_policy_does_not_approve_it(
    graduation: Running, order: tuple[UUID | None, UUID | None]
) -> None:
    people = await draft_policy(graduation, order[0])
    expect_refusal(await approve_policy(people, "one-account", order[1]), "ApprovedByDrafter", 403)
    for number in (2, 3):
        answer = await people.approve(number)
        expect_ok(answer)
    assert answer.json()["state"] == "APPROVED"


async def test_another_account_of_the_drafter_does_not_approve(graduation: Running) -> None:
    people = await draft_policy(graduation, P)
    expect_refusal(await approve_policy(people, "another-account", P), "ApprovedByDrafter", 403)


@pytest.mark.parametrize(
    ("first", "second"),
    [(("a", P), ("a", None)), (("a", None), ("a", P)), (("a", P), ("b", P)), (("a", None), ("a", None))],
)
async def test_one_person_gives_one_approval(
    graduation: Running, first: tuple[str, UUID | None], second: tuple[str, UUID | None]
) -> None:
    people = await draft_policy(graduation, None)
    expect_ok(await approve_policy(people, *first))
    expect_refusal(await approve_policy(people, *second), "PolicyAlreadyApproved", 409)
    assert (await graduation.sql("SELECT count(*) FROM policy_approval"))[0][0] == 1
    assert expect_ok(await approve_policy(people, "somebody-else", None))["state"] == "APPROVED"


APPROVAL = (
    "INSERT INTO policy_approval (policy_id, person, sub, drafted_by, drafted_by_sub, at)"
    " VALUES ($1, $2, $3, $4, $5, now())"
)


@pytest.mark.parametrize(
    ("approver", "drafter", "refusal"),
    [
        ((str(P), "one-account"), ("one-account", "one-account"), asyncpg.CheckViolationError),
        ((str(P), "one-account"), ("one-account", "other"), asyncpg.ForeignKeyViolationError),
        (("first", "kemensos-2"), ("one-account", "one-account"), asyncpg.UniqueViolationError),
    ],
)
async def test_the_database_refuses_an_approval_by_an_account_of_before(
    graduation: Running, approver: tuple[str, str], drafter: tuple[str, str], refusal: type[Exception]
) -> None:
    people = await draft_policy(graduation, None)
    expect_ok(await people.approve(2))
    connection = await asyncpg.connect(graduation.settings.database_url)
    try:
        with pytest.raises(refusal):
            await connection.execute(APPROVAL, UUID(people.policy_id), *approver, *drafter)
    finally:
        await connection.close()
