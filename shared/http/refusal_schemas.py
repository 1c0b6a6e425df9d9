"""The refusals of each operation, with a schema for each set of titles."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from shared.access.keys import KeysUnavailable
from shared.access.tokens import InvalidToken, TokenMissing
from shared.audit.writer import AuditUnavailable
from shared.errors import Busy, DomainError, InvalidInput, NotAllowed, NotFound
from shared.http import idempotency, purpose, strict_input
from shared.http.body import BodyIncomplete, BodyTooLarge, Uploads, received_file
from shared.http.problems import PROBLEM, Invalid, MethodNotAllowed
from shared.http.reachable_refusals import RefusalWalk
from shared.http.route import Route
from shared.messaging.outbox import EventTooLarge
from shared.server import RequestNotHttp, RequestTooSlow

Refusal = type[DomainError]
# What the server and `Route` can answer before or after any endpoint.
READ: frozenset[Refusal] = frozenset(
    {
        *(RequestNotHttp, strict_input.MalformedRequest, BodyIncomplete, purpose.PurposeMissing),
        *(TokenMissing, InvalidToken, NotAllowed, NotFound, MethodNotAllowed, Invalid, InvalidInput),
        *(Busy, AuditUnavailable, KeysUnavailable),
    }
)
CHANGE: frozenset[Refusal] = READ | {
    *(idempotency.KeyMissing, idempotency.InvalidKey, idempotency.KeyReused, idempotency.ReplayOutOfScope),
    *(RequestTooSlow, BodyTooLarge, strict_input.UnsupportedMediaType, strict_input.ContentEncoded),
    EventTooLarge,
}
OF_A_TOKEN, OF_A_BODY, OF_A_CHANGE = {401, 403}, {408, 413, 415}, 409
FEW = 2
DESCRIPTIONS = {
    400: "Unreadable, or a key is missing",
    401: "No valid token",
    403: "Not allowed for this role or area",
    404: "Not here, or not yours to see",
    405: "Not for this method",
    408: "Sent too slowly",
    409: "Refused in the current state",
    412: "Changed by somebody else since it was read",
    413: "Too large",
    415: "Not JSON",
    416: "The file has no byte of the range",
    422: "Invalid values",
    428: "If-Match is missing",
    429: "Too many uploads at the same time",
    503: "Busy: repeat with the same key",
}
HEADERS_OF_STATUS = {
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    409: ("Retry-After",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}
HEADERS = {
    "ETag": "The version of what is shown; send it back as If-Match.",
    "Location": "The address of the job, which shows its progress.",
    "Idempotency-Replayed": "true: the stored answer to an earlier request with this key.",
    "Retry-After": "Seconds after which the same request may succeed.",
    "WWW-Authenticate": "Bearer.",
    "Allow": "The methods that this address takes.",
}


class RefusalSchemas:
    """Publishes the refusals of operations. Those with the same titles share a schema."""

    def __init__(self, service: str, *, acts: bool = True) -> None:
        self.service = service
        self.walk = RefusalWalk(service, acts=acts)
        self.contents: dict[tuple[int, frozenset[str]], list[tuple[str, dict[str, Any]]]] = defaultdict(list)

    def add(self, operation: dict[str, Any], route: Route, method: str) -> None:
        """Add the refusals of an operation to its responses."""
        general = READ if method in {"GET", "HEAD"} else CHANGE
        refusals = general | self.refusals_of(route)
        for status in sorted({one.status for one in refusals}):
            if not _may_answer(status, operation, route, general):
                continue
            content: dict[str, Any] = {}
            operation["responses"][str(status)] = response = {
                "description": _describe(status, route),
                "content": {PROBLEM: content},
            }
            add_headers(response, *HEADERS_OF_STATUS.get(status, ()))
            name = _name_of(status, self._name_of_operation(route), refusals - general, general)
            self.contents[status, _titles_of(status, refusals)].append((name, content))

    def _name_of_operation(self, route: Route) -> str:
        """Return the operation, with the service if several services have it with other refusals."""
        own = route.endpoint.__module__.startswith("services.")
        name = route.unique_id if own else f"{self.service}_{route.unique_id}"
        return "".join(part.capitalize() for part in name.split("_"))

    def refusals_of(self, route: Route) -> frozenset[Refusal]:
        """Return what a route can raise: its endpoint, its parameters and its class."""
        calls = [one.call for one in route.dependant.dependencies]
        calls += [received_file, Uploads] if route.declared.takes_bytes else []
        kind = () if type(route) is Route else tuple(vars(type(route)).values())
        return self.walk.refusals_of(route.endpoint, *calls, *kind)

    def publish(self, document: dict[str, Any]) -> None:
        """Add the schemas to the document."""
        for (status, titles), named in self.contents.items():
            name = min((name for name, _ in named), key=lambda one: (len(one), one))
            document["components"]["schemas"][name] = _schema_of(status, titles)
            for _, content in named:
                content["schema"] = {"$ref": f"#/components/schemas/{name}"}


def _may_answer(status: int, operation: Mapping[str, Any], route: Route, general: frozenset[Refusal]) -> bool:
    if status in OF_A_TOKEN:
        return route.declared.permission is not None
    if status in OF_A_BODY:
        return "requestBody" in operation or status in route.responses
    # A read that shows which acts are allowed names their refusals and answers none, unless it declares 409.
    return status != OF_A_CHANGE or general is CHANGE or status in route.responses


def _titles_of(status: int, refusals: frozenset[Refusal]) -> frozenset[str]:
    return frozenset(one.__name__ for one in refusals if one.status == status)


def _name_of(status: int, operation: str, own: frozenset[Refusal], general: frozenset[Refusal]) -> str:
    """Return the name of a schema: its own titles if they are few."""
    titles = sorted(_titles_of(status, own))
    is_read = _titles_of(status, general) != _titles_of(status, CHANGE)
    last = "Or".join(titles) if len(titles) <= FEW else operation
    return f"Problem{status}{'Read' if is_read else ''}{last}"


def _schema_of(status: int, titles: frozenset[str]) -> dict[str, Any]:
    return {
        "description": f"A refusal with status {status} and one of these titles.",
        "allOf": [
            {"$ref": "#/components/schemas/Problem"},
            {
                "type": "object",
                "properties": {"title": {"type": "string", "enum": sorted(titles)}},
                "required": ["title"],
            },
        ],
    }


def _describe(status: int, route: Route) -> str:
    if status == 415 and route.declared.takes_bytes:
        return "Not an accepted kind of file"
    return DESCRIPTIONS[status]


def add_headers(response: dict[str, Any], *names: str) -> None:
    """Describe the headers of a response."""
    if names:
        response["headers"] = {
            name: {"description": HEADERS[name], "schema": {"type": "string"}} for name in names
        }
