"""One key, one effect, one answer: the stored response is part of the command's own transaction."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import bindparam
from starlette.requests import Request
from starlette.responses import Response

from shared.access import Actor
from shared.errors import DomainError

TERM = timedelta(days=30)
LONGEST_KEY = 200
KEPT_HEADERS = ("location", "etag", "content-type", "cache-control")

TAKE = text(
    "INSERT INTO platform.idempotency (client, method, path, key, request_hash, expires_at)"
    " VALUES (:client, :method, :path, :key, :hash, :expires)"
    " ON CONFLICT (client, method, path, key) DO UPDATE SET request_hash = EXCLUDED.request_hash,"
    " status = NULL, headers = NULL, sealed = NULL, created_at = clock_timestamp(), expires_at = EXCLUDED.expires_at"
    " WHERE idempotency.expires_at < clock_timestamp() RETURNING 1"
)
READ = text(
    "SELECT request_hash, status, headers, sealed FROM platform.idempotency"
    " WHERE client = :client AND method = :method AND path = :path AND key = :key"
)
STORE = text(
    "UPDATE platform.idempotency SET status = :status, headers = :headers, sealed = :sealed"
    " WHERE client = :client AND method = :method AND path = :path AND key = :key"
).bindparams(bindparam("headers", type_=JSONB))


class MissingKey(DomainError):
    """400: this command must be repeatable."""

    status = 400
    en = "Send an Idempotency-Key, so that a repeated request has one effect."
    id = "Sertakan Idempotency-Key, agar permintaan yang diulang hanya berpengaruh satu kali."


class BadKey(DomainError):
    """400: not a key."""

    status = 400
    en = "An Idempotency-Key is 1 to 200 visible ASCII characters."
    id = "Idempotency-Key terdiri atas 1 sampai 200 karakter ASCII yang terlihat."


class KeyReused(DomainError):
    """422: one key, two different requests."""

    status = 422
    en = "This Idempotency-Key was used for another request. Take a new key for a new request."
    id = "Idempotency-Key ini sudah dipakai untuk permintaan lain. Gunakan kunci baru untuk permintaan baru."


def key_of(request: Request, *, required: bool) -> str | None:
    """Return the key of a POST, or None.

    Raises:
        MissingKey, BadKey: none where one is required, or not a key.
    """
    if request.method != "POST":
        return None
    key = request.headers.get("idempotency-key")
    if key is None:
        if required:
            raise MissingKey("/header/Idempotency-Key")
        return None
    if not 0 < len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise BadKey("/header/Idempotency-Key")
    return key


async def look_up(session: AsyncSession, request: Request, actor: Actor, key: str) -> Response | None:
    """Take the key, or return the answer that it already got; a concurrent twin waits here for the first.

    Raises:
        KeyReused: the key belongs to another request.
    """
    place = _place(request, actor, key)
    digest = await _digest(request)
    taken = await session.execute(TAKE, {**place, "hash": digest, "expires": datetime.now(UTC) + TERM})
    if taken.scalar_one_or_none():
        return None
    row = (await session.execute(READ, place)).one()
    if bytes(row.request_hash) != digest:
        raise KeyReused("/header/Idempotency-Key")
    body = request.app.state.vault.open(bytes(row.sealed), **_bound(place))
    headers = {**row.headers, "Idempotency-Replayed": "true"}
    return Response(body.encode(), row.status, headers)


async def store(session: AsyncSession, request: Request, actor: Actor, key: str, response: Response) -> None:
    """Keep the answer, sealed, in the command's transaction."""
    place = _place(request, actor, key)
    sealed = request.app.state.vault.seal(bytes(response.body).decode(), **_bound(place))
    headers = {name: value for name, value in response.headers.items() if name in KEPT_HEADERS}
    await session.execute(
        STORE, {**place, "status": response.status_code, "headers": headers, "sealed": sealed}
    )


def _place(request: Request, actor: Actor, key: str) -> dict[str, str]:
    return {"client": actor.sub, "method": request.method, "path": request.url.path, "key": key}


def _bound(place: dict[str, str]) -> dict[str, Any]:
    row_id = hashlib.sha256("\x1f".join(place.values()).encode()).hexdigest()
    return {"table": "idempotency", "column": "sealed", "row_id": row_id}


async def _digest(request: Request) -> bytes:
    return hashlib.sha256(f"{request.url.query}\x1f".encode() + await request.body()).digest()
