"""The refusals of an operation: those that its functions name."""

import ast
import importlib
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from shared.errors import DomainError
from shared.http.openapi import routes_of
from tests.factories.applications import application

# Functions of these are followed. What every route does before its endpoint is left out.
SHARED_MODULES = (
    *("accompaniment", "areas", "clock", "dates", "fields", "files", "jobs", "phone", "transitions"),
    *("validity", "wilayah"),
)
FOLLOWED = ("services.", *(f"shared.{name}" for name in SHARED_MODULES))
Node = FunctionType | type


@cache
def reachable_refusals(service: str) -> dict[str, frozenset[type[DomainError]]]:
    """Return the refusals of each operation of a service, by operation id.

    Methods are followed by their name alone, so the set may be too large and is never too small.
    """
    routes = routes_of(application(service))
    walk = Walk(service)
    return {route.unique_id: frozenset(walk.refusals_of(route.endpoint)) for route in routes}


class Walk:
    """Follows the names in functions of one service and of the shared modules."""

    def __init__(self, service: str) -> None:
        """Index the methods of the service's classes by name."""
        self.methods: dict[str, list[Node]] = defaultdict(list)
        self.named: dict[FunctionType, set[Node]] = {}
        for name, module in list(sys.modules.items()):
            if name.startswith(f"services.{service}."):
                self._index(module)

    def _index(self, module: ModuleType) -> None:
        for kind in vars(module).values():
            if isinstance(kind, type) and kind.__module__ == module.__name__:
                for name, value in vars(kind).items():
                    method = getattr(value, "__func__", getattr(value, "fget", value))
                    if isinstance(method, FunctionType) and not name.startswith("__"):
                        self.methods[name].append(method)

    def refusals_of(self, endpoint: Any) -> set[type[DomainError]]:
        """Return the refusals that the endpoint or any function that it names can raise."""
        seen: set[Any] = set()
        pending: list[Any] = [endpoint]
        while pending:
            node = pending.pop()
            if node in seen:
                continue
            seen.add(node)
            if isinstance(node, FunctionType):
                if node not in self.named:
                    self.named[node] = set(self._named_by(node))
                pending += self.named[node]
        return {node for node in seen if isinstance(node, type)}

    def _named_by(self, function: FunctionType) -> Iterator[Node]:
        function = getattr(function, "__wrapped__", function)
        for node in ast.walk(definition_of(function)):
            value = None
            if isinstance(node, ast.Name):
                value = function.__globals__.get(node.id)
            elif isinstance(node, ast.Attribute):
                owner = node.value
                base = function.__globals__.get(owner.id) if isinstance(owner, ast.Name) else None
                value = getattr(base, node.attr, None) if base is not None else None
                if value is None or not isinstance(base, ModuleType | type):
                    yield from self.methods.get(node.attr, ())
            elif isinstance(node, ast.ImportFrom) and node.module:
                module = importlib.import_module(node.module)
                for alias in node.names:
                    yield from follow(getattr(module, alias.name, None))
            yield from follow(value)


def follow(value: Any) -> Iterator[Node]:
    """Yield a refusal or a function of a followed module."""
    value = getattr(value, "__wrapped__", value)
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, tuple | frozenset):
        for item in value:
            yield from follow(item)
    elif isinstance(value, type):
        if issubclass(value, DomainError):
            yield value
    elif isinstance(value, FunctionType) and value.__module__.startswith(FOLLOWED):
        yield value


@cache
def definitions_of(path: str) -> dict[int, ast.AST]:
    """Return the functions of a file by their first line, that of a decorator included."""
    definitions: dict[int, ast.AST] = {}
    for node in ast.walk(ast.parse(Path(path).read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            definitions[first] = node
    return definitions


def definition_of(function: FunctionType) -> ast.AST:
    """Return the syntax tree of a function."""
    code = function.__code__
    return definitions_of(code.co_filename).get(code.co_firstlineno, ast.Module([], []))
