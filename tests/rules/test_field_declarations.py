"""Views and requests repeat no field of their table."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterable
from uuid import UUID

import pytest
from pydantic import BaseModel
from sqlmodel import Field

from shared.database.tables import Col, Columns, Fields, service_registry
from tests.factories.applications import SERVICES

SAME_BY_CHANCE = 2
"""A view of another thing may share so many names with a table, such as `penugasan_id` and `valid_from`."""


def list_models(service: str) -> list[type[BaseModel]]:
    """Return the classes with fields that the modules of a service define."""
    package = importlib.import_module(f"services.{service}")
    models: list[type[BaseModel]] = []
    for place in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if ".migrations" not in place.name and not place.name.endswith((".app", ".worker")):
            defined = inspect.getmembers(importlib.import_module(place.name), inspect.isclass)
            models += [
                kind for _, kind in defined if issubclass(kind, BaseModel) and kind.__module__ == place.name
            ]
    return models


def is_table(kind: type[BaseModel]) -> bool:
    return issubclass(kind, Columns) and hasattr(kind, "__table__")


def noun_of(kind: type[BaseModel]) -> str:
    """Return the folder of a class, as services.registry.kind."""
    return ".".join(kind.__module__.split(".")[:3])


def find_declared_twice(models: Iterable[type[BaseModel]]) -> dict[tuple[str, str], list[str]]:
    """Return by table and view or request of one folder the fields that both declare.

    A field that a view shows as another type, such as rows of JSON as views, is another field.
    """
    tables = [kind for kind in models if is_table(kind)]
    bases = {base for table in tables for base in table.__mro__}
    repeated: dict[tuple[str, str], list[str]] = {}
    for kind in (model for model in models if model not in bases):
        own = {name for part in kind.__mro__ if part not in bases for name in inspect.get_annotations(part)}
        for table in (table for table in tables if noun_of(table) == noun_of(kind)):
            shown, stored = kind.model_fields, table.model_fields
            same = sorted(
                name
                for name in own & shown.keys() & stored.keys()
                if shown[name].annotation == stored[name].annotation
            )
            if len(same) > SAME_BY_CHANCE:
                repeated[table.__name__, kind.__name__] = same
    return repeated


@pytest.mark.parametrize("service", SERVICES)
def test_no_view_and_no_request_repeats_a_table(service: str) -> None:
    models = list_models(service)
    assert any(map(is_table, models))
    assert find_declared_twice(models) == {}


def test_a_view_and_a_request_that_repeat_a_table_is_detected() -> None:
    class Table(Columns, registry=service_registry()):
        pass

    class Terms(Fields):
        place_id: Col[UUID] = Field(primary_key=True)
        name: Col[str]
        code: Col[str]

    class Place(Terms, Table, table=True):
        version: Col[int]

    class Derived(Terms):
        version: int
        name: str

    class Repeated(BaseModel):
        name: str
        code: str
        version: int

    class RepeatedToo(Repeated):
        other: str

    classes = [Table, Terms, Place, Derived, Repeated, RepeatedToo]
    same = ["code", "name", "version"]
    assert find_declared_twice(classes) == {("Place", "Repeated"): same, ("Place", "RepeatedToo"): same}
