"""Every table of a service, whichever module declares it."""

import importlib
import pkgutil


def load_models(service: str) -> None:
    """Import all `models` of a service, so that its metadata is whole and foreign keys find their tables."""
    package = importlib.import_module(f"services.{service}")
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        parts = found.name.split(".")
        if parts[-1] == "models" or parts[-2] == "models":
            importlib.import_module(found.name)
