"""The published OpenAPI: only problem+json under errors, a security scheme and its permission on every operation."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from shared.http.problems import PROBLEM, Problem
from shared.http.route import Route

KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]([ -~]*[!-~])?$"},
    "description": "One key, one effect, one answer. Repeat the same request with the same key.",
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "pattern": '^"[0-9]{1,9}"$'},
    "description": "The ETag that you read.",
}
REFUSALS = {
    "400": "Unreadable, or a key is missing",
    "401": "No valid token",
    "403": "Not allowed for this role or area",
    "404": "Not here, or not yours to see",
    "405": "Not for this method",
    "409": "Refused in the present state",
    "412": "Somebody changed it meanwhile",
    "413": "Too large",
    "415": "Not JSON",
    "422": "Values that cannot be right",
    "428": "If-Match is missing",
    "503": "Busy: repeat with the same key",
}


def published(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of the service, built once."""
    if app.openapi_schema:
        return app.openapi_schema
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        separate_input_output_schemas=True,
    )
    components = document.setdefault("components", {})
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
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
        operation["x-permission"] = declared.permission.value
    parameters = operation.setdefault("parameters", [])
    if method == "POST":
        parameters.append({**KEY, "required": declared.key_required})
    if route.conditional:
        parameters.append(IF_MATCH)
    if not parameters:
        del operation["parameters"]
    responses = operation["responses"]
    for status in [status for status in responses if status.startswith(("4", "5"))]:
        del responses[status]
    for status, description in REFUSALS.items():
        if _can_answer(status, route, method, operation):
            responses[status] = {
                "description": description,
                "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }


def _can_answer(status: str, route: Route, method: str, operation: dict[str, Any]) -> bool:
    if status in {"401", "403"}:
        return route.declared.permission is not None
    if status in {"412", "428"}:
        return route.conditional
    if status in {"413", "415"}:
        return "requestBody" in operation
    if status == "409":
        # A read that waits for another service's word (NotYetKnown) declares it.
        return method != "GET" or 409 in route.responses
    return True
