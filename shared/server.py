"""Uvicorn with limits on request heads, waiting times and connections.

httptools has no limits: a header may grow without end, and an unfinished head may wait without end.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import orjson
import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from shared.errors import DomainError
from shared.remedies import CORRECT_REQUEST, WAIT

GRACE_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one connection, and the number of connections."""

    head_bytes: int = 64 * 1024
    address_bytes: int = 8 * 1024
    headers: int = 100
    head_seconds: float = 10
    # After the answer, for the rest of a body that is not read.
    linger_seconds: float = 10
    # Without progress of the client in reading the answer.
    write_seconds: float = 30
    idle_seconds: int = 30
    connections: int = 500


class HeadTooLarge(DomainError):
    """431: the head has more bytes or lines than any honest client sends."""

    status = 431
    en = "The headers of the request are too large. Send fewer or shorter ones."
    id = "Header permintaan terlalu besar. Kurangi atau pendekkan header."
    remedy = CORRECT_REQUEST


class AddressTooLong(DomainError):
    """414: the address with its parameters is too long."""

    status = 414
    en = "The address with its parameters is too long. Shorten the parameters."
    id = "Alamat beserta parameternya terlalu panjang. Pendekkan parameternya."
    remedy = CORRECT_REQUEST


class RequestTooSlow(DomainError):
    """408: the client sends too slowly, or not at all."""

    status = 408
    en = "The request arrives too slowly. Send it again over a better connection."
    id = "Permintaan diterima terlalu lambat. Kirim lagi dengan koneksi yang lebih baik."
    remedy = WAIT


class RequestNotHttp(DomainError):
    """400: the bytes are no HTTP request."""

    status = 400
    en = "This is not a readable HTTP request. Send it as HTTP/1.1."
    id = "Ini bukan permintaan HTTP yang dapat dibaca. Kirim sebagai HTTP/1.1."
    remedy = CORRECT_REQUEST


class LimitedProtocol(HttpToolsProtocol):
    """One connection with deadlines.

    A deadline runs until a head is complete, and after an answer whose request is incomplete. It does not run
    while the application answers, which limits the body itself (shared/http/body.py).
    """

    def __init__(self, limits: Limits, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.limits = limits
        self.since = self.loop.time()
        self._head_bytes = self._header_count = self._undelivered = 0
        self._in_head = self._in_message = False
        self._refusal: DomainError | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> bool:
        """Whether no request of this connection is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Start the deadline. If the server is full, abort the longest idle connection."""
        super().connection_made(transport)
        self._arm(self.limits.head_seconds)
        if len(self.connections) > self.limits.connections:
            others = cast("set[LimitedProtocol]", self.connections)
            oldest = min((one for one in others if one.waiting), key=lambda one: one.since)
            oldest.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the timers."""
        self._disarm()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse, and refuse a head part that never ends."""
        if self._refusal is not None:
            return  # The client may read the refusal until the deadline.
        self._undelivered += len(data)
        super().data_received(data)
        if self._deadline is None and self.waiting:
            self._arm(self.limits.head_seconds)
        # A header, trailer or chunk extension without an end. Each complete part resets the count.
        if self._refusal is None and self._undelivered > self.limits.head_bytes:
            self._refuse(HeadTooLarge())

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = self._in_message = True
        self._head_bytes = self._header_count = 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._undelivered = 0
        if len(self.url) > self.limits.address_bytes:
            self._stop(AddressTooLong())

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count the header. A trailer, which comes after the body, is counted and dropped."""
        self._undelivered = 0
        self._header_count += 1
        self._head_bytes += len(name) + len(value)
        if self._header_count > self.limits.headers or self._head_bytes > self.limits.head_bytes:
            self._stop(HeadTooLarge())
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._undelivered = 0
        self._disarm()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._undelivered = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_message = False
        self._undelivered = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Limit what remains: the request's body, or the answer if the connection closes."""
        super().on_response_complete()
        self.since = self.loop.time()
        if self.transport.is_closing():
            self._arm(self.limits.write_seconds)
        elif self._in_message and self.waiting:
            self._arm(self.limits.linger_seconds)

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection, or abort it if the client has not read its answer."""
        self._end()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self.loop.call_later(self.limits.write_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def send_400_response(self, msg: str) -> None:
        """Answer what the parser or a limit has stopped."""
        del msg
        self._refuse(self._refusal or RequestNotHttp())

    def _unsupported_upgrade_warning(self) -> None:
        """Log nothing, so that no client can fill the log."""

    def _stop(self, refusal: DomainError) -> None:
        self._refusal = refusal
        # An exception in a callback ends the parsing, and `send_400_response` is called.
        msg = type(refusal).__name__
        raise ValueError(msg)

    def _refuse(self, refusal: DomainError) -> None:
        """Send the refusal, or end the connection if an answer is under way."""
        self._refusal = refusal
        if not self.waiting:
            self._end()
            return
        self.transport.write(self._problem(refusal))
        self._arm(self.limits.linger_seconds)

    def _problem(self, refusal: DomainError) -> bytes:
        """Return the answer in the form of shared/http/problems.py."""
        accepted = dict(self.headers or ()).get(b"accept-language", b"")
        language = "id" if accepted.strip().lower().startswith(b"id") else "en"
        title = type(refusal).__name__
        content = {
            "type": f"urn:pilar:problem:{title}",
            "title": title,
            "status": refusal.status,
            "detail": refusal.sentence(language),
            "params": refusal.values(),
            "errors": [],
            "remedy": refusal.remedy.to_json(service=""),
            "trace_id": "",
        }
        body = orjson.dumps(content)
        head = (
            f"content-type: application/problem+json\r\ncontent-language: {language}\r\n"
            f"content-length: {len(body)}\r\ncache-control: no-store\r\nconnection: close\r\n\r\n"
        )
        return STATUS_LINE[refusal.status] + head.encode() + body

    def _arm(self, seconds: float) -> None:
        self._disarm()
        self._deadline = self.loop.call_later(seconds, self._too_late)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_late(self) -> None:
        self._deadline = None
        if self._in_head and self._refusal is None and not self.transport.is_closing():
            self.transport.write(self._problem(RequestTooSlow()))
            self.transport.close()
            self._arm(self.limits.linger_seconds)
        else:
            self._end()

    def _end(self) -> None:
        """Close, or abort if the client does not read the rest."""
        if self.transport.is_closing() or self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()


def make_config(app: Any, limits: Limits | None = None, **options: Any) -> uvicorn.Config:
    """Return uvicorn's configuration with `limits`. `options` are passed to uvicorn."""
    limits = limits or Limits()
    given: dict[str, Any] = {
        "http": partial(LimitedProtocol, limits),
        "ws": "none",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "timeout_keep_alive": limits.idle_seconds,
        "timeout_graceful_shutdown": GRACE_SECONDS,
    }
    return uvicorn.Config(app, **(given | options))


@asynccontextmanager
async def served(app: Any, host: str, port: int, limits: Limits | None = None) -> AsyncIterator[int]:
    """Serve `app` in this loop and yield the port, a free one for port 0.

    Raises:
        OSError: the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=128)
    server = uvicorn.Server(make_config(app, limits, lifespan="off", timeout_graceful_shutdown=1))
    # Not `serve`, which installs signal handlers.
    serving = asyncio.create_task(server._serve(sockets=[listening]))  # noqa: SLF001
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        await serving
