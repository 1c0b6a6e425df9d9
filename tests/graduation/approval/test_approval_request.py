"""One person requests, another approves (docs/case-lifecycle.md#two-person-requests). Annulments stand for all kinds."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from shared.approval.commands import hash_body
from tests.factories.approval import approve, approver_token, day_before, read_request, request_path
from tests.factories.graduation.case import CaseDriver, expect_ok, read_emitted_events, set_day
from tests.factories.graduation.events import KENDAL
from tests.factories.graduation.objection import (
    request_annulment,
)
from tests.factories.services import Running, expect_refusal
from tests.factories.transactions import EVENT_AND_ANSWER, one_transaction

P = UUID("0199a000-0000-7000-8000-0000000000aa")
REFUSAL = {"reason": "Akta yang dilampirkan tidak terbaca."}


def ministry(service: Running, sub: str, pendamping_id: UUID | None = None) -> str:
    return service.token("KEMENSOS", sub, pendamping_id=pendamping_id)


async def list_requests(service: Running, query: str = "", as_: str = "") -> list[dict[str, Any]]:
    answer = await service.get(f"/v1/approval-request{query}", as_=as_ or approver_token(service))
    return list(expect_ok(answer, 200)["items"])


async def test_request_does_nothing_and_answers_with_what_is_requested(driver: CaseDriver) -> None:
    requested = await request_annulment(driver)
    assert requested.status_code == 202
    body = requested.json()
    assert requested.headers["Location"] == request_path(body)
    assert (body["kind"], body["subject_id"], body["state"]) == ("ANNULMENT", driver.graduasi_id, "REQUESTED")
    assert body["body_sha256"] == hash_body(body["body"])
    assert body["body"]["ground"] == "DATA_KELIRU"
    assert (body["requested_by"], body["expires_on"]) == ("kemensos-8", "2026-06-01")
    assert await driver.read_state() == "MASA_SANGGAH"
    assert await read_emitted_events(driver.service, "graduasi_annulled") == []


async def test_approval_does_the_act_and_names_both_persons(driver: CaseDriver) -> None:
    requested = await request_annulment(driver)
    approved = expect_ok(await approve(driver.service, requested))
    assert (approved["state"], approved["decided_by"]) == ("APPROVED", "kemensos-9")
    assert await driver.read_state() == "DIPULIHKAN"
    assert len(await read_emitted_events(driver.service, "graduasi_annulled")) == 1
    (row,) = await driver.service.sql("SELECT approval_request_id, annulled_by FROM annulment")
    assert (str(row["approval_request_id"]), row["annulled_by"]) == (
        approved["approval_request_id"],
        "kemensos-9",
    )


@pytest.mark.parametrize(
    ("requester", "approver"),
    [(("a", None), ("a", None)), (("a", P), ("b", P)), (("a", P), ("a", None)), (("a", None), ("a", P))],
)
async def test_requester_does_not_decide_also_with_another_account(
    driver: CaseDriver, requester: tuple[str, UUID | None], approver: tuple[str, UUID | None]
) -> None:
    service = driver.service
    requested = await request_annulment(driver, ministry(service, *requester))
    same = ministry(service, *approver)
    expect_refusal(await approve(service, requested, same), "DecidedByLodger", 409)
    refusal = f"{request_path(requested.json())}/refusal"
    expect_refusal(await service.post(refusal, REFUSAL, as_=same), "DecidedByLodger", 409)
    expect_ok(await approve(service, requested))


@pytest.mark.parametrize("role", ["DINSOS_KABKOTA", "KETUA_TIM_KABKOTA", "PENDAMPING", "OPERATOR"])
async def test_other_roles_do_not_decide(driver: CaseDriver, role: str) -> None:
    service = driver.service
    requested = await request_annulment(driver)
    other = service.token(role, "somebody-9", [KENDAL], pendamping_id=uuid4())
    expect_refusal(await approve(service, requested, other), "NotAllowed", 403)
    refusal = f"{request_path(requested.json())}/refusal"
    expect_refusal(await service.post(refusal, REFUSAL, as_=other), "NotAllowed", 403)
    assert (await read_request(service, requested))["state"] == "REQUESTED"


async def test_approval_of_another_content_is_refused(driver: CaseDriver) -> None:
    requested = await request_annulment(driver)
    other = await approve(driver.service, requested, body_sha256="0" * 64)
    expect_refusal(other, "ApprovalBodyDiffers", 409)
    assert await driver.read_state() == "MASA_SANGGAH"


async def test_request_needs_uploaded_evidence(driver: CaseDriver) -> None:
    expect_refusal(await request_annulment(driver, evidence_sha256="0" * 64), "FileNotUploaded", 422)
    expect_refusal(await request_annulment(driver, evidence_sha256=None), "ApprovalEvidenceMissing", 422)
    assert await list_requests(driver.service) == []


async def test_one_request_of_an_act_is_open_at_a_time(driver: CaseDriver) -> None:
    service = driver.service
    first = await request_annulment(driver)
    other = ministry(service, "kemensos-7")
    second = await request_annulment(driver, other)
    expect_refusal(second, "ApprovalAlreadyRequested", 409)
    assert second.json()["params"] == {"approval_request_id": first.json()["approval_request_id"]}
    answers = await asyncio.gather(*[request_annulment(driver, other) for _ in range(3)])
    assert {answer.status_code for answer in answers} == {409}
    path = f"{request_path(first.json())}/refusal"
    refused = expect_ok(await service.post(path, REFUSAL, as_=approver_token(service)))
    assert (refused["state"], refused["decision_reason"]) == ("REFUSED", REFUSAL["reason"])
    assert (await request_annulment(driver, other)).status_code == 202
    states = [one["state"] for one in await list_requests(service)]
    assert states == ["REFUSED", "REQUESTED"]
    assert [one["decision_reason"] for one in await list_requests(service)] == [REFUSAL["reason"], None]


async def test_reason_of_a_refusal_is_stored_sealed(driver: CaseDriver) -> None:
    service, requested = driver.service, await request_annulment(driver)
    path = f"{request_path(requested.json())}/refusal"
    expect_ok(await service.post(path, REFUSAL, as_=approver_token(service)))
    (row,) = await service.sql("SELECT decision_reason_sealed FROM approval_request")
    assert REFUSAL["reason"].encode() not in row["decision_reason_sealed"]


async def test_only_the_requester_withdraws(driver: CaseDriver) -> None:
    service, requested = driver.service, await request_annulment(driver)
    path = f"{request_path(requested.json())}/withdrawal"
    stranger = await service.post(path, as_=approver_token(service))
    expect_refusal(stranger, "RequestOfAnotherPerson", 403)
    mine = ministry(service, "kemensos-8")
    assert expect_ok(await service.post(path, as_=mine))["state"] == "WITHDRAWN"
    expect_refusal(await service.post(path, as_=mine), "ApprovalRequestClosed", 409)
    expect_refusal(await approve(service, requested), "ApprovalRequestClosed", 409)


@pytest.mark.parametrize("worker_ran", [True, False])
async def test_request_is_approved_on_its_last_day_and_not_on_the_next(
    driver: CaseDriver, worker_ran: bool
) -> None:
    service, requested = driver.service, await request_annulment(driver)
    last = day_before(requested.json())
    assert last == date(2026, 5, 31)
    # 2026-06-01 00:30 in Jakarta, which is still 31 May in UTC.
    await set_day(service, last, hour=17)
    if worker_ran:
        await service.work()
        assert (await read_request(service, requested))["state"] == "EXPIRED"
    title = "ApprovalRequestClosed" if worker_ran else "ApprovalRequestExpired"
    expect_refusal(await approve(service, requested), title, 409)
    await set_day(service, last, hour=16)
    assert (await request_annulment(driver)).status_code == (202 if worker_ran else 409)


async def test_request_is_approved_until_midnight_in_jakarta(driver: CaseDriver) -> None:
    requested = await request_annulment(driver)
    await set_day(driver.service, day_before(requested.json()), hour=16)
    expect_ok(await approve(driver.service, requested))
    await set_day(driver.service, date(2026, 6, 1))
    await driver.service.work()
    assert (await read_request(driver.service, requested))["state"] == "APPROVED"


async def test_expired_request_that_the_worker_has_not_seen_leaves_room_for_another(
    driver: CaseDriver,
) -> None:
    service, requested = driver.service, await request_annulment(driver)
    await set_day(service, date(2026, 6, 1))
    again = await request_annulment(driver)
    assert again.status_code == 202
    assert (await read_request(service, requested))["state"] == "EXPIRED"
    await service.work()
    assert (await read_request(service, again))["state"] == "REQUESTED"


async def test_repeated_keys_have_one_effect(driver: CaseDriver) -> None:
    service = driver.service
    requested = await request_annulment(driver)
    body = {"body_sha256": requested.json()["body_sha256"]}
    path, as_ = f"{request_path(requested.json())}/approval", approver_token(service)
    first, again = [await service.post(path, body, as_=as_, key="once") for _ in range(2)]
    assert (first.status_code, again.json()) == (201, first.json())
    assert len(await read_emitted_events(service, "graduasi_annulled")) == 1
    body = requested.request.content
    headers = dict(requested.request.headers)
    replay = await service.client.post(requested.request.url.path, content=body, headers=headers)
    assert (replay.status_code, replay.json()) == (202, requested.json())
    assert replay.headers["Location"] == requested.headers["Location"]


async def test_approval_and_act_are_of_one_transaction(driver: CaseDriver) -> None:
    requested = await request_annulment(driver)
    tables = ("approval_request", "annulment", "graduasi_history", *EVENT_AND_ANSWER)
    async with one_transaction(driver.service, *tables):
        expect_ok(await approve(driver.service, requested))


async def test_one_of_four_simultaneous_approvals_is_accepted(driver: CaseDriver) -> None:
    requested = await request_annulment(driver)
    answers = await asyncio.gather(*[approve(driver.service, requested) for _ in range(4)])
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_lists_show_the_requests_of_the_callers_areas(driver: CaseDriver) -> None:
    service, requested = driver.service, await request_annulment(driver)
    here, away = (service.token("DINSOS_KABKOTA", "dinsos-9", [area]) for area in (KENDAL, "33.25"))
    assert len(await list_requests(service, as_=here)) == 1
    assert await list_requests(service, as_=away) == []
    expect_refusal(await service.get(request_path(requested.json()), as_=away), "NotFound", 404)
    elsewhere = service.token("KEMENSOS", "kemensos-7", ["51"])
    expect_refusal(await approve(service, requested, elsewhere), "NotFound", 404)
    field = await service.get("/v1/approval-request", as_=driver.by["field"])
    expect_refusal(field, "NotAllowed", 403)
    for query, count in (
        ("?state=REQUESTED&kind=ANNULMENT", 1),
        ("?state=APPROVED", 0),
        ("?kind=DISMISSAL", 0),
        (f"?subject_id={driver.graduasi_id}", 1),
        (f"?subject_id={uuid4()}", 0),
    ):
        assert len(await list_requests(service, query)) == count, query


async def test_days_of_a_request_are_a_rule(driver: CaseDriver) -> None:
    await driver.service.sql("INSERT INTO approval_rule VALUES ('2026-05-18', 3, 'test')")
    assert (await request_annulment(driver)).json()["expires_on"] == "2026-05-21"


DECIDE = (
    "UPDATE approval_request SET state = 'APPROVED', closed_at = now(), decided_by = $1, decided_by_sub = $2"
)


@pytest.mark.parametrize(
    ("decider", "name"),
    [
        (("kemensos-8", "other"), "decided_by_another_person"),
        (("other", "kemensos-8"), "decided_by_another_person"),
        ((None, None), "decided_by_somebody"),
    ],
)
async def test_database_refuses_a_decision_by_the_requester(
    driver: CaseDriver, decider: tuple[str | None, str | None], name: str
) -> None:
    await request_annulment(driver)
    connection = await asyncpg.connect(driver.service.settings.worker_database_url)
    try:
        with pytest.raises(asyncpg.CheckViolationError, match=name):
            await connection.execute(DECIDE, *decider)
    finally:
        await connection.close()


async def test_content_of_a_request_never_changes(driver: CaseDriver) -> None:
    await request_annulment(driver)
    for change in (
        "body_sealed = ''",
        "body_sha256 = repeat('0', 64)",
        "requested_by = 'x'",
        "expires_on = '2030-01-01'",
    ):
        statement = f"UPDATE approval_request SET {change}"
        await driver.service.expect_sql_refusal(statement, asyncpg.InsufficientPrivilegeError)
    statement = "DELETE FROM approval_request"
    await driver.service.expect_sql_refusal(statement, asyncpg.InsufficientPrivilegeError)
