"""The ASGI layer around the application: a request id, a body cap by counted bytes, one log line, one metric."""

import time
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from shared import logs, telemetry
from shared.errors import DomainError
from shared.http.problems import problem
from shared.http.route import FILE_TYPES


class BodyTooLarge(DomainError):
    """413: more bytes than this address takes."""

    status = 413
    en = "The body is larger than this address takes ({limit} bytes)."
    id = "Isi permintaan melebihi batas alamat ini ({limit} bita)."


class Wire:
    """Pure ASGI, because a middleware with its own task leaks connections on disconnect."""

    def __init__(self, app: ASGIApp, *, max_body: int, max_file: int, app_state: Any) -> None:
        """Cap bodies at `max_body` bytes, and uploads (application/octet-stream, text/csv) at `max_file`."""
        self.app, self.max_body, self.max_file, self.state = app, max_body, max_file, app_state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        request.state.request_id = str(uuid7())
        watched = Watched(send, request.state.request_id, self.state.settings.service)
        try:
            await self.app(scope, self._counted(request, receive), watched)
        except BodyTooLarge as error:
            if not watched.status:
                await problem(request, error)(scope, receive, watched)
        finally:
            watched.tell(request)

    def _counted(self, request: Request, receive: Receive) -> Receive:
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        limit = self.max_file if media in FILE_TYPES else self.max_body
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                raise BodyTooLarge(limit=limit)
            return message

        return counted


class Watched:
    """The way out: adds the request id, remembers the status, and tells log and metrics by route, never by address."""

    def __init__(self, send: Send, request_id: str, service: str) -> None:
        """Begin to watch."""
        self.send, self.request_id, self.service = send, request_id, service
        self.status, self.started = 0, time.perf_counter()

    async def __call__(self, message: Message) -> None:
        """Pass one message on."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [
                *message["headers"],
                (b"x-request-id", self.request_id.encode()),
                (b"x-content-type-options", b"nosniff"),
            ]
        await self.send(message)

    def tell(self, request: Request) -> None:
        """Write one line and one measurement."""
        seconds = time.perf_counter() - self.started
        route = getattr(request.scope.get("route"), "path", "unknown")
        telemetry.observe_request(request.method, route, self.status, seconds, self.service)
        logs.tell_request(
            self.service,
            request_id=self.request_id,
            method=request.method,
            route=route,
            status=self.status,
            milliseconds=round(seconds * 1000, 1),
            sub=getattr(getattr(request.state, "caller", None), "sub", None),
        )
