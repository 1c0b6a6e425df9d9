"""`Route`: authentication, strict input, idempotency, and a commit before the answer."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import wraps
from typing import Annotated, Any, cast

import orjson
from fastapi import APIRouter, Depends, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from shared.access import Actor, Permission, TokenMissing
from shared.area_names import CODE_FIELD, add_names
from shared.database import Database
from shared.errors import DomainError, VersionOutdated
from shared.faults import faultpoint
from shared.field_classes import FieldClass, FieldPlan, field_names
from shared.http import audit_trail, idempotency, purpose, strict_input
from shared.http.body import limit_of, read_body, received_file, upload_of
from shared.http.declared import Declared
from shared.http.problems import do_afterwards, name_existing, problem
from shared.remedies import CORRECT_REQUEST
from shared.transaction import context_of
from shared.words import Words

# The least bytes that a key or an item of JSON has on average. A UUID has 39.
BYTES_PER_VALUE = 16


class PreconditionRequired(DomainError):
    """428: the request must name the version that the caller has read."""

    status = 428
    en = "Send If-Match with the ETag that you have read, so that no other change is lost."
    id = "Sertakan If-Match berisi ETag yang Anda baca, agar perubahan orang lain tidak hilang."
    remedy = CORRECT_REQUEST


class Route(APIRoute):
    """A route with a declared permission, which answers only after its commit.

    A route with If-Match answers with the new ETag, the `version` of its answer.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Check what the endpoint declares.

        Raises:
            TypeError: it has no `@may(...)`, or takes If-Match without a version in its answer.
        """
        declared: Declared | None = getattr(endpoint, "declared", None)
        if declared is None:
            msg = f"{endpoint.__name__} declares no permission: put @may(...) under its route"
            raise TypeError(msg)
        self.declared = declared
        options.setdefault("operation_id", endpoint.__name__)
        super().__init__(path, endpoint, **options)
        known = get_flat_params(self.dependant)
        self.parameters = frozenset(
            field.alias for field in known if isinstance(field.field_info, params.Query)
        )
        self.fields = FieldPlan.of(self.response_model)
        # The answer has a version, and so an ETag.
        self.versioned = "version" in getattr(self.response_model, "model_fields", {})
        self.names_areas = CODE_FIELD in field_names(self.response_model)
        self.disclosure = audit_trail.Disclosure.of(self)
        self.asks_purpose, self.family_filters = purpose.is_asked(self), purpose.filters_of(self)
        self.conditional = any(call.call is if_match for call in self.dependant.dependencies)
        if self.conditional and not self.versioned:
            msg = (
                f"{endpoint.__name__} takes If-Match but answers without a version, which the next edit needs"
            )
            raise TypeError(msg)

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        """Wrap FastAPI's handler. Every exception becomes problem details."""
        self._inject_known_values()
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await self._answer(request, inner)
            except Exception as error:  # noqa: BLE001 (every error becomes an answer here)
                await audit_trail.record_refusal(request, self, error)
                await name_existing(request, error)
                return problem(request, await do_afterwards(request, error))

        return handle

    def _inject_known_values(self) -> None:
        """Pass session, actor and upload directly.

        FastAPI's dependency solver would cost as much as one query (bench: reading).
        """
        dependant, endpoint = self.dependant, cast("Callable[..., Awaitable[Any]]", self.dependant.call)
        injected = {
            str(one.name): INJECTED[one.call] for one in dependant.dependencies if one.call in INJECTED
        }
        if not injected:
            return
        dependant.dependencies = [one for one in dependant.dependencies if one.call not in INJECTED]
        own = dependant.request_param_name
        dependant.request_param_name = name = own or "request"

        @wraps(endpoint)
        async def endowed(**values: Any) -> Any:
            request: Request = values[name] if own else values.pop(name)
            values.update({parameter: await inject(request) for parameter, inject in injected.items()})
            return await endpoint(**values)

        dependant.call = endowed

    async def _answer(self, request: Request, inner: Callable[[Request], Awaitable[Response]]) -> Response:
        request.state.actor = actor = await self._authenticate(request)
        request.state.purpose = purpose.purpose_of(request, self, actor)
        self._check_parameters(request)
        await self._read_json(request)
        reads = request.method in {"GET", "HEAD"} and not self.declared.writes
        return await (self._read if reads else self._change)(request, inner, actor)

    async def _read(
        self, request: Request, inner: Callable[[Request], Awaitable[Response]], actor: Actor
    ) -> Response:
        database: Database = request.app.state.database
        async with database.read(actor) as request.state.session:
            answer = self._leave_out(self._finish(await inner(request)), actor)
            await audit_trail.find_area(await session_of(request), request, self, answer)
        await audit_trail.record_read(request, self, answer)
        return answer

    async def _change(
        self, request: Request, inner: Callable[[Request], Awaitable[Response]], actor: Actor
    ) -> Response:
        # An upload needs no key, because a file is stored under its hash.
        key = (
            None
            if self.declared.takes_bytes
            else idempotency.key_of(request, required=self.declared.key_required)
        )
        database: Database = request.app.state.database
        first = await idempotency.take_statement(request, actor, key) if key else ""
        async with self._upload(request, actor), database.transaction(actor, first=first) as session:
            context_of(session).request_id = request.state.request_id
            request.state.session = session
            stored = await idempotency.look_up(session, request, actor, key) if key else None
            to_store: tuple[Any, ...] = ()
            if stored is None:
                stored = self._finish(await inner(request))
                to_store = idempotency.values_to_store(request, actor, key, stored) if key else ()
                await faultpoint("command.before_commit")
            await audit_trail.record_change(session, request, self, stored, to_store)
        await faultpoint("command.after_commit")
        return self._leave_out(stored, actor)

    async def _authenticate(self, request: Request) -> Actor:
        if self.declared.permission is None:
            return Actor(sub="anybody", areas=())
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise TokenMissing
        actor = await request.app.state.verifier.verify(token.strip())
        request.state.actor = actor  # So that a refusal is recorded with who was refused.
        return actor.under(self.declared.permission)

    def _check_parameters(self, request: Request) -> None:
        strict_input.check_text(request.scope["path"], "/path")
        seen: set[str] = set()
        faults: list[dict[str, Any]] = []
        for name, value in request.query_params.multi_items():
            strict_input.check_text(value, "/query")
            if name not in self.parameters:
                faults.append({"type": "unknown_parameter", "loc": ("query", name[:60])})
            elif name in seen:
                faults.append({"type": "repeated_parameter", "loc": ("query", name)})
            seen.add(name)
        if faults:
            raise RequestValidationError(faults)

    def _upload(self, request: Request, actor: Actor) -> AbstractAsyncContextManager[None]:
        """Receive a whole file before a database connection is taken."""
        return received_file(request, actor) if self.declared.takes_bytes else nullcontext()

    async def _read_json(self, request: Request) -> None:
        if self.body_field is not None or self.declared.takes_bytes:
            strict_input.require_plain_body(request.headers.getlist("content-encoding"))
        if self.declared.takes_bytes or request.method not in {"POST", "PUT", "PATCH", "DELETE"}:
            return
        body = await read_body(request)
        if not body:
            return
        if self.body_field is None:
            raise strict_input.MalformedRequest(
                reason=Words("this address takes no body", "alamat ini tidak menerima isi")
            )
        if strict_input.media_type_of(request.headers) != "application/json":
            raise strict_input.UnsupportedMediaType(media=["application/json"])
        most_values = limit_of(request.scope, request.app.state.settings) // BYTES_PER_VALUE
        request._json = strict_input.parse(body, most_values)  # noqa: SLF001 (so that FastAPI does not parse it again, less strictly)

    def _finish(self, response: Response) -> Response:
        """Add the headers of every answer, before it is stored with its key."""
        response.headers.setdefault("Cache-Control", "no-store")
        # 202: the act waits, and nothing has a new version.
        versioned = self.versioned and response.status_code != 202
        if "etag" not in response.headers and response.media_type == "application/json" and versioned:
            response.headers["ETag"] = f'"{orjson.loads(bytes(response.body))["version"]}"'
        if self.names_areas and response.media_type == "application/json":
            _replace_body(response, add_names(bytes(response.body)))
        return response

    def _leave_out(self, response: Response, actor: Actor) -> Response:
        """Leave out the fields that the actor may not see (docs/architecture.md#fields)."""
        parts = self.fields.permissions.items()
        hidden = [name for name, permission in parts if not actor.may(Permission(permission))]
        partly = hidden or (self.fields and actor.fields < FieldClass.SPESIFIK)
        if partly and response.status_code < 300:
            shown = self.fields.leave_out(orjson.loads(bytes(response.body)), actor.fields, hidden)
            _replace_body(response, orjson.dumps(shown))
        return response


