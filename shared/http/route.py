"""What every route does, in one place: who asks, strict input, one answer per key, commit, and only then the answer."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any, TypeVar, cast

import orjson
from fastapi import APIRouter, Depends, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from shared import files
from shared.access import Actor, Permission
from shared.errors import DomainError, LostRace, Words
from shared.faults import faultpoint
from shared.http import idempotency, strict
from shared.http.body import limit_of, spool, upload_of, whole
from shared.http.problems import problem
from shared.transaction import context_of

FILE_TYPES = ("application/octet-stream", "text/csv")
# What a key or an item of JSON takes at least on average; a UUID takes 39.
BYTES_PER_VALUE = 16
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Declared:
    """The permission of a route (None: open to anybody), and how its body and key are taken.

    `max_body` is in bytes, where the JSON is larger than `max_body_bytes` of the settings.
    """

    permission: Permission | None
    key_required: bool = False
    takes_bytes: bool = False
    max_body: int = 0


class PreconditionRequired(DomainError):
    """428: say which version you read."""

    status = 428
    en = "Send If-Match with the ETag that you read, so that nobody's change is lost."
    id = "Sertakan If-Match berisi ETag yang Anda baca, agar perubahan orang lain tidak hilang."


class TokenMissing(DomainError):
    """401: nobody is asking."""

    status = 401
    en = "Send a bearer token."
    id = "Sertakan bearer token."


def may(
    permission: Permission, *, key_required: bool = False, takes_bytes: bool = False, max_body: int = 0
) -> Callable[[Endpoint], Endpoint]:
    """Declare who may call the route; decisions and bulk work also ask for `key_required`."""
    return _declare(Declared(permission, key_required, takes_bytes, max_body))


def open_to_anybody() -> Callable[[Endpoint], Endpoint]:
    """Declare a route that needs no token; a rule test keeps the list of these short."""
    return _declare(Declared(None))


def _declare(declared: Declared) -> Callable[[Endpoint], Endpoint]:
    def mark(endpoint: Endpoint) -> Endpoint:
        endpoint.declared = declared  # type: ignore[attr-defined]
        return endpoint

    return mark


class Route(APIRoute):
    """A route that cannot exist without a declared permission and cannot answer before its commit.

    One that takes If-Match answers with the new ETag: the `version` of what it shows.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Refuse, at import, an endpoint without `@may(...)`, and an edit that hides the version it made."""
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
        self.conditional = any(call.call is if_match for call in self.dependant.dependencies)
        if self.conditional and not self.versioned:
            msg = f"{endpoint.__name__} takes If-Match and answers without a version: whoever goes on editing needs it"
            raise TypeError(msg)

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        """Wrap FastAPI's own handler; every refusal and fault leaves as problem details."""
        self._give()
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await self._answer(request, inner)
            except Exception as error:  # noqa: BLE001 (the last place before the wire)
                return problem(request, error)

        return handle

    def _give(self) -> None:
        """Hand over what `_answer` has at hand already: to be solved for, each would cost as much as the row it reads."""
        asks, endpoint = self.dependant, cast("Callable[..., Awaitable[Any]]", self.dependant.call)
        given = {str(one.name): AT_HAND[one.call] for one in asks.dependencies if one.call in AT_HAND}
        if not given:
            return
        asks.dependencies = [one for one in asks.dependencies if one.call not in AT_HAND]
        own = asks.request_param_name
        asks.request_param_name = name = own or "request"

        @wraps(endpoint)
        async def endowed(**values: Any) -> Any:
            request: Request = values[name] if own else values.pop(name)
            values.update((wanted, getattr(request.state, noun)) for wanted, noun in given.items())
            return await endpoint(**values)

        asks.call = endowed

    async def _answer(self, request: Request, inner: Callable[[Request], Awaitable[Response]]) -> Response:
        actor = await self._caller(request)
        request.state.actor = actor
        self._check_parameters(request)
        await self._read_json(request)
        # Bytes are stored under their own hash: the same file again is the same file without a key.
        key = (
            None
            if self.declared.takes_bytes
            else idempotency.key_of(request, required=self.declared.key_required)
        )
        async with (
            self._upload(request, actor),
            request.app.state.database.transaction(actor) as session,
        ):
            context_of(session).request_id = request.state.request_id
            request.state.session = session
            stored = await idempotency.look_up(session, request, actor, key) if key else None
            if stored is None:
                stored = self._finish(await inner(request))
                if key:
                    await idempotency.store(session, request, actor, key, stored)
                await faultpoint("command.before_commit")
        await faultpoint("command.after_commit")
        return stored

    async def _caller(self, request: Request) -> Actor:
        if self.declared.permission is None:
            return Actor(sub="anybody", areas=())
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise TokenMissing
        actor = await request.app.state.verifier.verify(token.strip())
        return actor.under(self.declared.permission)

    def _check_parameters(self, request: Request) -> None:
        strict.check_text(request.url.path, "/path")
        seen: set[str] = set()
        faults: list[dict[str, Any]] = []
        for name, value in request.query_params.multi_items():
            strict.check_text(value, "/query")
            if name not in self.parameters:
                faults.append({"type": "unknown_parameter", "loc": ("query", name[:60])})
            elif name in seen:
                faults.append({"type": "repeated_parameter", "loc": ("query", name)})
            seen.add(name)
        if faults:
            raise RequestValidationError(faults)

    @asynccontextmanager
    async def _upload(self, request: Request, actor: Actor) -> AsyncIterator[None]:
        """Receive a whole file, however slowly it arrives, before a connection to the database is taken."""
        if not self.declared.takes_bytes:
            yield
            return
        # Under another name the same bytes would be refused later, after all of them have arrived.
        if media_type_of(request) not in FILE_TYPES:
            raise strict.UnsupportedMediaType(media=" / ".join(FILE_TYPES))
        state = request.app.state
        with state.uploads.one_of(actor.sub), files.Arrival(state.settings.max_file_bytes) as arrival:
            await spool(request, arrival)
            request.state.upload = arrival
            yield

    async def _read_json(self, request: Request) -> None:
        if self.declared.takes_bytes or request.method not in {"POST", "PUT", "PATCH", "DELETE"}:
            return
        body = await whole(request)
        if not body:
            return
        if self.body_field is None:
            raise strict.MalformedRequest(
                reason=Words("this address takes no body", "alamat ini tidak menerima isi")
            )
        if media_type_of(request) != "application/json":
            raise strict.UnsupportedMediaType(media="application/json")
        most_values = limit_of(request.scope, request.app.state.settings) // BYTES_PER_VALUE
        request._json = strict.parse(body, most_values)  # noqa: SLF001 (so that FastAPI does not parse it again, less strictly)

    def _finish(self, response: Response) -> Response:
        """Add what every answer carries, before it is stored for its key."""
        response.headers.setdefault("Cache-Control", "no-store")
        if "etag" not in response.headers and response.media_type == "application/json" and self.versioned:
            response.headers["ETag"] = f'"{orjson.loads(bytes(response.body))["version"]}"'
        return response

    @property
    def versioned(self) -> bool:
        """Whether the answer has a version, and so an ETag."""
        fields = getattr(self.response_model, "model_fields", {})
        return "version" in fields


