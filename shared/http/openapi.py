"""The published OpenAPI document, with permissions, refusals and headers of every operation."""

import json
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from shared.access.permissions import PERMISSIONS
from shared.http import purpose
from shared.http.descriptions import describe_fields
from shared.http.examples import add_examples
from shared.http.field_schema import make_optional
from shared.http.labels import label_enums
from shared.http.parameters import complete
from shared.http.problem_schema import Problem
from shared.http.problems import PROBLEM
from shared.http.refusals import list_refusals
from shared.http.route import Route
from shared.http.texts import read_texts
from shared.settings import Settings

KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]([ -~]*[!-~])?$"},
    "description": "A request that is repeated with its key has one effect and one answer. Use a new key for each act.",
    "example": "8f1d7c1e-6f0e-4a5b-9f39-1d2f6f0a7c11",
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "pattern": '^"[0-9]{1,9}"$'},
    "description": "The ETag that you have read, with its quotes.",
    "example": '"3"',
}
REFUSALS = {
    "400": "Unreadable, or a key is missing",
    "401": "No valid token",
    "403": "Not allowed for this role or area",
    "404": "Not here, or not yours to see",
    "405": "Not for this method",
    "408": "Sent too slowly",
    "409": "Refused in the current state",
    "412": "Changed by somebody else since it was read",
    "413": "Too large",
    "415": "Not JSON",
    "416": "The file has no byte of the range",
    "422": "Invalid values",
    "428": "If-Match is missing",
    "429": "Too many uploads at the same time",
    "503": "Busy: repeat with the same key",
}

# The repository grants no licence, so all rights are reserved.
LICENCE = {"name": "All rights reserved", "identifier": "LicenseRef-All-Rights-Reserved"}
BEARER = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "An access token (RFC 9068) of the issuer. `x-roles` lists the roles that may call an operation.",
}
HEADERS = {
    "ETag": "The version of what is shown; send it back as If-Match.",
    "Location": "The address of the job, which shows its progress.",
    "Idempotency-Replayed": "true: the stored answer to an earlier request with this key.",
    "Retry-After": "Seconds after which the same request may succeed.",
    "WWW-Authenticate": "Bearer.",
    "Allow": "The methods that this address takes.",
}
# The conventions of every operation of the four services, shown above the operations.
CONVENTIONS = """

**Requests.** Send a bearer token with every request, and `Accept-Language: id` for sentences in Indonesian. Dates are
days in Asia/Jakarta, instants are UTC, money is whole rupiah. A field or parameter that is not described here is refused.

**Changes.** Send an `Idempotency-Key` with every POST (decisions and bulk work require it): after a time-out or a 503
repeat the same request with the same key. If an answer has an `ETag`, send it as `If-Match` with the change; the answer to the change has the next one.

**Values.** `GET /v1/labels` names every coded value in English and Indonesian, as `x-enum-labels` does in this document.

**Lists.** Follow `next` unchanged until it is null; `next_cursor` is its cursor alone. A list with `open_only` shows what is still to be done; send
`open_only=false` to see what is done too. `from` and `until` are days, both included. `updated_since` lists what has
changed, in the order of the changes: after the last page go on with its `next_updated_since`.

**Refusals.** `application/problem+json`: `title` is the name of the refusal for programs (`x-problems` of this document
lists them), `detail` a sentence for the user, `errors[]` the places in the request. 409 `NotYetKnown`, 429 and 503 have `Retry-After`. Give `trace_id` to the operator."""


