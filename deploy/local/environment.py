"""Variables that the processes of a deployment inherit from `make up`."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from deploy.services import SERVICES

MACHINE_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PILAR_FAULTPOINT")
# Fields of shared/settings.py that a developer may change. The deployment sets the others or needs their default.
DEVELOPER_SETTINGS = (
    "clamav",
    "contact_email",
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
    "kafka_ca_file",
    "kafka_certificate_file",
    "kafka_key_file",
    "kafka_password",
    "kafka_replication",
    "kafka_sasl_mechanism",
    "kafka_security_protocol",
    "kafka_user",
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


# Variables of other commands, which are in the same shell.
OTHER_VARIABLES = ("PILAR_POSTGRES_URL", "PILAR_ISSUER_FOLDER")


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the inherited variables, under each name that a setting may have."""
    names = (*MACHINE_VARIABLES, *variables(DEVELOPER_SETTINGS))
    return {name: environment[name] for name in names if name in environment}


def variables(fields: tuple[str, ...]) -> list[str]:
    """Return the names of the variables of these settings, for all services and for each."""
    prefixes = ["PILAR_", *(f"PILAR_{service.upper()}_" for service in SERVICES)]
    return [
        f"{prefix}{field.upper()}{suffix}"
        for prefix in prefixes
        for field in fields
        for suffix in ("", "_FILE")
    ]


def refusals(environment: Mapping[str, str]) -> list[str]:
    """Return a sentence for each variable that would have no effect."""
    known = {*MACHINE_VARIABLES, *OTHER_VARIABLES, *variables(DEVELOPER_SETTINGS)}
    names = [name for name in sorted(environment) if name.startswith("PILAR_") and name not in known]
    own = set(variables(DEPLOYMENT_SETTINGS))
    return [
        f"`make up` sets {name} itself. Unset it." if name in own else _unknown(name, known) for name in names
    ]


def _unknown(name: str, known: set[str]) -> str:
    near = get_close_matches(name, known, n=1)
    hint = f"Did you mean {near[0]}?" if near else "docs/operations.md#environment-variables lists them."
    return f"There is no setting {name}. {hint}"
