"""Variables that the processes of a deployment inherit from `make up`."""

from __future__ import annotations

from collections.abc import Mapping

from deploy.services import SERVICES

MACHINE_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PILAR_FAULTPOINT")
# Fields of shared/settings.py that a developer may change. The deployment sets the others or needs their default.
DEVELOPER_SETTINGS = (
    "clamav",
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
    "unfinished_upload_hours",
    "unused_file_days",
    "webhook_ca_file",
    "webhook_networks",
    "webhook_ports",
)
DEPLOYMENT_SETTINGS = (
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
    """Return the inherited variables, under each name that a setting may have."""
    prefixes = ["PILAR_", *(f"PILAR_{service.upper()}_" for service in SERVICES)]
    names = [
        f"{prefix}{field.upper()}{suffix}"
        for prefix in prefixes
        for field in DEVELOPER_SETTINGS
        for suffix in ("", "_FILE")
    ]
    return {name: environment[name] for name in (*MACHINE_VARIABLES, *names) if name in environment}
