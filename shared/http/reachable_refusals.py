"""The refusals of an operation: those that its functions name."""

import ast
import importlib
import importlib.util
import inspect
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Annotated, Any, get_args, get_origin

from fastapi import params
from fastapi.routing import APIRoute

from shared.approval.commands import ApprovalForm
from shared.errors import DomainError

Node = FunctionType | type


class RefusalWalk:
    """Follows the names in functions of one service and of the shared modules.

    Methods of the service's classes are followed by their name alone, and all methods of a shared class that is named.
    So the set may be too large.
    """

    def __init__(self, service: str, *, acts: bool = True) -> None:
        """Index the methods of the service's classes by name.

        With `acts` those of every two-person act count for each request of one.
        """
        self.acts = acts
        self.methods: dict[str, list[Node]] = defaultdict(list)
        self.named: dict[FunctionType, set[Node]] = {}
        for name in sorted(_modules_of(service)):
            self._index(importlib.import_module(name))

    def _index(self, module: ModuleType) -> None:
        for value in vars(module).values():
            if isinstance(value, type) and value.__module__ == module.__name__:
                for method in _methods_of(value):
                    self.methods[method.__name__].append(method)
            if self.acts and isinstance(value, ApprovalForm):
                for act in value.acts.values():
                    self.methods["check"] += _follow(act.check)
                    self.methods["perform"] += _follow(act.perform)

    def refusals_of(self, *calls: Any) -> frozenset[type[DomainError]]:
        """Return the refusals that these or any function that they name can raise."""
        seen: set[Node] = set()
        pending: list[Node] = [node for call in calls for node in _follow(call)]
        while pending:
            node = pending.pop()
            if node in seen:
                continue
            seen.add(node)
            if isinstance(node, FunctionType):
                if node not in self.named:
                    self.named[node] = set(self._named_by(node))
                pending += self.named[node]
        return frozenset(node for node in seen if isinstance(node, type)) - {DomainError}

    def _named_by(self, function: FunctionType) -> Iterator[Node]:
        function = inspect.unwrap(function)
        names = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
        # A lambda has no definition of its own. It builds a refusal from the names in its code.
        for name in function.__code__.co_names if function.__name__ == "<lambda>" else ():
            yield from _follow(names.get(name))
        for node in ast.walk(_definition_of(function)):
            if isinstance(node, ast.Name):
                yield from _follow(names.get(node.id))
            elif isinstance(node, ast.Attribute):
                owner = names.get(node.value.id) if isinstance(node.value, ast.Name) else None
                if isinstance(owner, ModuleType | type):
                    yield from _follow(getattr(owner, node.attr, None))
                else:
                    yield from self.methods.get(node.attr, ())
            elif isinstance(node, ast.ImportFrom) and node.module:
                module = importlib.import_module(node.module)
                for alias in node.names:
                    yield from _follow(getattr(module, alias.name, None))


def _follow(value: Any) -> Iterator[Node]:
    """Yield the refusals and functions of followed modules in a value."""
    if isinstance(value, type):
        if issubclass(value, DomainError):
            yield value
        elif not issubclass(value, APIRoute):
            yield from (method for kind in value.__mro__ if _is_shared(kind) for method in _methods_of(kind))
    elif isinstance(value, FunctionType):
        value = inspect.unwrap(value)
        if _is_followed(value):
            yield value
    else:
        for part in _parts_of(value):
            yield from _follow(part)


def _parts_of(value: Any) -> tuple[Any, ...]:
    if isinstance(value, partial):
        return (value.func, *value.args, *value.keywords.values())
    if isinstance(value, params.Depends):
        return (value.dependency,)
    if get_origin(value) is Annotated:
        return get_args(value)
    items = value.values() if isinstance(value, Mapping) else value
    return tuple(items) if isinstance(value, Mapping | tuple | frozenset) else ()


def _is_shared(kind: type) -> bool:
    return kind.__module__.startswith("shared.")


def _is_followed(value: Node) -> bool:
    return value.__module__.startswith(("services.", "shared."))


def _methods_of(kind: type) -> Iterator[FunctionType]:
    for name, value in vars(kind).items():
        method = getattr(value, "__func__", getattr(value, "fget", value))
        if isinstance(method, FunctionType) and not name.startswith("__"):
            yield method


@cache
def _modules_of(service: str) -> frozenset[str]:
    """Return the modules of a service that its application imports.

    What else the process has loaded must not change the published document.
    """
    seen, pending = set[str](), [f"services.{service}.app"]
    while pending:
        name = pending.pop()
        if name in seen or (spec := importlib.util.find_spec(name)) is None:
            continue
        seen.add(name)
        for node in ast.walk(_parse(str(spec.origin))):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith(f"services.{service}."):
                module = str(node.module)
                named = (f"{module}.{alias.name}" for alias in node.names)
                pending += [module, *(one for one in named if _is_module(one, module))]
    return frozenset(seen)


def _is_module(name: str, package: str) -> bool:
    is_package = hasattr(importlib.import_module(package), "__path__")
    return is_package and importlib.util.find_spec(name) is not None


@cache
def _parse(path: str) -> ast.Module:
    return ast.parse(Path(path).read_text("utf-8"))


@cache
def _definitions_of(path: str) -> dict[int, ast.AST]:
    """Return the functions of a file by their first line, that of a decorator included."""
    definitions: dict[int, ast.AST] = {}
    for node in ast.walk(_parse(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            definitions[first] = node
    return definitions


def _definition_of(function: FunctionType) -> ast.AST:
    """Return the syntax tree of a function."""
    code = function.__code__
    return _definitions_of(code.co_filename).get(code.co_firstlineno, ast.Module([], []))