def build_document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of the service, built once."""
    if app.openapi_schema:
        return app.openapi_schema
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description + CONVENTIONS,
        routes=app.routes,
        servers=_list_servers(app.state.settings.service),
        contact=_make_contact(app.state.settings),
        license_info=LICENCE,
        separate_input_output_schemas=True,
    )
    _complete_components(document.setdefault("components", {}))
    for route in routes_of(app):
        for method in route.methods or ():
            path = document["paths"].get(route.path_format, document["paths"].get(route.path))
            if path and method.lower() in path:
                _complete(path[method.lower()], route, method, app.state.settings.service)
    make_optional(document)
    document["tags"] = _describe_tags(document)
    if publish := getattr(app.state, "publish", None):
        publish(document)
    _drop_unused(document)
    label_enums(document)
    describe_fields(document["components"]["schemas"])
    document["x-problems"] = list_refusals(app.state.settings.service)
    add_examples(document)
    app.openapi_schema = document
    return document


def _complete_components(components: dict[str, Any]) -> None:
    components["securitySchemes"] = {"bearer": BEARER}
    schemas = components.setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)


def _drop_unused(document: dict[str, Any]) -> None:
    """Remove what nothing refers to: the enum of which requests take all values but UNKNOWN."""
    schemas, text = document["components"]["schemas"], json.dumps(document)
    for name in [name for name in schemas if f'"#/components/schemas/{name}"' not in text]:
        del schemas[name]


def _list_servers(service: str) -> list[dict[str, Any]]:
    host = {"default": f"{service}.pilar.example", "description": "The host of your deployment."}
    return [
        {"url": "/", "description": "The host that this document comes from."},
        {"url": "https://{host}", "description": "Any deployment.", "variables": {"host": host}},
    ]


def _make_contact(settings: Settings) -> dict[str, str]:
    contact = {"name": "The operator of this deployment"}
    return contact | ({"email": settings.contact_email} if settings.contact_email else {})


def _describe_tags(document: dict[str, Any]) -> list[dict[str, str]]:
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    names = sorted({tag for operation in operations for tag in operation["tags"]})
    return [{"name": name, "description": read_texts("tags")[name]} for name in names]


def routes_of(app: FastAPI) -> list[Route]:
    """Return every `Route` of the application, including nested ones."""
    routes: list[Route] = []
    pending: list[Any] = list(app.routes)
    while pending:
        item = pending.pop(0)
        if isinstance(item, Route):
            routes.append(item)
        elif not isinstance(item, APIRoute):
            pending.extend(
                getattr(item, "routes", None) or getattr(getattr(item, "original_router", None), "routes", ())
            )
    return routes


def _complete(operation: dict[str, Any], route: Route, method: str, service: str) -> None:
    declared = route.declared
    operation["security"] = [{"bearer": []}] if declared.permission else []
    if declared.permission:
        roles = sorted(PERMISSIONS[declared.permission])
        operation["x-permission"], operation["x-roles"] = declared.permission.value, roles
        operation["description"] = f"{operation['description']}\n\nFor: {', '.join(roles)}."
    if declared.undo:
        operation["x-undo"] = declared.undo.to_json(service)
    parameters = operation.setdefault("parameters", [])
    for parameter in parameters:
        complete(parameter)
    if method == "POST" and not declared.takes_bytes:
        parameters.append({**KEY, "required": declared.key_required})
    if route.conditional:
        parameters.append(IF_MATCH)
    if route.asks_purpose:
        parameters.append(purpose.PARAMETER)
    if not parameters:
        del operation["parameters"]
    _complete_responses(operation, route, method)


def _complete_responses(operation: dict[str, Any], route: Route, method: str) -> None:
    responses = operation["responses"]
    for status in [status for status in responses if status.startswith(("4", "5"))]:
        del responses[status]
    for status, response in responses.items():
        _add_headers(response, *_header_names(status, route, method))
    for status, description in REFUSALS.items():
        if _may_answer(status, route, method, operation):
            responses[status] = {
                "description": description if status != "415" else _media(route),
                "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }
            _add_headers(responses[status], *REFUSAL_HEADERS.get(status, ()))


REFUSAL_HEADERS = {
    "401": ("WWW-Authenticate",),
    "405": ("Allow",),
    "409": ("Retry-After",),
    "429": ("Retry-After",),
    "503": ("Retry-After",),
}


def _media(route: Route) -> str:
    return "Not an accepted kind of file" if route.declared.takes_bytes else "Not JSON"


def _header_names(status: str, route: Route, method: str) -> list[str]:
    names = ["ETag"] if route.versioned else []
    names += ["Location"] if status == "202" and not {"jobs", "parked"} & set(route.tags) else []
    return [*names, "Idempotency-Replayed"] if method == "POST" and not route.declared.takes_bytes else names


def _add_headers(response: dict[str, Any], *names: str) -> None:
    if names:
        response["headers"] = {
            name: {"description": HEADERS[name], "schema": {"type": "string"}} for name in names
        }


def _may_answer(status: str, route: Route, method: str, operation: dict[str, Any]) -> bool:
    # A read that depends on another service's event declares NotYetKnown.
    if int(status) in route.responses:
        return True
    if status in {"401", "403"}:
        return route.declared.permission is not None
    if status in {"412", "428"}:
        return route.conditional
    if status in {"408", "413", "415"}:
        return "requestBody" in operation
    if status in {"416", "429"}:
        return status == "429" and route.declared.takes_bytes
    return status != "409" or method != "GET"
