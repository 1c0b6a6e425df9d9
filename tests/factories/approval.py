"""Requests that another person approves."""

from datetime import date
from typing import Any

import httpx

from tests.factories.services import Running


def approver_token(service: Running) -> str:
    return service.token("KEMENSOS", "kemensos-9")


def request_path(request: dict[str, Any]) -> str:
    return f"/v1/approval-request/{request['approval_request_id']}"


async def approve(service: Running, requested: httpx.Response, as_: str = "", **more: Any) -> httpx.Response:
    """Approve a request that was answered with 202."""
    assert requested.status_code == 202, requested.text
    request = requested.json()
    body = {"body_sha256": request["body_sha256"]} | more
    return await service.post(f"{request_path(request)}/approval", body, as_=as_ or approver_token(service))


async def read_request(service: Running, requested: httpx.Response) -> dict[str, Any]:
    answer = await service.get(request_path(requested.json()), as_=approver_token(service))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def day_before(request: dict[str, Any]) -> date:
    """Return the last day on which a request can be approved."""
    return date.fromordinal(date.fromisoformat(request["expires_on"]).toordinal() - 1)
