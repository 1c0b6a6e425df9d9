"""One key, one effect, one answer: the stored response is part of the command's own transaction."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from shared.access import Actor, Scope
from shared.database import raw
from shared.errors import DomainError

TERM = timedelta(days=30)
LONGEST_KEY = 200
KEPT_HEADERS = ("location", "etag", "content-type", "cache-control")
SHOWN_ONCE = "x-shown-once"
"""Marks a field of an answer that is never stored; a replayed answer has null there."""

TAKE = """
INSERT INTO platform.idempotency (client, method, path, key, request_hash, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (client, method, path, key) DO UPDATE SET request_hash = EXCLUDED.request_hash,
    status = NULL, headers = NULL, sealed = NULL, created_at = clock_timestamp(), expires_at = EXCLUDED.expires_at
WHERE idempotency.expires_at < clock_timestamp() RETURNING 1
"""
READ = """
SELECT request_hash, status, headers::text AS headers, sealed FROM platform.idempotency
WHERE client = $1 AND method = $2 AND path = $3 AND key = $4
"""
STORE = """
UPDATE platform.idempotency SET status = $5, headers = $6::text::jsonb, sealed = $7
WHERE client = $1 AND method = $2 AND path = $3 AND key = $4
"""


# What an answer is about must still be in the caller's scope; each service defines family_in_scope for its own rows.
IN_SCOPE = """
SELECT coalesce((SELECT bool_and(family_in_scope(family)) FROM unnest($1::uuid[]) AS family), true)
    AND coalesce((SELECT bool_and(platform.in_scope(code)) FROM unnest($2::text[]) AS code), true)
"""


class KeyMissing(DomainError):
    """400: this command must be repeatable."""

    status = 400
    en = "Send an Idempotency-Key, so that a repeated request has one effect."
    id = "Sertakan Idempotency-Key, agar permintaan yang diulang hanya berpengaruh satu kali."


class InvalidKey(DomainError):
    """400: not a key."""

    status = 400
    en = "An Idempotency-Key is 1 to 200 visible ASCII characters."
    id = "Idempotency-Key terdiri atas 1 sampai 200 karakter ASCII yang terlihat."


class KeyReused(DomainError):
    """422: one key, two different requests."""

    status = 422
    en = "This Idempotency-Key was used for another request. Take a new key for a new request."
    id = "Idempotency-Key ini sudah dipakai untuk permintaan lain. Gunakan kunci baru untuk permintaan baru."


class ReplayOutOfScope(DomainError):
    """403: the request was carried out before, and its answer is about what the caller may no longer see."""

    status = 403
    en = "This request was carried out before. Its answer is not shown again: your role or area no longer covers it."
    id = (
        "Permintaan ini sudah dilaksanakan sebelumnya. Jawabannya tidak ditampilkan lagi: peran atau wilayah Anda "
        "tidak lagi mencakupnya."
    )


def key_of(request: Request, *, required: bool) -> str | None:
    """Return the key of a POST, or None.

    Raises:
        KeyMissing, InvalidKey: none where one is required, or not a key.
    """
    if request.method != "POST":
        return None
    key = request.headers.get("idempotency-key")
    if key is None:
        if required:
            raise KeyMissing("/header/Idempotency-Key")
        return None
    if not 0 < len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise InvalidKey("/header/Idempotency-Key")
    return key


async def look_up(session: AsyncSession, request: Request, actor: Actor, key: str) -> Response | None:
    """Take the key, or return the answer that it already got; a concurrent twin waits here for the first.

    Raises:
        KeyReused: the key belongs to another request. ReplayOutOfScope
    """
    place, digest, connection = _place(request, actor, key), await _digest(request), await raw(session)
    if await connection.fetchval(TAKE, *place, digest, datetime.now(UTC) + TERM):
        return None
    row = await connection.fetchrow(READ, *place)
    if row is None or bytes(row["request_hash"]) != digest:
        raise KeyReused("/header/Idempotency-Key")
    body = request.app.state.vault.open(bytes(row["sealed"]), **_bound(place))
    if actor.scope is not Scope.PARTNER:  # a partner's key is bound to the partner by `_place`
        await _require_scope(session, request, orjson.loads(body) if body else None)
    return Response(
        body.encode(), row["status"], {**orjson.loads(row["headers"]), "Idempotency-Replayed": "true"}
    )


async def _require_scope(session: AsyncSession, request: Request, answer: object) -> None:
    """Raise ReplayOutOfScope unless the families of the request, or of its answer, are in the caller's scope."""
    asked = [request.path_params, orjson.loads(await request.body() or b"null")]
    families = {*_values_of(asked, "kpm_id")} or {*_values_of(answer, "kpm_id")}
    areas = {*_values_of(answer, "kode_wilayah")}
    if not families and not areas:
        return
    if not await (await raw(session)).fetchval(IN_SCOPE, list(families), list(areas)):
        raise ReplayOutOfScope


def _values_of(answer: object, name: str) -> Iterator[str]:
    """Yield each text under a field's name, however deep it is."""
    if isinstance(answer, dict):
        for key, value in answer.items():
            if key == name and isinstance(value, str):
                yield value
            yield from _values_of(value, name)
    elif isinstance(answer, list):
        for item in answer:
            yield from _values_of(item, name)


async def store(session: AsyncSession, request: Request, actor: Actor, key: str, response: Response) -> None:
    """Keep the answer, sealed and without what is shown once, in the command's transaction."""
    place, kept = _place(request, actor, key), bytes(response.body)
    if hidden := _shown_once(request.scope["route"].response_model):
        kept = orjson.dumps({**orjson.loads(kept), **dict.fromkeys(hidden)})
    sealed = request.app.state.vault.seal(kept.decode(), **_bound(place))
    headers = {name: value for name, value in response.headers.items() if name in KEPT_HEADERS}
    connection = await raw(session)
    await connection.execute(STORE, *place, response.status_code, orjson.dumps(headers).decode(), sealed)


@cache
def _shown_once(model: Any) -> tuple[str, ...]:
    fields: Mapping[str, Any] = getattr(model, "model_fields", {})
    return tuple(name for name, field in fields.items() if SHOWN_ONCE in (field.json_schema_extra or ()))


def _place(request: Request, actor: Actor, key: str) -> tuple[str, str, str, str]:
    """Client, method, path and key; the key as its keyed hash, because a careless client may take a NIK for it.

    The same key of one account as another pendamping or partner is another key.
    """
    owned = "\x1f".join(str(part) for part in (key, actor.pendamping_id, actor.partner_id) if part)
    hashed = request.app.state.vault.index("idempotency", owned).hex()
    return (actor.sub, request.method, request.url.path, hashed)


def _bound(place: tuple[str, ...]) -> dict[str, Any]:
    row_id = hashlib.sha256("\x1f".join(place).encode()).hexdigest()
    return {"table": "idempotency", "column": "sealed", "row_id": row_id}


async def _digest(request: Request) -> bytes:
    return hashlib.sha256(f"{request.url.query}\x1f".encode() + await request.body()).digest()
