"""A stored file as an answer: ranges, headers, and a body that holds no connection."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from shared import files
from shared.access import Actor
from shared.database import Database
from shared.errors import DomainError
from shared.privacy import Vault
from shared.remedies import CORRECT_REQUEST

RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class RangeOutsideFile(DomainError):
    """416: the file has no byte of the requested range."""

    status = 416
    en = "The file has {size} bytes; the requested range begins after its end. Ask for less."
    id = "Berkas ini berukuran {size} bita; rentang yang diminta mulai sesudah akhirnya. Minta lebih sedikit."
    remedy = CORRECT_REQUEST

    def __init__(self, size: int) -> None:
        """Set the size, which the answer also has as a header."""
        super().__init__("/header/Range", size=size)
        self.headers = {"Content-Range": f"bytes */{size}"}


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes of an answer, from `start` up to, not including, `end`."""

    start: int
    end: int
    partial: bool


def span_of(request: Request, file: files.StoredFile) -> Span:
    """Return the requested bytes.

    A range that cannot be read, or of another content, is ignored (RFC 9110).

    Raises:
        RangeOutsideFile
    """
    match = RANGE.fullmatch(request.headers.get("range", "").strip())
    first, last = match.groups() if match else ("", "")
    if_range = request.headers.get("if-range", etag_of(file))
    if (not first and not last) or if_range != etag_of(file) or (first and last and int(last) < int(first)):
        return Span(0, file.size, partial=False)
    start = int(first) if first else max(file.size - int(last), 0)
    end = min(int(last) + 1, file.size) if first and last else file.size
    if start >= end:
        raise RangeOutsideFile(file.size)
    return Span(start, end, partial=True)


def etag_of(file: files.StoredFile) -> str:
    return f'"{file.stored_sha256}"'


def answer_file(request: Request, actor: Actor, file: files.StoredFile) -> Response:
    """Return the answer with the file, or with the requested range of it.

    Raises:
        RangeOutsideFile
    """
    span = span_of(request, file)
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{files.safe_name(file)}"',
        "Content-Length": str(span.end - span.start),
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "ETag": etag_of(file),
    }
    if span.partial:
        headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{file.size}"
    status = 206 if span.partial else 200
    if request.method == "HEAD":
        return Response(None, status, headers, media_type=file.media_type)
    state = request.app.state
    body = _stream(state.database, state.vault, actor, file, span)
    return StreamingResponse(body, status, headers, media_type=file.media_type)


async def _stream(
    database: Database, vault: Vault, actor: Actor, file: files.StoredFile, span: Span
) -> AsyncIterator[bytes]:
    """Yield the bytes.

    Each chunk is read in its own transaction, so that a slow client holds no connection.
    """
    for number in range(span.start // files.CHUNK_BYTES, -(-span.end // files.CHUNK_BYTES)):
        async with database.read(actor) as session:
            chunk = await files.read_chunk(await session, vault, file.sha256, number)
        offset = number * files.CHUNK_BYTES
        yield chunk[max(span.start - offset, 0) : span.end - offset]
