"""Bodies of requests: how large, how fast and how many at once; received in full before a transaction opens."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Depends
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive, Scope

from shared import files
from shared.errors import DomainError
from shared.server import RequestTooSlow
from shared.settings import Settings

# A body may take the grace, and a second more for each of these many bytes; a poor mobile connection is faster.
GRACE_SECONDS = 10.0
BYTES_PER_SECOND = 4096
# Nothing at all may arrive for this long, and the whole may take this long, however fast the rest was.
PAUSE_SECONDS = 30.0
WHOLE_SECONDS = 1800.0
UPLOAD_RETRY_SECONDS = 10


class BodyTooLarge(DomainError):
    """413: more bytes than this address takes."""

    status = 413
    en = "The body is larger than this address takes ({limit} bytes)."
    id = "Isi permintaan melebihi batas alamat ini ({limit} bita)."


class BodyIncomplete(DomainError):
    """400: the connection ended before the whole body had arrived."""

    status = 400
    en = "The connection ended before the whole request had arrived. Send it again."
    id = "Koneksi terputus sebelum seluruh permintaan diterima. Kirim lagi."


class TooManyUploads(DomainError):
    """429: this client is uploading as many files as it may at the same time."""

    status = 429
    en = "You are uploading {limit} files already. Wait until one is complete, then send this one again."
    id = "Anda sedang mengunggah {limit} berkas. Tunggu sampai salah satunya selesai, lalu kirim berkas ini lagi."
    retry_after = UPLOAD_RETRY_SECONDS


class LimitedBody:
    """An ASGI `receive` that counts bytes and time against the limits of the route.

    Only time spent waiting for the client counts: what the application does in between is short.
    """

    def __init__(self, scope: Scope, receive: Receive, settings: Settings) -> None:
        self.scope, self.receive, self.settings = scope, receive, settings
        self.size, self.complete = 0, False
        self.waited = 0.0

    async def __call__(self) -> Message:
        """Return the next message.

        Raises:
            BodyTooLarge: it has more bytes than the route takes, or says so in advance.
            RequestTooSlow: it arrives below the minimum rate, or not at all.
        """
        if self.complete:  # only a disconnect can follow, and that may take any time
            return await self.receive()
        limit = limit_of(self.scope, self.settings)
        if not self.size and announced(self.scope) > limit:
            raise BodyTooLarge(limit=limit)
        message = await self._in_time()
        self.size += len(message.get("body", b""))
        self.complete = not message.get("more_body", False)
        if self.size > limit:
            raise BodyTooLarge(limit=limit)
        return message

    async def _in_time(self) -> Message:
        loop = asyncio.get_running_loop()
        began = loop.time()
        allowed = min(GRACE_SECONDS + self.size / BYTES_PER_SECOND, WHOLE_SECONDS) - self.waited
        try:
            async with asyncio.timeout(min(allowed, PAUSE_SECONDS)):
                return await self.receive()
        except TimeoutError:
            raise RequestTooSlow from None
        finally:
            self.waited += loop.time() - began


def limit_of(scope: Scope, settings: Settings) -> int:
    """Return how many bytes the matched route takes."""
    declared = getattr(scope.get("route"), "declared", None)
    if declared is not None and declared.takes_bytes:
        return settings.max_file_bytes
    return max(settings.max_body_bytes, declared.max_body if declared is not None else 0)


def announced(scope: Scope) -> int:
    """Return the length that the headers announce; the server has checked that it is a number."""
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    return int(lengths[0]) if lengths and lengths[0].isdigit() else 0


class Uploads:
    """How many uploads each client has under way in this process."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.running: Counter[str] = Counter()

    @contextmanager
    def one_of(self, sub: str) -> Iterator[None]:
        """Count one upload of the client.

        Raises:
            TooManyUploads: it has as many as it may.
        """
        if self.running[sub] >= self.most:
            raise TooManyUploads(limit=self.most)
        self.running[sub] += 1
        try:
            yield
        finally:
            self.running[sub] -= 1
            if not self.running[sub]:
                del self.running[sub]


async def whole(request: Request) -> bytes:
    """Return the body.

    Raises:
        BodyIncomplete: the client has gone.
    """
    try:
        return await request.body()
    except ClientDisconnect:
        raise BodyIncomplete from None


async def spool(request: Request, arrival: files.Arrival) -> None:
    """Take the whole upload into `arrival`.

    Raises:
        BodyIncomplete: the client has gone.
    """
    try:
        async for part in request.stream():
            arrival.take(part)
    except ClientDisconnect:
        raise BodyIncomplete from None
    arrival.finish()


async def upload_of(request: Request) -> files.Arrival:
    """Return the file that `Route` received before it opened the transaction."""
    return request.state.upload


Upload = Annotated[files.Arrival, Depends(upload_of)]
