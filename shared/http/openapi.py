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
from shared.http.refusal_schemas import RefusalSchemas, add_headers
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
# The repository grants no licence, so all rights are reserved.
LICENCE = {"name": "All rights reserved", "identifier": "LicenseRef-All-Rights-Reserved"}
BEARER = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "An access token (RFC 9068) of the issuer. `x-roles` lists the roles that may call an operation.",
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

**Refusals.** `application/problem+json`: `title` is the name of the refusal for programs (an operation lists those that it
can answer), `detail` a sentence for the user, `params` the values of the sentence and the id of the thing in the way
(`x-problems` of this document lists them), `errors[]` the places in the request. 409 `NotYetKnown`, 429 and 503 have `Retry-After`. Give `trace_id` to the operator."""


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
    _complete_operations(document, app)
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


def _complete_operations(document: dict[str, Any], app: FastAPI) -> None:
    refusals = RefusalSchemas(app.state.settings.service)
    for route in routes_of(app):
        for method in route.methods or ():
            path = document["paths"].get(route.path_format, document["paths"].get(route.path))
            if path and method.lower() in path:
                _complete(path[method.lower()], route, method, refusals)
    refusals.publish(document)


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


def _complete(operation: dict[str, Any], route: Route, method: str, refusals: RefusalSchemas) -> None:
    declared = route.declared
    operation["security"] = [{"bearer": []}] if declared.permission else []
    if declared.permission:
        roles = sorted(PERMISSIONS[declared.permission])
        operation["x-permission"], operation["x-roles"] = declared.permission.value, roles
        operation["description"] = f"{operation['description']}\n\nFor: {', '.join(roles)}."
    if declared.undo:
        operation["x-undo"] = declared.undo.to_json(refusals.service)
    parameters = operation.setdefault("parameters", [])
    for parameter in parameters:
        complete(parameter)
    if method == "POST" and not declared.takes_bytes:
        parameters.append({**KEY, "required": declared.key_required})
    if route.conditional:
        parameters.append(IF_MATCH)
    if route.asks_purpose or route.family_filters:
        parameters.append(purpose.PARAMETER)
    if not parameters:
        del operation["parameters"]
    _complete_responses(operation, route, method)
    refusals.add(operation, route, method)


def _complete_responses(operation: dict[str, Any], route: Route, method: str) -> None:
    responses = operation["responses"]
    for status in [status for status in responses if status.startswith(("4", "5"))]:
        del responses[status]
    for status, response in responses.items():
        add_headers(response, *_header_names(status, route, method))


def _header_names(status: str, route: Route, method: str) -> list[str]:
    names = ["ETag"] if route.versioned else []
    names += ["Location"] if status == "202" and not {"jobs", "parked"} & set(route.tags) else []
    return [*names, "Idempotency-Replayed"] if method == "POST" and not route.declared.takes_bytes else names
