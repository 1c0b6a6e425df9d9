"""A worker process of a service, killed at a fault point."""

import asyncio
import os
import subprocess
import sys

from tests.factories.repository import ROOT
from tests.factories.services import Running


def start_worker(service: Running, fault: str = "") -> "subprocess.Popen[bytes]":
    """Start the service's worker process with its jobs, as the deployment does."""
    settings = service.settings
    environment = {
        "PILAR_SERVICE": service.name,
        "PILAR_MODE": "development",
        "PILAR_DATABASE_URL": settings.database_url,
        "PILAR_WORKER_DATABASE_URL": settings.worker_database_url,
        "PILAR_JWKS_FILE": str(settings.jwks_file),
        "PILAR_KEYS_FOLDER": str(settings.keys_folder),
        "PILAR_FAULTPOINT": fault,
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.Popen(
        [sys.executable, "-m", f"services.{service.name}.worker", "jobs"],
        env={**os.environ, **environment},
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
    )


async def wait_for_end(process: "subprocess.Popen[bytes]") -> int:
    """Wait for the process and return its exit status."""
    for _ in range(600):
        if process.poll() is not None:
            return process.returncode
        await asyncio.sleep(0.1)
    process.kill()
    message = "the worker did not end"
    raise AssertionError(message)


async def expire_lease(service: Running) -> None:
    """End the job's lease, so that another worker takes it."""
    await service.sql("UPDATE platform.job SET lease_until = clock_timestamp() - interval '1 second'")
