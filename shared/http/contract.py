"""The published OpenAPI: only problem+json under errors, a security scheme and its permission on every operation."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from shared.access.permissions import PERMISSIONS
from shared.http.menu import menu
from shared.http.parameters import complete
from shared.http.problems import PROBLEM, Problem
from shared.http.route import FILE_TYPES, Route

KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]([ -~]*[!-~])?$"},
    "description": "One key, one effect, one answer: make a new one for each act, and repeat with the same one.",
    "example": "8f1d7c1e-6f0e-4a5b-9f39-1d2f6f0a7c11",
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "pattern": '^"[0-9]{1,9}"$'},
    "description": "The ETag that you read, with its quotes.",
    "example": '"3"',
}
REFUSALS = {
    "400": "Unreadable, or a key is missing",
    "401": "No valid token",
    "403": "Not allowed for this role or area",
    "404": "Not here, or not yours to see",
    "405": "Not for this method",
    "408": "Sent too slowly",
    "409": "Refused in the present state",
    "412": "Somebody changed it meanwhile",
    "413": "Too large",
    "415": "Not JSON",
    "422": "Values that cannot be right",
    "428": "If-Match is missing",
    "429": "Too many uploads at the same time",
    "503": "Busy: repeat with the same key",
}


BEARER = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "An access token (RFC 9068) of the issuer; its roles and areas decide. `x-roles` says whose call it is.",
}
HEADERS = {
    "ETag": "The version of what is shown; send it back as If-Match.",
    "Location": "Where the work asked for shows its progress.",
    "Idempotency-Replayed": "true: the stored answer to an earlier request with this key.",
    "Retry-After": "Seconds after which the same request may succeed.",
    "WWW-Authenticate": "Bearer.",
    "Allow": "The methods that this address takes.",
}
# What is the same in every operation of the four services, said once, above the operations.
CONVENTIONS = """

**Asking.** A bearer token on every request; `Accept-Language: id` for sentences in Indonesian. Dates are days in
Asia/Jakarta, instants are UTC, money is whole rupiah. A field or parameter that is not described here is refused.

**Acting.** Send an `Idempotency-Key` with every POST (decisions and bulk work ask for it): on a time-out or a 503 repeat
the same request with the same key. Where the answer has an `ETag`, send it as `If-Match` with the change; the change answers with the next one.

**Lists.** Follow `next` as it stands until it is null. A list with `open_only` shows what is still to be done; ask
for `open_only=false` to see what is done too.

**Refusals.** `application/problem+json`: `title` is the name of the refusal to program by (`x-problems` of this document
lists them), `detail` a sentence for the user, `errors[]` the places. 409 `NotYetKnown`, 429 and 503 carry `Retry-After`. Quote `trace_id` to the operator."""


def published(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of the service, built once."""
    if app.openapi_schema:
        return app.openapi_schema
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description + CONVENTIONS,
        routes=app.routes,
        separate_input_output_schemas=True,
    )
    components = document.setdefault("components", {})
    components["securitySchemes"] = {"bearer": BEARER}
    schemas = components.setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    for route in routes_of(app):
        for method in route.methods or ():
            path = document["paths"].get(route.path_format, document["paths"].get(route.path))
            if path and method.lower() in path:
                _complete(path[method.lower()], route, method)
    if publish := getattr(app.state, "publish", None):
        publish(document)
    document["x-problems"] = menu(app.state.settings.service)
    app.openapi_schema = document
    return document


def routes_of(app: FastAPI) -> list[Route]:
    """Every route of ours, however deep it is included."""
    found: list[Route] = []
    waiting: list[Any] = list(app.routes)
    while waiting:
        item = waiting.pop(0)
        if isinstance(item, Route):
            found.append(item)
        elif not isinstance(item, APIRoute):
            waiting.extend(
                getattr(item, "routes", None) or getattr(getattr(item, "original_router", None), "routes", ())
            )
    return found


def _complete(operation: dict[str, Any], route: Route, method: str) -> None:
    declared = route.declared
    operation["security"] = [{"bearer": []}] if declared.permission else []
    if declared.permission:
        roles = sorted(PERMISSIONS[declared.permission])
        operation["x-permission"], operation["x-roles"] = declared.permission.value, roles
        operation["description"] = f"{operation['description']}\n\nFor: {', '.join(roles)}."
    parameters = operation.setdefault("parameters", [])
    for parameter in parameters:
        complete(parameter)
    if method == "POST" and not declared.takes_bytes:
        parameters.append({**KEY, "required": declared.key_required})
    if route.conditional:
        parameters.append(IF_MATCH)
    if not parameters:
        del operation["parameters"]
    _answer(operation, route, method)


def _answer(operation: dict[str, Any], route: Route, method: str) -> None:
    responses = operation["responses"]
    for status in [status for status in responses if status.startswith(("4", "5"))]:
        del responses[status]
    for status, response in responses.items():
        _head(response, *_heads(status, route, method))
    for status, description in REFUSALS.items():
        if _can_answer(status, route, method, operation):
            responses[status] = {
                "description": description if status != "415" else _media(route),
                "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }
            _head(responses[status], *REFUSED_WITH.get(status, ()))


REFUSED_WITH = {
    "401": ("WWW-Authenticate",),
    "405": ("Allow",),
    "409": ("Retry-After",),
    "429": ("Retry-After",),
    "503": ("Retry-After",),
}


def _media(route: Route) -> str:
    return f"Not {' or '.join(FILE_TYPES)}" if route.declared.takes_bytes else "Not JSON"


def _heads(status: str, route: Route, method: str) -> list[str]:
    names = ["ETag"] if route.versioned else []
    names += ["Location"] if status == "202" and not {"jobs", "parked"} & set(route.tags) else []
    return [*names, "Idempotency-Replayed"] if method == "POST" and not route.declared.takes_bytes else names


def _head(response: dict[str, Any], *names: str) -> None:
    if names:
        response["headers"] = {
            name: {"description": HEADERS[name], "schema": {"type": "string"}} for name in names
        }


def _can_answer(status: str, route: Route, method: str, operation: dict[str, Any]) -> bool:
    if status in {"401", "403"}:
        return route.declared.permission is not None
    if status in {"412", "428"}:
        return route.conditional
    if status in {"408", "413", "415"}:
        return "requestBody" in operation
    if status == "429":
        return route.declared.takes_bytes
    if status == "409":
        # A read that waits for another service's word (NotYetKnown) declares it.
        return method != "GET" or 409 in route.responses
    return True
