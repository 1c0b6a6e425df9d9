"""Requests of two people whose act is refused at the approval."""

import asyncio
from datetime import date

from tests.factories.approval import approve, approver_token, read_request, request_path
from tests.factories.graduation.case import CaseDriver, expect_ok, set_day
from tests.factories.graduation.objection import (
    build_tahap,
    decide_sanggah,
    lodge_sanggah,
    request_annulment,
)
from tests.factories.services import expect_refusal


async def test_act_that_is_refused_today_leaves_the_request_open(driver: CaseDriver) -> None:
    service, requested = driver.service, await request_annulment(driver)
    expect_ok(await lodge_sanggah(driver, date(2026, 5, 18)))
    expect_refusal(await approve(service, requested), "SanggahStillOpen", 409)
    shown = await read_request(service, requested)
    assert (shown["state"], shown["decided_by"], shown["closed_at"]) == ("REQUESTED", None, None)


async def test_tahap_that_closed_since_the_request_refuse_the_approval(driver: CaseDriver) -> None:
    service = driver.service
    for day in (date(2026, 6, 18), date(2026, 7, 2), date(2026, 9, 19)):
        await set_day(service, day)
        await service.work()
    requested = await request_annulment(driver, back_pay=build_tahap("2026-3"))
    assert requested.status_code == 202, requested.text
    await set_day(service, date(2026, 9, 21))
    expect_refusal(await approve(service, requested), "BackPayUndecided", 422)
    shown = await read_request(service, requested)
    assert (shown["state"], shown["refused_as"]) == ("LAPSED", "BackPayUndecided")
    both = build_tahap("2026-3") + build_tahap("2026-4")
    again = await request_annulment(driver, back_pay=both)
    assert again.status_code == 202, again.text
    expect_ok(await approve(service, again))


async def test_act_that_became_impossible_ends_the_request(driver: CaseDriver) -> None:
    service, requested = driver.service, await request_annulment(driver)
    sanggah = expect_ok(await lodge_sanggah(driver, date(2026, 5, 18)))
    expect_ok(await decide_sanggah(driver, sanggah["sanggah_id"], "DITERIMA"), 201)
    events, body = len(await service.read_envelopes()), {"body_sha256": requested.json()["body_sha256"]}
    path, as_ = f"{request_path(requested.json())}/approval", approver_token(service)
    answers = await asyncio.gather(*[service.post(path, body, as_=as_) for _ in range(3)])
    titles = {answer.json()["title"] for answer in answers}
    assert "IllegalTransition" in titles
    assert titles <= {"IllegalTransition", "ApprovalRequestClosed"}
    shown = await read_request(service, requested)
    assert (shown["state"], shown["refused_as"]) == ("LAPSED", "IllegalTransition")
    assert shown["decided_by"] is None
    assert shown["closed_at"] is not None
    assert len(await service.read_envelopes()) == events
    expect_refusal(await approve(service, requested), "ApprovalRequestClosed", 409)
