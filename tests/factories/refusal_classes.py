"""The refusals of all services."""

import importlib
import pkgutil

import services
import shared
from shared.errors import DomainError


def import_all_modules() -> None:
    for package in (services, shared):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in module.name and not module.name.endswith("__main__"):
                importlib.import_module(module.name)


def subclasses(root: type[DomainError] = DomainError) -> list[type[DomainError]]:
    return [kind for child in root.__subclasses__() for kind in (child, *subclasses(child))]


def list_refusals() -> list[type[DomainError]]:
    import_all_modules()
    return [kind for kind in subclasses() if kind.__module__.startswith(("shared.", "services."))]
