"""Settings from environment variables, or from files with one value each."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, IPvAnyNetwork, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from shared.setting_faults import DEVELOPMENT_ISSUER, broker_faults, insecurities, is_loopback

# Pages that a developer serves on the same machine, on any port.
LOCAL_ORIGIN = r"http://(localhost|127\.0\.0\.1)(:\d{1,5})?"

Secret = Annotated[str, Field(repr=False)]


class Environment(PydanticBaseSettingsSource):
    """Reads PILAR_<SERVICE>_<FIELD>, else PILAR_<FIELD>.

    With the suffix _FILE a variable names a file with the value.
    """

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return the value of one field, or None if it is not set."""
        del field
        service = self.current_state.get("service") or os.environ.get("PILAR_SERVICE", "")
        for prefix in (f"PILAR_{service.upper()}_", "PILAR_"):
            value = read_variable(prefix + field_name.upper())
            if value is not None:
                return value, field_name, False
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return every field that is set in the environment."""
        values = {
            name: self.get_field_value(field, name)[0]
            for name, field in self.settings_cls.model_fields.items()
        }
        return {name: value for name, value in values.items() if value is not None}


def read_variable(name: str) -> str | None:
    """Return the variable, or the stripped content of the file that NAME_FILE names.

    Raises:
        ValueError: both are set, or the file cannot be read.
    """
    value, path = os.environ.get(name), os.environ.get(f"{name}_FILE")
    if path is None:
        return value
    if value is not None:
        msg = f"{name} and {name}_FILE are both set; keep one"
        raise ValueError(msg)
    try:
        return Path(path).read_text("utf-8").strip()
    except OSError as error:
        msg = f"{name}_FILE names a file that cannot be read ({error.strerror})"
        raise ValueError(msg) from None


class Settings(BaseSettings):
    """The settings of one service.

    They are frozen, and nothing secret is shown in `repr` or in a validation error.
    """

    model_config = SettingsConfigDict(
        env_prefix="PILAR_", frozen=True, extra="forbid", hide_input_in_errors=True
    )

    service: str = Field(
        pattern=r"^[a-z][a-z0-9_]{1,30}$", description="Name of the service. The image sets it."
    )
    mode: Literal["development", "production"] = Field(
        default="production",
        description="Development allows the development issuer, the clock and pages of this machine.",
    )
    database_url: Secret = Field(default="", description="Address with the api role: `postgresql://…`.")
    worker_database_url: Secret = Field(default="", description="Address with the worker role.")
    owner_database_url: Secret = Field(default="", description="Address with the owner role.")
    transport: Literal["local", "kafka"] = Field(default="local", description="How events travel.")
    kafka_bootstrap: str = Field(default="127.0.0.1:9092", description="Addresses of brokers.")
    kafka_replication: int = Field(
        default=1, ge=1, le=5, description="Replicas of topics that a worker makes."
    )
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_SSL"] | None = Field(
        default=None,
        description="Protection of the connections to the brokers. Production needs it with Kafka; PLAINTEXT is for"
        " brokers in a closed network.",
    )
    kafka_ca_file: Path | None = Field(
        default=None,
        description="PEM file of the CAs of the brokers' certificates, instead of the public ones.",
    )
    kafka_certificate_file: Path | None = Field(
        default=None, description="PEM file of the client's certificate, where the brokers ask for one."
    )
    kafka_key_file: Path | None = Field(
        default=None, description="PEM file of its private key, without a password."
    )
    kafka_sasl_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = Field(
        default="SCRAM-SHA-512", description="How the account is proved with SASL_SSL."
    )
    kafka_user: str = Field(default="", description="The account at the brokers, with SASL_SSL.")
    kafka_password: Secret = Field(default="", description="Its password.")
    issuer: str = Field(
        default="", description="`iss` of tokens; https in production. In development the development issuer."
    )
    audience: str = Field(default="", description="`aud` of tokens. Without it `pilar-<service>`.")
    jwks_file: Path | None = Field(
        default=None, description="The issuer's keys, instead of `PILAR_JWKS_URL`."
    )
    jwks_url: str | None = Field(default=None, description="Where the issuer serves its keys, over https.")
    authorized_parties: Annotated[list[str], NoDecode] = Field(
        default=[], description="Accepted `azp` of tokens; empty: any."
    )
    keys_folder: Path | None = Field(default=None, description="Folder of the keys of the service.")
    cors_origins: Annotated[list[str], NoDecode] = Field(default=[], description="Origins of frontends.")
    docs: bool = Field(default=True, description="Whether `/docs` and `/openapi.json` are served.")
    contact_email: str = Field(default="", description="Of the operator, shown in the OpenAPI document.")
    max_body_bytes: int = Field(default=32_768, ge=1024, description="Of JSON, unless a route declares more.")
    max_file_bytes: int = Field(
        default=64 * 1024 * 1024, ge=1024, description="Of one upload. Photographs and PDF have lower limits."
    )
    unused_file_days: int = Field(
        default=30, ge=1, le=3650, description="After these days a file that no record names is deleted."
    )
    unfinished_upload_hours: int = Field(
        default=72, ge=1, le=8760, description="After these hours without a part an upload expires."
    )
    clamav: str = Field(
        default="",
        pattern=r"^(unix:/.+|(127\.0\.0\.1|localhost):\d{1,5})?$",
        description="Where clamd listens: unix:/path or 127.0.0.1:port. Empty: files are not scanned.",
    )
    max_uploads: int = Field(default=4, ge=1, description="Of one client at the same time, in one process.")
    max_connections: int = Field(default=500, ge=10, description="Of one API process, below its file limit.")
    statement_cache_size: int = Field(
        default=100, ge=0, description="Prepared statements of a connection; 0 behind a transaction pooler."
    )
    pool_size: int = Field(default=10, ge=1, le=200, description="Database connections of one API process.")
    drain_seconds: float = Field(
        default=5, ge=0, le=300, description="Serving goes on so long after SIGTERM."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least that is logged."
    )
    traces_endpoint: str = Field(
        default="", description="OTLP/HTTP address for traces; empty: none are sent."
    )
    metrics_port: int = Field(
        default=0, ge=0, le=65535, description="Where a process serves /metrics; 0: nowhere."
    )
    metrics_host: str = Field(default="127.0.0.1", description="The address of `/metrics`.")
    webhook_ports: Annotated[list[Annotated[int, Field(ge=1, le=65535)]], NoDecode] = Field(
        default=[443], description="Ports of partners' webhooks that may be called."
    )
    webhook_loopback: bool = Field(
        default=False, description="Whether webhooks may lead to this machine. Refused in production."
    )

    webhook_networks: Annotated[list[IPvAnyNetwork], NoDecode] = Field(
        default=[], description="Private networks (CIDR) into which webhooks may lead too."
    )
    webhook_ca_file: Path | None = Field(
        default=None, description="PEM file of CAs that webhooks trust too, beside the public ones."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read explicit arguments first, then the environment.

        No .env file is read, because it might get into an image.
        """
        del env_settings, dotenv_settings, file_secret_settings
        return init_settings, Environment(settings_cls)

    @classmethod
    def load(cls) -> Self:
        """Return the settings of a process that runs the service PILAR_SERVICE."""
        return cls()  # pyright: ignore[reportCallIssue]  # the fields come from the environment

    @classmethod
    def load_for(cls, service: str, **overrides: Any) -> Self:
        """Return the settings of `service`, in a process that runs several.

        PILAR_<SERVICE>_X has precedence over PILAR_X.
        """
        return cls(service=service, **overrides)

    @field_validator("authorized_parties", "cors_origins", "webhook_ports", "webhook_networks", mode="before")
    @classmethod
    def split_list(cls, value: object) -> object:
        """Split "a,b" from the environment into a list."""
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("jwks_url")
    @classmethod
    def refuse_clear_text_keys(cls, value: str | None) -> str | None:
        """Refuse keys over plain http, which anybody on the network could replace."""
        if value is not None and urlsplit(value).scheme != "https" and not is_loopback(value):
            msg = "jwks_url must be https; http only to this machine, in development"
            raise ValueError(msg)
        return value

    @model_validator(mode="before")
    @classmethod
    def fill_defaults(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Set the development issuer, and the service's name as the audience."""
        if values.get("mode") == "development":
            values.setdefault("issuer", DEVELOPMENT_ISSUER)
        values.setdefault("audience", f"pilar-{values.get('service', '')}")
        return values

    @model_validator(mode="after")
    def refuse_two_key_sources(self) -> Self:
        """Refuse two sources of keys, and an empty audience."""
        if self.jwks_file and self.jwks_url:
            msg = "set jwks_file or jwks_url, not both"
            raise ValueError(msg)
        if not self.audience:
            msg = "audience must not be empty: every token would be accepted"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def refuse_contradicting_brokers(self) -> Self:
        """Refuse a protection of the brokers that is incomplete, or would not be used."""
        for wrong, sentence in broker_faults(self):
            if wrong:
                raise ValueError(sentence)
        return self

    @model_validator(mode="after")
    def refuse_insecure_production(self) -> Self:
        """Refuse settings in production that only development may have."""
        faults = [sentence for wrong, sentence in insecurities(self) if wrong] if self.production else []
        if faults:
            msg = "refused in production: " + "; ".join(faults)
            raise ValueError(msg)
        return self

    @property
    def unused_file_term(self) -> timedelta:
        """How long a file is kept that no record names."""
        return timedelta(days=self.unused_file_days)

    @property
    def unfinished_upload_term(self) -> timedelta:
        """How long an upload waits for its next part."""
        return timedelta(hours=self.unfinished_upload_hours)

    @property
    def production(self) -> bool:
        """Whether the process serves real families."""
        return self.mode == "production"
