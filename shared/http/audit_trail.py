"""What `Route` writes into the audit trail: changes, reads of personal data and refusals."""

import asyncio
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import orjson
import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from shared import telemetry
from shared.access import Actor
from shared.area_names import CODE_FIELD
from shared.audit.entries import (
    COLUMNS,
    INSERT,
    MAX_SUBJECTS,
    Entry,
    Outcome,
    canonical,
    insert_entry,
    uuids_of,
)
from shared.audit.queries import OF_A_FAMILY
from shared.audit.writer import AuditUnavailable, AuditWriter
from shared.database import raw
from shared.database.prepared import PreparedSelect
from shared.errors import DomainError, NotFound, NotYetKnown
from shared.field_classes import FieldClass, field_names
from shared.http.idempotency import store_statement, values_of
from shared.http.purpose import STATED, is_of_one
from shared.remedies import CHANGES_NOTHING
from shared.transaction import context_of

if TYPE_CHECKING:
    from shared.http.route import Route

FAMILY, PENDAMPING = ("kpm_id", "earlier_kpm_id", "joined_kpm_id"), "pendamping_id"
UUID_TEXT = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
REFUSAL_SECONDS = 0.25
"""How long the answer to a refused request waits for its entry."""
# Fast path: a message less in each command (bench: decisions).
INSERT_WITH_ANSWER = f"WITH answered AS ({store_statement(len(COLUMNS) + 1)}) {INSERT}"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What a route shows: whether it is personal, and about whom it is.

    `classes` are the classes of its fields that an actor sees, by the actor's class. `in_area` is whether its answer
    has the area of the one thing that it shows.
    """

    personal: bool
    of_family: bool
    names: frozenset[str]
    in_answer: bool
    ids: re.Pattern[bytes]
    resource: str
    classes: Mapping[FieldClass, tuple[str, ...]]
    in_area: bool

    @classmethod
    def of(cls, route: "Route") -> "Disclosure":
        """Return what a route shows, by the fields of its answer and its address."""
        answered = field_names(route.response_model)
        names = {*answered, *route.param_convertors}
        in_registry = route.endpoint.__module__.startswith("services.registry.")
        shown = names.intersection(FAMILY)
        if not shown and in_registry:
            shown = names & {PENDAMPING}
        shown = shown or names.intersection(OF_A_FAMILY)
        of_family = bool(shown) or route.declared.one_family
        personal = of_family or route.declared.personal or bool(route.fields)
        fields = frozenset[str](shown or {*FAMILY, *OF_A_FAMILY, *([PENDAMPING] if in_registry else [])})
        pattern = re.compile(rf'"(?:{"|".join(sorted(fields))})":\s?"({UUID_TEXT})"'.encode())
        public = route.declared.permission is None
        return cls(
            personal and not public,
            of_family and not public and not in_registry,
            fields | {f"{name}s" for name in fields},
            bool(shown & answered),
            pattern,
            _noun_of(route.path),
            {most: route.fields.names_up_to(most) for most in FieldClass},
            CODE_FIELD in getattr(route.response_model, "model_fields", ()),
        )


def _noun_of(path: str) -> str:
    return path.removeprefix("/v1/").partition("/")[0]


async def record_change(
    session: AsyncSession,
    request: Request,
    route: "Route",
    response: Response,
    to_store: Sequence[object] = (),
) -> None:
    """Write the entry of a command, and the answer `to_store`, within its transaction.

    A repeated request that gets its first answer is a read, and so is a POST that changes nothing.

    Raises:
        AuditUnavailable: it cannot be written.
    """
    repeated = "idempotency-replayed" in response.headers
    changes_nothing = route.declared.undo is CHANGES_NOTHING and response.status_code != 202
    reads = repeated or changes_nothing or request.method == "GET"
    connection = await raw(session)
    if reads and not route.disclosure.personal:
        if to_store:
            await connection.execute(store_statement(1), *to_store)
        return
    if reads:
        await find_area(session, request, route, response)
    ids = _ids_of_command(session, request, route, response, reads=reads)
    entry = _entry(request, route, "READ" if reads else "CHANGED", response.status_code, ids)
    writer: AuditWriter = request.app.state.audit
    try:
        at = await writer.clock.read(connection)
        statement = INSERT_WITH_ANSWER if to_store else INSERT
        await insert_entry(connection, entry, writer.keys, at, statement, to_store)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, DBAPIError, OSError) as error:
        log.warning("audit_not_written", act=entry.act, error=type(error).__name__)
        raise AuditUnavailable from error


def _ids_of_command(
    session: AsyncSession, request: Request, route: "Route", response: Response, *, reads: bool
) -> list[object]:
    ids: list[object] = [*request.path_params.values(), *_ids_answered(route, response)]
    if not (reads and route.disclosure.in_answer):
        ids += values_of(_body_of(request), route.disclosure.names)
    # Such as the families of a session that is voided.
    return ids + [getattr(event, "kpm_id", None) for event, _, _ in context_of(session).events]


async def find_area(session: AsyncSession, request: Request, route: "Route", response: Response) -> None:
    """Find the area of the one family that is read for a stated purpose."""
    areas: Mapping[str, PreparedSelect] = request.app.state.areas
    if request.state.purpose not in STATED or not is_of_one(request, route):
        return
    if route.disclosure.in_area:
        # Fast path: one query less (bench: reading).
        request.state.kode_wilayah = orjson.loads(bytes(response.body))[CODE_FIELD]
        return
    filters = {name: request.query_params[name] for name in route.family_filters & {*request.query_params}}
    named = {**request.path_params, **filters}
    name, value = next(((name, named[name]) for name in named if name in areas), (FAMILY[0], None))
    # Only the answer of a look-up, and the route of a file, name the family.
    if value is None and FAMILY[0] in areas.keys() & route.disclosure.names:
        families = {*getattr(request.state, "subjects", ()), *_ids_answered(route, response)}
        value = families.pop() if len(families) == 1 else None
    if value is not None:
        rows = await areas[name].fetch(session, UUID(str(value)))
        request.state.kode_wilayah = rows[0].kode_wilayah if rows else None


async def record_read(request: Request, route: "Route", response: Response) -> None:
    """Write the entry of a read of personal data, committed before the answer.

    Raises:
        AuditUnavailable: it cannot be written.
    """
    if route.disclosure.personal:
        # The answer with a file has no body yet. Its route names the families.
        subjects = getattr(request.state, "subjects", ())
        ids = [*subjects, *request.path_params.values(), *_ids_answered(route, response)]
        sha256 = request.path_params.get("sha256")
        id_hash = request.app.state.vault.index("audit", sha256) if sha256 else None
        writer: AuditWriter = request.app.state.audit
        await writer.write(_entry(request, route, "READ", response.status_code, ids, id_hash))


async def record_refusal(request: Request, route: "Route", error: Exception) -> None:
    """Write and count the entry of a refused access.

    That is a 403, or a thing that does not exist or that the caller may not see. The answer waits only a moment for it.
    """
    if not isinstance(error, DomainError) or getattr(request.state, "actor", None) is None:
        return
    refused = error.status == 403 or isinstance(error, NotFound | NotYetKnown)
    if route.declared.permission is None or not refused:
        return
    resource = route.disclosure.resource
    telemetry.audit_denials.labels(request.app.state.settings.service, resource, str(error.status)).inc()
    asked = _asked(request, error)
    id_hash = request.app.state.vault.index("audit", asked) if asked else None
    entry = _entry(request, route, "DENIED", error.status, [], id_hash)
    await asyncio.wait([request.app.state.audit.enqueue(entry)], timeout=REFUSAL_SECONDS)


def _asked(request: Request, error: DomainError) -> str:
    """Return the id that was refused.

    It is where the refusal points in the body, else in the address. A look-up has its whole body instead.
    """
    body, name = _body_of(request), (error.pointer or "").removeprefix("/body/")
    if isinstance(body, dict) and isinstance(body.get(name), str):
        return canonical(body[name])
    if request.path_params:
        return "/".join(canonical(value) for value in request.path_params.values())
    return "" if body is None else json.dumps(body, sort_keys=True)


def _body_of(request: Request) -> Any:
    """Return the JSON that `Route` has parsed, or None."""
    return getattr(request, "_json", None)


def _ids_answered(route: "Route", response: Response) -> list[str]:
    body = getattr(response, "body", b"")
    return [value.decode() for value in route.disclosure.ids.findall(bytes(body))]


def _entry(
    request: Request,
    route: "Route",
    outcome: Outcome,
    status: int,
    ids: Iterable[object],
    id_hash: bytes | None = None,
) -> Entry:
    subjects = uuids_of(ids)
    actor: Actor = request.state.actor
    return Entry(
        actor,
        route.operation_id or route.name,
        route.disclosure.resource,
        outcome,
        status,
        request.state.request_id,
        subjects[:MAX_SUBJECTS],
        len(subjects),
        id_hash,
        route.disclosure.classes[actor.fields],
        getattr(request.state, "purpose", None),
        getattr(request.state, "kode_wilayah", None),
    )
