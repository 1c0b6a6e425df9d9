"""ASGI middleware: request id, body limits, one log line and one measurement per request."""

import time

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from shared import logs, telemetry
from shared.http.body import BodyTooLarge, LimitedBody
from shared.http.problems import problem
from shared.server import RequestTooSlow
from shared.settings import Settings

UPLOADS, METHODS = "/v1/uploads", frozenset({"POST", "HEAD", "PATCH", "DELETE", "OPTIONS"})


def override_method(scope: Scope) -> None:
    """Let X-HTTP-Method-Override replace the method at the addresses of tus, as its core requires."""
    if scope["path"].startswith(UPLOADS):
        method = Headers(scope=scope).get("x-http-method-override", "").upper()
        if method in METHODS:
            scope["method"] = method


class RequestMiddleware:
    """Pure ASGI, because a middleware with its own task leaks connections on disconnect."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self.app, self.settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        override_method(scope)
        request = Request(scope)
        request.state.request_id = str(uuid7())
        observed = RequestObserver(send, request.state.request_id, self.settings.service)
        try:
            await self.app(scope, LimitedBody(scope, receive, self.settings), observed)
        except (BodyTooLarge, RequestTooSlow) as error:
            if not observed.status:
                await problem(request, error)(scope, receive, observed)
        finally:
            observed.report(request)


class RequestObserver:
    """An ASGI `send` that adds headers and keeps the status for the log and metrics."""

    def __init__(self, send: Send, request_id: str, service: str) -> None:
        self.send, self.request_id, self.service = send, request_id, service
        self.status, self.started = 0, time.perf_counter()

    async def __call__(self, message: Message) -> None:
        """Send one message."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [
                *message["headers"],
                (b"x-request-id", self.request_id.encode()),
                (b"x-content-type-options", b"nosniff"),
            ]
        await self.send(message)

    def report(self, request: Request) -> None:
        """Write the log line and the measurement, by route and never by address."""
        seconds = time.perf_counter() - self.started
        route = getattr(request.scope.get("route"), "path", "unknown")
        telemetry.observe_request(request.method, route, self.status, seconds, self.service)
        logs.log_request(
            self.service,
            request_id=self.request_id,
            method=request.method,
            route=route,
            status=self.status,
            milliseconds=round(seconds * 1000, 1),
            sub=getattr(getattr(request.state, "actor", None), "sub", None),
        )
