"""What the children of a deployment inherit from the environment of `make up`."""

from __future__ import annotations

from collections.abc import Mapping

from deploy.services import SERVICES

OF_THE_MACHINE = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PILAR_FAULTPOINT")
# Fields of shared/settings.py that a developer may change; the deployment sets the others itself or needs their default.
OF_THE_CALLER = (
    "cors_origins",
    "docs",
    "log_level",
    "max_body_bytes",
    "max_connections",
    "max_file_bytes",
    "max_uploads",
    "pool_size",
    "statement_cache_size",
    "traces_endpoint",
    "webhook_ports",
)
OF_THE_DEPLOYMENT = (
    "audience",
    "authorized_parties",
    "database_url",
    "drain_seconds",
    "issuer",
    "jwks_file",
    "jwks_url",
    "kafka_bootstrap",
    "kafka_replication",
    "keys_folder",
    "metrics_host",
    "metrics_port",
    "mode",
    "owner_database_url",
    "service",
    "transport",
    "webhook_loopback",
    "worker_database_url",
)


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a child gets, under each name that a setting may have."""
    prefixes = ["PILAR_", *(f"PILAR_{service.upper()}_" for service in SERVICES)]
    names = [
        f"{prefix}{field.upper()}{suffix}"
        for prefix in prefixes
        for field in OF_THE_CALLER
        for suffix in ("", "_FILE")
    ]
    return {name: environment[name] for name in (*OF_THE_MACHINE, *names) if name in environment}
