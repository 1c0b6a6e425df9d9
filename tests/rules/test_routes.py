"""Permissions, dependencies, operations and pages of the four applications."""

import inspect
import re
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel

from shared.access import Permission
from shared.access.permissions import PERMISSIONS
from shared.http import IfMatch, Route, may
from shared.http.openapi import routes_of
from tests.factories.applications import SERVICES, application
from tests.factories.repository import committed_files

OPEN = {"/livez", "/readyz", "/docs", "/docs/oauth2-redirect"}
OUTSIDE = re.compile(
    r"""(?:(?:src|href|action|data-url)\s*=\s*["']|url\(\s*["']?|@import\s+["'])\s*(?:https?:)?//[^\s"')]+""",
    re.IGNORECASE,
)


def list_routes(app: FastAPI) -> Iterator[APIRoute]:
    waiting: list[Any] = list(app.routes)
    while waiting:
        route = waiting.pop()
        if isinstance(route, APIRoute):
            yield route
        else:
            waiting.extend(
                getattr(route, "routes", None)
                or getattr(getattr(route, "original_router", None), "routes", ())
            )


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_declares_its_permission(service: str) -> None:
    others = {route.path for route in list_routes(application(service)) if not isinstance(route, Route)}
    assert others == OPEN
    undeclared = [
        route.path for route in routes_of(application(service)) if route.declared.permission is None
    ]
    public = ("/v1/certificate", "/v1/wilayah", "/v1/labels")
    assert [path for path in undeclared if not path.startswith(public)] == []


def test_a_route_without_a_permission_is_refused() -> None:
    async def endpoint() -> None: ...

    with pytest.raises(TypeError, match="declares no permission"):
        Route("/v1/x", endpoint)


@pytest.mark.parametrize("service", SERVICES)
def test_every_edit_returns_its_new_version(service: str) -> None:
    edits = [route for route in routes_of(application(service)) if route.conditional]
    assert edits or service == "graduation"
    assert [route.path for route in edits if not route.versioned] == []
    paths = application(service).openapi()["paths"]
    for route in edits:
        answers = paths[route.path]["post"]["responses"]
        good = next(answer for status, answer in answers.items() if status.startswith("2"))
        assert "ETag" in good["headers"], route.path


def test_an_edit_without_a_version_in_its_answer_is_refused() -> None:
    class Unversioned(BaseModel):
        name: str

    @may(Permission.KPM_UPDATE)
    async def endpoint(version: IfMatch) -> Unversioned:
        return Unversioned(name=str(version))

    with pytest.raises(TypeError, match="takes If-Match but answers without a version"):
        Route("/v1/x", endpoint, methods=["POST"])


def test_every_permission_has_a_role() -> None:
    assert set(PERMISSIONS) == set(Permission)
    assert all(PERMISSIONS.values())


def test_every_permission_is_used_by_a_route() -> None:
    used = {route.declared.permission for service in SERVICES for route in routes_of(application(service))}
    assert set(Permission) == used - {None}


@pytest.mark.parametrize("service", SERVICES)
def test_operation_ids_are_unique(service: str) -> None:
    paths = application(service).openapi()["paths"]
    names = [operation["operationId"] for methods in paths.values() for operation in methods.values()]
    assert names
    assert sorted(names) == sorted(set(names))


def find_late_generators(dependant: Dependant) -> list[str]:
    """Return generator dependencies that end after the answer, whose commit would be too late."""
    names = []
    for inner in dependant.dependencies:
        if inspect.isgeneratorfunction(inner.call) or inspect.isasyncgenfunction(inner.call):
            names += [] if inner.scope == "function" else [inner.call.__name__]
        names += find_late_generators(inner)
    return names


@pytest.mark.parametrize("service", SERVICES)
def test_no_dependency_ends_after_the_answer(service: str) -> None:
    by_path = {
        route.path: find_late_generators(route.dependant) for route in list_routes(application(service))
    }
    assert {path: names for path, names in by_path.items() if names} == {}


def test_a_dependency_that_ends_after_the_answer_is_detected() -> None:
    async def late() -> AsyncIterator[int]:
        yield 1

    async def soon() -> AsyncIterator[int]:
        yield 1

    def under(inner: Annotated[int, Depends(late)]) -> int:
        return inner

    app = FastAPI()

    @app.get("/x")
    async def read(
        a: Annotated[int, Depends(under)], b: Annotated[int, Depends(soon, scope="function")]
    ) -> int:
        return a + b

    (route,) = (route for route in app.routes if isinstance(route, APIRoute))
    assert find_late_generators(route.dependant) == ["late"]


@pytest.mark.parametrize("service", SERVICES)
async def test_the_documentation_loads_nothing_from_outside(service: str) -> None:
    transport = httpx.ASGITransport(app=application(service))
    async with httpx.AsyncClient(transport=transport, base_url="http://docs.test") as client:
        page = (await client.get("/docs")).text
        assert OUTSIDE.findall(page) == []
        parts = re.findall(r"""(?:src|href)=["'](/[^"']+\.(?:js|css))["']""", page)
        assert len(parts) >= 2
        for part in parts:
            answer = await client.get(part)
            assert answer.status_code == 200
            if part.endswith(".css"):
                assert OUTSIDE.findall(answer.text) == []


@pytest.mark.parametrize("service", SERVICES)
def test_the_published_contract_has_no_outside_address(service: str) -> None:
    addresses = re.findall(r"https?://[^\"'\s]+", str(application(service).openapi()))
    assert [address for address in addresses if "example" not in address and "{host}" not in address] == []


def test_no_page_loads_anything_from_outside() -> None:
    pages = committed_files(".html", ".css", ".js", ".svg")
    assert pages
    assert {
        page.name: matches for page in pages if (matches := OUTSIDE.findall(page.read_text("utf-8")))
    } == {}


@pytest.mark.parametrize(
    "line",
    [
        '<script src="https://cdn.example/x.js">',
        "a{background:url(//cdn.example/x.png)}",
        "@import 'https://fonts.example/x';",
    ],
)
def test_an_outside_address_is_detected(line: str) -> None:
    assert OUTSIDE.findall(line)
