"""The addresses of the databases of a deployment."""

from __future__ import annotations

import os

from deploy.local.data_folder import DataFolder
from deploy.services import SERVICES
from shared.settings import read_variable


class NoDatabases(Exception):
    """The four databases are not given. The message says what to do."""


def addresses() -> tuple[dict[str, str], str]:
    """Return the databases' addresses by service, and the broker's address.

    The broker's address is empty if events travel without Kafka.

    Raises:
        NoDatabases: no deployment runs in the folder, or one of the four variables is missing.
    """
    variables = {
        service: read_variable(f"PILAR_{service.upper()}_WORKER_DATABASE_URL") for service in SERVICES
    }
    urls = {service: url for service, url in variables.items() if url}
    if not urls:
        data_folder = DataFolder.of(os.environ.get("FOLDER") or ".pilar")
        state = data_folder.read()
        if state is None:
            raise NoDatabases(
                f"no deployment runs on {data_folder.folder}. Start it with make up, or set the databases' addresses."
            )
        return state.workers, state.bootstrap
    if missing := [service for service in SERVICES if service not in urls]:
        raise NoDatabases(f"the addresses of these databases are missing: {', '.join(missing)}.")
    return urls, os.environ.get("PILAR_KAFKA_BOOTSTRAP", "")
