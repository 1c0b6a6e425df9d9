"""How every client reaches the brokers."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class Brokers:
    """The addresses of the brokers, and the protection of the connections to them."""

    bootstrap: str
    protection: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the brokers of the settings.

        Raises:
            OSError: a file of a certificate cannot be read, or has none.
        """
        protocol = settings.kafka_security_protocol or "PLAINTEXT"
        protection: dict[str, Any] = {"security_protocol": protocol}
        if protocol != "PLAINTEXT":
            context = ssl.create_default_context(cafile=settings.kafka_ca_file)
            if settings.kafka_certificate_file is not None:
                context.load_cert_chain(settings.kafka_certificate_file, settings.kafka_key_file)
            protection["ssl_context"] = context
        if protocol == "SASL_SSL":
            protection["sasl_mechanism"] = settings.kafka_sasl_mechanism
            protection["sasl_plain_username"] = settings.kafka_user
            protection["sasl_plain_password"] = settings.kafka_password
        return cls(settings.kafka_bootstrap, protection)

    @property
    def options(self) -> dict[str, Any]:
        """The arguments of each client of aiokafka."""
        return {"bootstrap_servers": self.bootstrap, **self.protection}