def _replace_body(response: Response, body: bytes) -> None:
    response.body = body
    response.headers["Content-Length"] = str(len(body))


class Router(APIRouter):
    """A router of `Route`s, with one tag."""

    def __init__(self, *, tag: str, prefix: str = "/v1") -> None:
        super().__init__(
            prefix=prefix, tags=[tag], route_class=Route, generate_unique_id_function=lambda route: route.name
        )


# Dependencies are coroutines, because FastAPI runs each plain function in a thread.
async def session_of(request: Request) -> AsyncSession:
    """Return the request's session once it has begun. `Route` opened it and will commit."""
    session = request.state.session
    return await session if isinstance(session, asyncio.Task) else session


async def actor_of(request: Request) -> Actor:
    """Return the actor of the request."""
    return request.state.actor


INJECTED: dict[Any, Any] = {one: one for one in (session_of, actor_of, upload_of)}
"""The dependencies that `Route` passes directly."""


async def if_match(request: Request) -> int:
    """Return the version that the caller has read.

    Raises:
        PreconditionRequired: there is no If-Match.
        VersionOutdated: it is not an ETag of this service.
    """
    tag = request.headers.get("if-match")
    if tag is None:
        raise PreconditionRequired("/header/If-Match")
    digits = tag.strip().removeprefix("W/").strip('"')
    if not digits.isascii() or not digits.isdigit() or len(digits) > 9:
        raise VersionOutdated("/header/If-Match")
    return int(digits)


Session = Annotated[AsyncSession, Depends(session_of)]
CurrentActor = Annotated[Actor, Depends(actor_of)]
IfMatch = Annotated[int, Depends(if_match)]


def expect_version(row: object, version: int) -> None:
    """Raise VersionOutdated unless `row.version` is the version that the caller has read."""
    if getattr(row, "version") != version:  # noqa: B009
        raise VersionOutdated("/header/If-Match")
