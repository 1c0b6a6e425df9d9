"""Idempotency keys: the answer is stored in the command's own transaction."""

import hashlib
from collections.abc import Collection, Iterator, Mapping
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
from shared.remedies import ALREADY_DONE, CORRECT_REQUEST
from shared.transaction import context_of

RETENTION = timedelta(days=30)
LONGEST_KEY = 200
STORED_HEADERS = ("location", "etag", "content-type", "cache-control")
SHOWN_ONCE = "x-shown-once"
"""Marks a field of an answer that is never stored; a replayed answer has null there."""

TAKEN = "SELECT 1"
SELECT_ANSWER = """
SELECT request_hash, status, headers::text AS headers, sealed FROM platform.idempotency
WHERE client = $1 AND method = $2 AND path = $3 AND key = $4
"""


# Families and areas of an answer must still be in the caller's scope. Each service defines family_in_scope.
IN_SCOPE = """
SELECT coalesce((SELECT bool_and(family_in_scope(family)) FROM unnest($1::uuid[]) AS family), true)
    AND coalesce((SELECT bool_and(platform.in_scope(code)) FROM unnest($2::text[]) AS code), true)
"""


class KeyMissing(DomainError):
    """400: this command must be repeatable, so it needs a key."""

    status = 400
    en = "Send an Idempotency-Key, so that a repeated request has one effect."
    id = "Sertakan Idempotency-Key, agar permintaan yang diulang hanya berpengaruh satu kali."
    remedy = CORRECT_REQUEST


class InvalidKey(DomainError):
    """400: the key is not 1 to 200 visible ASCII characters."""

    status = 400
    en = "An Idempotency-Key is 1 to 200 visible ASCII characters. Send such a key."
    id = "Idempotency-Key terdiri atas 1 sampai 200 karakter ASCII yang terlihat. Kirim kunci seperti itu."
    remedy = CORRECT_REQUEST


class KeyReused(DomainError):
    """422: the key was used for a different request."""

    status = 422
    en = "This Idempotency-Key was used for another request. Use a new key for a new request."
    id = "Idempotency-Key ini sudah dipakai untuk permintaan lain. Gunakan kunci baru untuk permintaan baru."
    remedy = CORRECT_REQUEST


class ReplayOutOfScope(DomainError):
    """403: the stored answer is about something that the caller may no longer see."""

    status = 403
    en = "This request was carried out before. Its answer is not shown again: your role or area no longer covers it."
    id = (
        "Permintaan ini sudah dilaksanakan sebelumnya. Jawabannya tidak ditampilkan lagi: peran atau wilayah Anda "
        "tidak lagi mencakupnya."
    )
    remedy = ALREADY_DONE


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


async def take_statement(request: Request, actor: Actor, key: str) -> str:
    """Return the statement that takes the key, for the message that begins the transaction.

    A concurrent request with the same key waits there for the first.
    """
    # Fast path: a message less in each command (bench: decisions). It has no parameters, so its texts are hexadecimal.
    texts = ", ".join(
        f"convert_from('\\x{part.encode().hex()}', 'UTF8')" for part in _row_key(request, actor, key)
    )
    digest, expires_at = (await _digest(request)).hex(), datetime.now(UTC) + RETENTION
    return f"SELECT FROM platform.take_key({texts}, '\\x{digest}', '{expires_at.isoformat()}')"


async def look_up(session: AsyncSession, request: Request, actor: Actor, key: str) -> Response | None:
    """Return the stored answer of the key, None if this transaction has taken it.

    Raises:
        KeyReused: the key belongs to another request.
        ReplayOutOfScope
    """
    if context_of(session).begin_tag == TAKEN:
        return None
    row_key, digest, connection = _row_key(request, actor, key), await _digest(request), await raw(session)
    row = await connection.fetchrow(SELECT_ANSWER, *row_key)
    if row is None or bytes(row["request_hash"]) != digest:
        raise KeyReused("/header/Idempotency-Key")
    body = request.app.state.vault.open(bytes(row["sealed"]), **_seal_binding(row_key))
    # A partner's key is bound to the partner by `_row_key`, a pendamping's to the pendamping.
    if actor.scope is not Scope.PARTNER and not request.scope["route"].declared.author_reads:
        await _require_scope(session, request, orjson.loads(body) if body else None)
    return Response(
        body.encode(), row["status"], {**orjson.loads(row["headers"]), "Idempotency-Replayed": "true"}
    )