class Router(APIRouter):
    """A router whose routes are `Route`s; one tag, and one permission a route."""

    def __init__(self, *, tag: str, prefix: str = "/v1") -> None:
        """Name the tag under which the documentation groups these routes."""
        super().__init__(
            prefix=prefix, tags=[tag], route_class=Route, generate_unique_id_function=lambda route: route.name
        )


def media_type_of(request: Request) -> str:
    """Return the media type of the body, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


# Dependencies are coroutines even where they wait for nothing: FastAPI sends plain functions to a thread each.
async def session_of(request: Request) -> AsyncSession:
    """The request's session; `Route` opened it and commits it before the answer leaves."""
    return request.state.session


async def actor_of(request: Request) -> Actor:
    """Who is asking."""
    return request.state.actor


AT_HAND: dict[Any, str] = {session_of: "session", actor_of: "actor", upload_of: "upload"}
"""What a request's state has under which name before its endpoint is called."""


async def if_match(request: Request) -> int:
    """The version that the caller read.

    Raises:
        PreconditionRequired: no If-Match. LostRace: not an ETag of ours.
    """
    tag = request.headers.get("if-match")
    if tag is None:
        raise PreconditionRequired("/header/If-Match")
    digits = tag.strip().removeprefix("W/").strip('"')
    if not digits.isascii() or not digits.isdigit() or len(digits) > 9:
        raise LostRace("/header/If-Match")
    return int(digits)


Session = Annotated[AsyncSession, Depends(session_of)]
CurrentActor = Annotated[Actor, Depends(actor_of)]
IfMatch = Annotated[int, Depends(if_match)]


def expect_version(row: object, version: int) -> None:
    """Raise LostRace unless `row.version` is the one that the caller read."""
    if getattr(row, "version") != version:  # noqa: B009
        raise LostRace("/header/If-Match")
