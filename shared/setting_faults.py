"""What settings may not be, alone or together."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from shared.settings import Settings

DEVELOPMENT_ISSUER = "http://localhost/pilar-development-issuer"
# This machine and its link, where metadata of a cloud's machines are served.
OWN_NETWORKS = tuple(
    ip_network(network) for network in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "::/127", "fe80::/10")
)
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def insecurities(settings: Settings) -> list[tuple[bool, str]]:
    """Return what production refuses, each with its sentence."""
    url = settings.jwks_url or ""
    return [
        (not settings.issuer, "issuer is missing"),
        (settings.issuer == DEVELOPMENT_ISSUER, "issuer is the development issuer"),
        (bool(settings.issuer) and not settings.issuer.startswith("https://"), "issuer is not https"),
        (not settings.jwks_file and not url, "neither jwks_file nor jwks_url is set"),
        (bool(url) and not url.startswith("https://"), "jwks_url is not https"),
        (settings.keys_folder is None, "keys_folder is missing"),
        ("*" in settings.cors_origins, "cors_origins allows every origin"),
        (
            settings.transport == "kafka" and settings.kafka_security_protocol is None,
            "kafka_security_protocol is missing: set SASL_SSL or SSL, or PLAINTEXT for brokers in a closed network",
        ),
        (settings.webhook_loopback, "webhook_loopback lets partners' webhooks lead to this machine"),
        (
            any(
                network.overlaps(own)
                for network in settings.webhook_networks
                for own in OWN_NETWORKS
                if network.version == own.version
            ),
            "webhook_networks has addresses of this machine or of its link",
        ),
    ]


def broker_faults(settings: Settings) -> list[tuple[bool, str]]:
    """Return what contradicts itself in the settings of the brokers, each with its sentence."""
    protocol = settings.kafka_security_protocol or "PLAINTEXT"
    certificate, key = settings.kafka_certificate_file, settings.kafka_key_file
    has_file = any((settings.kafka_ca_file, certificate, key))
    account = (bool(settings.kafka_user), bool(settings.kafka_password))
    return [
        (
            protocol == "PLAINTEXT" and has_file,
            "kafka_ca_file, kafka_certificate_file and kafka_key_file need kafka_security_protocol SSL or SASL_SSL",
        ),
        (
            (certificate is None) != (key is None),
            "set both kafka_certificate_file and kafka_key_file, or neither",
        ),
        (
            protocol != "SASL_SSL" and any(account),
            "kafka_user and kafka_password need kafka_security_protocol SASL_SSL",
        ),
        (protocol == "SASL_SSL" and not all(account), "SASL_SSL needs kafka_user and kafka_password"),
    ]


def is_loopback(url: str) -> bool:
    """Return whether the address is one of this machine."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname in LOOPBACK