async def _require_scope(session: AsyncSession, request: Request, answer: object) -> None:
    """Raise ReplayOutOfScope unless request and answer are in the caller's scope.

    Compared are the families (in registry the pendamping) of the request, else those of the answer, and the areas of
    the answer.
    """
    sent = [request.path_params, orjson.loads(await request.body() or b"null")]
    name = "pendamping_id" if request.app.state.settings.service == "registry" else "kpm_id"
    families = {*values_of(sent, {name})} or {*values_of(answer, {name})}
    areas = {*values_of(answer, {"kode_wilayah"})}
    if not families and not areas:
        return
    if not await (await raw(session)).fetchval(IN_SCOPE, list(families), list(areas)):
        raise ReplayOutOfScope


def values_of(answer: object, names: Collection[str]) -> Iterator[str]:
    """Yield each text of these fields and in their lists, at any depth."""
    if isinstance(answer, dict):
        for key, value in answer.items():
            if key in names:
                yield from (
                    one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)
                )
            yield from values_of(value, names)
    elif isinstance(answer, list):
        for item in answer:
            yield from values_of(item, names)


def store_statement(first: int) -> str:
    """Return the statement that stores an answer, whose parameters start with that number."""
    client, method, path, key, status, headers, sealed = (f"${first + number}" for number in range(7))
    return (
        f"UPDATE platform.idempotency SET status = {status}, headers = {headers}::text::jsonb, sealed = {sealed}"  # noqa: S608
        f" WHERE client = {client} AND method = {method} AND path = {path} AND key = {key}"
    )


def values_to_store(request: Request, actor: Actor, key: str, response: Response) -> tuple[Any, ...]:
    """Return the values of `store_statement`.

    The answer is sealed, without the fields that are shown once.
    """
    row_key, body = _row_key(request, actor, key), bytes(response.body)
    if omitted := _shown_once(request.scope["route"].response_model):
        body = orjson.dumps({**orjson.loads(body), **dict.fromkeys(omitted)})
    sealed = request.app.state.vault.seal(body.decode(), **_seal_binding(row_key))
    headers = {name: value for name, value in response.headers.items() if name in STORED_HEADERS}
    return (*row_key, response.status_code, orjson.dumps(headers).decode(), sealed)


@cache
def _shown_once(model: Any) -> tuple[str, ...]:
    fields: Mapping[str, Any] = getattr(model, "model_fields", {})
    return tuple(name for name, field in fields.items() if SHOWN_ONCE in (field.json_schema_extra or ()))


def _row_key(request: Request, actor: Actor, key: str) -> tuple[str, str, str, str]:
    """Return client, method, path and hashed key.

    The key is hashed because a careless client may use a NIK as its key. The same key of one account as
    another pendamping or partner is another key.
    """
    owned = "\x1f".join(str(part) for part in (key, actor.pendamping_id, actor.partner_id) if part)
    hashed = request.app.state.vault.index("idempotency", owned).hex()
    return (actor.sub, request.method, request.url.path, hashed)


def _seal_binding(row_key: tuple[str, ...]) -> dict[str, Any]:
    row_id = hashlib.sha256("\x1f".join(row_key).encode()).hexdigest()
    return {"table": "idempotency", "column": "sealed", "row_id": row_id}


async def _digest(request: Request) -> bytes:
    return hashlib.sha256(f"{request.url.query}\x1f".encode() + await request.body()).digest()
