"""Request bodies: limits on size, rate and number, received before a transaction opens."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Annotated

from fastapi import Depends
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive, Scope

from shared import files
from shared.access import Actor
from shared.errors import DomainError
from shared.http.strict_input import UnsupportedMediaType, media_type_of
from shared.remedies import CORRECT_REQUEST, WAIT
from shared.server import RequestTooSlow
from shared.settings import Settings

# The time limit is the grace, plus one second for each BYTES_PER_SECOND received. A poor mobile connection is faster.
GRACE_SECONDS = 10.0
BYTES_PER_SECOND = 4096
# The longest pause without a byte, and the longest time for a whole body.
PAUSE_SECONDS = 30.0
MAX_TRANSFER_SECONDS = 1800.0
UPLOAD_RETRY_SECONDS = 10


class BodyTooLarge(DomainError):
    """413: the body has more bytes than this route takes."""

    status = 413
    en = "The body is larger than this address takes ({limit} bytes). Send less at once."
    id = "Isi permintaan melebihi batas alamat ini ({limit} bita). Kirim lebih sedikit sekaligus."
    remedy = CORRECT_REQUEST


class BodyIncomplete(DomainError):
    """400: the connection ended before the whole body had arrived."""

    status = 400
    en = "The connection ended before the whole request had arrived. Send it again."
    id = "Koneksi terputus sebelum seluruh permintaan diterima. Kirim lagi."
    remedy = WAIT


class TooManyUploads(DomainError):
    """429: the client has as many uploads at the same time as it may have."""

    status = 429
    en = "You are uploading {limit} files already. Wait until one is complete, then send this one again."
    id = "Anda sedang mengunggah {limit} berkas. Tunggu sampai salah satunya selesai, lalu kirim berkas ini lagi."
    remedy = WAIT
    retry_after = UPLOAD_RETRY_SECONDS


class LimitedBody:
    """An ASGI `receive` that limits bytes and time as the route declares.

    Only the time spent waiting for the client counts.
    """

    def __init__(self, scope: Scope, receive: Receive, settings: Settings) -> None:
        self.scope, self.receive, self.settings = scope, receive, settings
        self.size, self.complete = 0, False
        self.waited_seconds = 0.0

    async def __call__(self) -> Message:
        """Return the next message.

        Raises:
            BodyTooLarge: the body has more bytes than the route takes, or announces more.
            RequestTooSlow: it arrives below the minimum rate, or not at all.
        """
        if self.complete:  # Only a disconnect can follow, at any time.
            return await self.receive()
        limit = limit_of(self.scope, self.settings)
        if not self.size and announced_length(self.scope) > limit:
            raise BodyTooLarge(limit=limit)
        message = await self._in_time()
        self.size += len(message.get("body", b""))
        self.complete = not message.get("more_body", False)
        if self.size > limit:
            raise BodyTooLarge(limit=limit)
        return message

    async def _in_time(self) -> Message:
        loop = asyncio.get_running_loop()
        started_at = loop.time()
        allowed = (
            min(GRACE_SECONDS + self.size / BYTES_PER_SECOND, MAX_TRANSFER_SECONDS) - self.waited_seconds
        )
        try:
            async with asyncio.timeout(min(allowed, PAUSE_SECONDS)):
                return await self.receive()
        except TimeoutError:
            raise RequestTooSlow from None
        finally:
            self.waited_seconds += loop.time() - started_at


def limit_of(scope: Scope, settings: Settings) -> int:
    """Return the maximum bytes of the matched route."""
    declared = getattr(scope.get("route"), "declared", None)
    if declared is not None and declared.takes_bytes:
        return settings.max_file_bytes
    return max(settings.max_body_bytes, declared.max_body if declared is not None else 0)


def announced_length(scope: Scope) -> int:
    """Return the Content-Length of a request, or 0 if there is none."""
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    return int(lengths[0]) if lengths and lengths[0].isdigit() else 0


class Uploads:
    """The number of uploads that each client has at the same time in this process."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.running: Counter[str] = Counter()

    @contextmanager
    def limited(self, sub: str) -> Iterator[None]:
        """Count one upload of the client while it runs.

        Raises:
            TooManyUploads: it has as many as it may have.
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


async def read_body(request: Request) -> bytes:
    """Return the body.

    Raises:
        BodyIncomplete: the client has disconnected.
    """
    try:
        return await request.body()
    except ClientDisconnect:
        raise BodyIncomplete from None


async def receive_upload(request: Request, incoming: files.IncomingFile) -> None:
    """Receive the whole upload into `incoming`.

    Raises:
        BodyIncomplete: the client has disconnected.
    """
    try:
        async for part in request.stream():
            incoming.append(part)
    except ClientDisconnect:
        raise BodyIncomplete from None
    incoming.finish()


@asynccontextmanager
async def received_file(request: Request, actor: Actor) -> AsyncIterator[None]:
    """Receive and check the uploaded file, and provide it to the endpoint.

    Raises:
        UnsupportedMediaType: before the upload is received. TooManyUploads, BodyIncomplete
        Those of `files.CheckedFile` and `files.inspect`.
    """
    media_type, state = media_type_of(request.headers), request.app.state
    if media_type not in files.ACCEPTED_TYPES:
        raise UnsupportedMediaType(media=list(files.MEDIA_TYPES))
    with (
        state.uploads.limited(actor.sub),
        files.CheckedFile(state.settings.max_file_bytes, media_type) as incoming,
    ):
        await receive_upload(request, incoming)
        await files.inspect(incoming, state.settings.clamav)
        request.state.upload = incoming
        yield


async def upload_of(request: Request) -> files.IncomingFile:
    """Return the file that `Route` received before it opened the transaction."""
    return request.state.upload


Upload = Annotated[files.IncomingFile, Depends(upload_of)]
