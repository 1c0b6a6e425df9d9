"""Load the tables of a service from all of its modules."""

import importlib
import pkgutil

import sqlalchemy as sa


def load_models(service: str) -> None:
    """Import all `models` of a service, so that its metadata is complete."""
    package = importlib.import_module(f"services.{service}")
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        parts = module.name.split(".")
        if parts[-1] == "models" or parts[-2] == "models":
            importlib.import_module(module.name)


def metadata_of(service: str) -> sa.MetaData:
    """Return the metadata of a service with all of its tables."""
    load_models(service)
    metadata: sa.MetaData = importlib.import_module(f"services.{service}.tables").Table.metadata
    return metadata
