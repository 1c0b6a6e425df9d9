"""Logs: one JSON object per line on stderr, with ids and codes, without personal data."""

import logging
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog

from shared import telemetry
from shared.privacy import mask
from shared.settings import Settings

# Sixteen digits or more in a row, or grouped the way a NIK is written; an area code or a UUID is not.
NUMBER = re.compile(
    r"(?<![0-9])(?:[0-9]{16,}"
    r"|[0-9]{4}(?:[ .-][0-9]{4}){3}"
    r"|[0-9]{6}[ .-][0-9]{6}[ .-][0-9]{4}"
    r"|[0-9]{2}[ .-][0-9]{2}[ .-][0-9]{2}[ .-][0-9]{6}[ .-][0-9]{4})(?![0-9])"
)
PHONE = re.compile(r"(?<![0-9a-f-])(?:\+62|62|0)[ -]?8[0-9]{2}[ -]?[0-9]{3,4}[ -]?[0-9]{2,5}(?![0-9a-f-])")
# PostgreSQL and its drivers print the failing row after these words.
# A value may have several lines, so all is withheld up to the next exception of the chain.
FAILING_ROW = re.compile(
    r"(DETAIL:|Key \(|Failing row contains|\[parameters: ).*?(?=\n\n(?:The above exception|During handling)|\Z)",
    re.DOTALL,
)
TOKEN = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.?[A-Za-z0-9_-]*")
PASSWORD_IN_URL = re.compile(r"(?<=://)([^/\s:@]+):[^/\s@]+@")
WITHHELD = frozenset(
    [
        "nik",
        "no_kk",
        "kk",
        "name",
        "nama",
        "full_name",
        "mother_name",
        "phone",
        "telepon",
        "address",
        "alamat",
        "email",
        "token",
        "authorization",
        "password",
        "secret",
        "database_url",
        "worker_database_url",
        "owner_database_url",
        "body",
        "params",
        "parameters",
        "claims",
    ]
)
QUIET = ("uvicorn.access", "aiokafka", "asyncio", "httpx", "httpcore")
LONGEST = 8192

# Fast path: most keys and many values match this and need no masking. Every request logs a dozen of them.
PLAIN_WORD = re.compile(
    r"[a-z_]{0,20}"
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z"
)
# Keys whose values come from Pilar's own code, such as a route's template. Values that need no masking are cached.
OWN_KEYS = frozenset({"route", "logger", "event", "service", "subscription"})
MAX_CLEAN_TEXTS = 2_000
SHORTEST_NUMBER_TO_MASK = 10_000_000
clean_texts: set[str] = set()


def configure(settings: Settings) -> None:
    """Send all logs of this process through the same masking to stderr."""
    chain: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    formatter = LineFormatter(foreign_pre_chain=chain, processors=final_processors(settings))
    install_handler(formatter, settings.log_level.upper())
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *chain, formatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


class LineFormatter(structlog.stdlib.ProcessorFormatter):
    """The formatter of all logs. A complete line is written unchanged."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return record.msg if getattr(record, "is_whole", False) else super().format(record)


def log_request(service: str, *, method: str, sub: str | None, **fields: object) -> None:
    """Write the log line of one request.

    Fast path, because every request writes it. `fields` are values of Pilar's own code, such as ids, a
    route's template, a status or a duration, which need no masking.
    """
    logger = logging.getLogger("shared.http.middleware")
    if not logger.isEnabledFor(logging.INFO):
        return
    line = {
        "service": service,
        **fields,
        "method": mask_known(method[:20]),
        "sub": sub and mask_text(sub),
        "event": "request",
        "logger": logger.name,
        "level": "info",
        "timestamp": datetime.now(UTC),
        **trace_field(),
    }
    text = orjson.dumps(line, option=orjson.OPT_UTC_Z).decode()
    record = logger.makeRecord(logger.name, logging.INFO, "", 0, text, (), None, extra={"is_whole": True})
    logger.handle(record)


def install_handler(formatter: logging.Formatter, level: str) -> None:
    """Let only the root log to stderr, and quiet libraries that log each request."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", *QUIET):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def final_processors(settings: Settings) -> list[Any]:
    """Return the last processors: add the service, mask, write JSON."""

    def name_service(_: object, __: str, entry: dict[str, Any]) -> dict[str, Any]:
        return {"service": settings.service, **entry}

    def add_trace(_: object, __: str, entry: dict[str, Any]) -> dict[str, Any]:
        return entry | trace_field()

    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    # A trace id may look like a number to mask.
    return [
        remove,
        name_service,
        mask_entry,
        add_trace,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]


def trace_field() -> dict[str, str]:
    """Return the trace of the current span as a field, where traces are sent."""
    traceparent = telemetry.current_traceparent()
    return {"otel_trace_id": traceparent.split("-")[1]} if traceparent else {}


def mask_entry(_: object, __: str, entry: dict[str, Any]) -> dict[str, Any]:
    """Mask the keys and values of an entry. This is the last processor before JSON."""
    return {mask_known(str(key)): mask_value(value, str(key)) for key, value in entry.items()}


def mask_value(value: object, key: str = "") -> object:
    """Return the masked value."""
    if key.lower() in WITHHELD:
        return "[withheld]"
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        short = -SHORTEST_NUMBER_TO_MASK < value < SHORTEST_NUMBER_TO_MASK
        return value if short or mask_text(str(value)) == str(value) else mask_text(str(value))
    if isinstance(value, dict):
        return mask_entry(None, "", value)
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [mask_value(item) for item in value]
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return mask_known(text) if key in OWN_KEYS else mask_text(text)


def mask_known(text: str) -> str:
    """Mask as `mask_text`, and cache texts that need no masking."""
    if text in clean_texts:
        return text
    masked = mask_text(text)
    if masked == text and len(clean_texts) < MAX_CLEAN_TEXTS:
        clean_texts.add(text)
    return masked


def mask_text(text: str) -> str:
    """Mask NIK, No. KK, phones, tokens, passwords in addresses and rows printed by PostgreSQL."""
    if PLAIN_WORD.fullmatch(text):
        return text
    text = FAILING_ROW.sub(r"\1 [withheld]", text[:LONGEST])
    text = TOKEN.sub("[token]", PASSWORD_IN_URL.sub(r"\1:[withheld]@", text))
    text = NUMBER.sub(lambda match: mask(re.sub(r"[ .-]", "", match[0])[:16]), text)
    return PHONE.sub("[phone]", text)
