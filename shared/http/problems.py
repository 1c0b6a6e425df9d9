"""Refusals as RFC 9457 problem details, in English or Indonesian, without any of the input."""

import re
from typing import Any

import asyncpg
import orjson
import structlog
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shared import telemetry
from shared.database import sqlstate_of
from shared.errors import BadValue, Busy, DomainError, InvalidInput, NotFound
from shared.remedies import CORRECT_REQUEST, nothing
from shared.words import Words

PROBLEM = "application/problem+json"
# Deadlock, serialization, lock timeout, statement timeout, admin shutdown, too many connections, starting up.
TRANSIENT = frozenset({"40P01", "40001", "55P03", "57014", "57P01", "57P02", "57P03", "53300"})
BUSY_REASONS = {
    "40P01": "deadlock",
    "40001": "deadlock",
    "55P03": "lock",
    "57014": "statement",
    "42501": "scope",
}
CLASSES_OF_BAD_VALUES = ("22",)
INSUFFICIENT_PRIVILEGE, ROW_SECURITY = "42501", "violates row-level security policy"

log = structlog.get_logger()


class MethodNotAllowed(DomainError):
    """405: the address exists, but does not take this method."""

    status = 405
    en = "This address does not take that method. The header Allow lists those that it takes."
    id = "Alamat ini tidak menerima metode tersebut. Header Allow memuat metode yang diterima."
    remedy = CORRECT_REQUEST


class InternalFault(DomainError):
    """500: an internal error. Nothing was stored."""

    status = 500
    en = "An internal error: nothing was stored. Give the trace id to the operator."
    id = "Terjadi kesalahan internal: tidak ada yang disimpan. Sampaikan trace id kepada operator."
    remedy = nothing("Only the operator can mend it.", "Hanya operator yang dapat memperbaikinya.")


class Invalid(DomainError):
    """422: the request has invalid values, which `errors` lists."""

    status = 422
    en = "The request has invalid values; see the errors."
    id = "Permintaan memuat nilai yang tidak sah; lihat daftar kesalahan."
    remedy = CORRECT_REQUEST


DAY = ("A date such as 2026-05-18 is expected.", "Harus berupa tanggal, misalnya 2026-05-18.")
INSTANT = (
    "An instant with its offset is expected, such as 2026-05-18T10:00:00+07:00.",
    "Harus berupa waktu lengkap dengan zona, misalnya 2026-05-18T10:00:00+07:00.",
)
# In braces are the limits that the contract publishes, never what the caller has sent.
SENTENCES = {
    "missing": ("This field is required.", "Wajib diisi."),
    "extra_forbidden": ("This field is unknown.", "Isian ini tidak dikenal."),
    "unknown_parameter": ("This parameter is unknown.", "Parameter ini tidak dikenal."),
    "repeated_parameter": ("This parameter is given twice.", "Parameter ini diberikan dua kali."),
    "string_too_short": (
        "The text is too short: at least {min_length} characters.",
        "Teks terlalu pendek: paling sedikit {min_length} karakter.",
    ),
    "string_too_long": (
        "The text is too long: at most {max_length} characters.",
        "Teks terlalu panjang: paling banyak {max_length} karakter.",
    ),
    "too_short": (
        "The list is too short: at least {min_length}.",
        "Daftar terlalu pendek: paling sedikit {min_length}.",
    ),
    "too_long": (
        "The list is too long: at most {max_length}.",
        "Daftar terlalu panjang: paling banyak {max_length}.",
    ),
    "string_type": ("A text is expected.", "Harus berupa teks."),
    "string_pattern_mismatch": ("The text does not have the expected form.", "Bentuk teks tidak sesuai."),
    "int_type": ("A whole number is expected.", "Harus berupa bilangan bulat."),
    "int_parsing": ("A whole number is expected.", "Harus berupa bilangan bulat."),
    "int_from_float": ("A whole number is expected.", "Harus berupa bilangan bulat."),
    "bool_type": ("true or false is expected.", "Harus true atau false."),
    "bool_parsing": ("true or false is expected.", "Harus true atau false."),
    "bool_or_int_type": (
        "true, false or a whole number is expected.",
        "Harus true, false, atau bilangan bulat.",
    ),
    "greater_than_equal": (
        "The value is too small: at least {ge}.",
        "Nilai terlalu kecil: paling kecil {ge}.",
    ),
    "greater_than": (
        "The value is too small: more than {gt}.",
        "Nilai terlalu kecil: harus lebih dari {gt}.",
    ),
    "less_than_equal": ("The value is too large: at most {le}.", "Nilai terlalu besar: paling besar {le}."),
    "less_than": ("The value is too large: less than {lt}.", "Nilai terlalu besar: harus kurang dari {lt}."),
    "uuid_parsing": ("An id (UUID) is expected.", "Harus berupa id (UUID)."),
    "uuid_type": ("An id (UUID) is expected.", "Harus berupa id (UUID)."),
    "date_type": DAY,
    "date_parsing": DAY,
    "date_from_datetime_parsing": DAY,
    "date_from_datetime_inexact": DAY,
    "datetime_type": INSTANT,
    "datetime_parsing": INSTANT,
    "datetime_from_date_parsing": INSTANT,
    "timezone_aware": INSTANT,
    "enum": (
        "This is not one of the known values: {expected}.",
        "Bukan salah satu nilai yang dikenal: {expected}.",
    ),
    "literal_error": (
        "This is not one of the known values: {expected}.",
        "Bukan salah satu nilai yang dikenal: {expected}.",
    ),
    "model_attributes_type": ("An object is expected.", "Harus berupa objek."),
    "dict_type": ("An object is expected.", "Harus berupa objek."),
    "list_type": ("A list is expected.", "Harus berupa daftar."),
}
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,59}|[0-9]{1,6}")
DEFAULT_SENTENCES = ("The value is invalid.", "Nilai tidak sah.")
OR = {"en": "or", "id": "atau"}


def language_of(request: Request) -> str:
    """Return "id" if the caller's first accepted language is Indonesian, else "en"."""
    accepted = request.headers.get("accept-language", "")
    return "id" if accepted.strip().lower().startswith(("id", "ind")) else "en"


async def do_afterwards(request: Request, error: Exception) -> Exception:
    """Run the `afterwards` of a refusal, and return the error to answer with."""
    if not isinstance(error, DomainError) or error.afterwards is None:
        return error
    try:
        async with request.app.state.database.transaction(request.state.actor) as session:
            await error.afterwards(session)
    except Exception as failure:  # noqa: BLE001 (every error becomes an answer)
        return failure
    return error


async def name_existing(request: Request, error: Exception) -> None:
    """Add the id of the thing in the way, if the actor sees the thing."""
    if not isinstance(error, DomainError) or error.existing is None:
        return
    try:
        async with request.app.state.database.read(request.state.actor) as opening:
            row = (await (await opening).execute(error.existing)).mappings().first()
    except Exception as failure:  # noqa: BLE001 (the refusal stays without the id)
        log.warning("existing_not_named", title=type(error).__name__, error=type(failure).__name__)
    else:
        error.params.update(row or {})


def problem(request: Request, error: Exception) -> Response:
    """Return the answer to an exception.

    An internal error is logged by class and place, never by its values.
    """
    refusal, request_id = to_refusal(error), getattr(request.state, "request_id", "")
    if isinstance(refusal, Busy):
        wait = busy_reason(error)
        telemetry.busy_answers.labels(request.app.state.settings.service, wait).inc()
        log.error("busy", request_id=request_id, wait=wait, sqlstate=sqlstate_of(error), **_origin(error))
    elif refusal.status >= 500:
        fault = {"error": type(error).__name__, "sqlstate": sqlstate_of(error), **_origin(error)}
        log.error("fault", request_id=request_id, **fault)
    language = language_of(request)
    content = {
        "type": f"urn:pilar:problem:{type(refusal).__name__}",
        "title": type(refusal).__name__,
        "status": refusal.status,
        "detail": refusal.sentence(language),
        "params": refusal.values(),
        "errors": _entries(error, refusal, language),
        "remedy": refusal.remedy.to_json(request.app.state.settings.service),
        "trace_id": request_id,
    }
    headers = {"Cache-Control": "no-store", "Content-Language": language}
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    if refusal.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    headers.update(getattr(error, "headers", None) or {})
    return Response(orjson.dumps(content), refusal.status, headers, media_type=PROBLEM)


def to_refusal(error: Exception) -> DomainError:
    """Return the refusal of an exception."""
    if isinstance(error, DomainError):
        return error
    if isinstance(error, RequestValidationError):
        return Invalid()
    if isinstance(error, HTTPException):
        return _of_status(error.status_code)
    if isinstance(error, PoolTimeout | TimeoutError | ConnectionError | OSError):
        return Busy()
    if isinstance(error, SQLAlchemyError | asyncpg.PostgresError | asyncpg.InterfaceError):
        return _of_database(error)
    return InternalFault()


def busy_reason(error: Exception) -> str:
    """Return what was not available in time: row, statement, pool or server."""
    return "pool" if isinstance(error, PoolTimeout) else BUSY_REASONS.get(sqlstate_of(error), "server")


def _of_status(status: int) -> DomainError:
    known: dict[int, DomainError] = {404: NotFound("address"), 405: MethodNotAllowed()}
    refusal = known.get(status, InvalidInput(reason=Words("The request was refused.", "Permintaan ditolak.")))
    refusal.status = status if status not in known else refusal.status  # pyright: ignore[reportAttributeAccessIssue]
    return refusal


def _of_database(error: Exception) -> DomainError:
    state = sqlstate_of(error)
    lost = isinstance(error, asyncpg.InterfaceError) and not isinstance(error, ValueError)
    lost = lost or (isinstance(error, DBAPIError) and error.connection_invalidated)
    if lost or state.startswith("08") or state in TRANSIENT or _row_out_of_scope(error):
        return Busy()
    if state.startswith(CLASSES_OF_BAD_VALUES) or _refused_by_driver(error):
        return InvalidInput(reason=Words("A value is out of range.", "Ada nilai di luar rentang."))
    return InternalFault()


def _row_out_of_scope(error: Exception) -> bool:
    """Return whether row security refused a row outside the scope."""
    return sqlstate_of(error) == INSUFFICIENT_PRIVILEGE and ROW_SECURITY in str(error)


def _refused_by_driver(error: Exception) -> bool:
    if isinstance(error, asyncpg.InterfaceError):
        return isinstance(error, ValueError)
    cause = getattr(getattr(error, "orig", None), "__cause__", None)
    return type(cause).__name__ == "DataError"


def _origin(error: BaseException) -> dict[str, str]:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return {"at": f"{trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}"} if trace else {}


def _entries(error: Exception, refusal: DomainError, language: str) -> list[dict[str, Any]]:
    if isinstance(error, RequestValidationError):
        return [entry(fault, language) for fault in error.errors()[:50]]
    code = type(refusal).__name__
    return [
        {"pointer": pointer, "code": code, "message": message}
        for pointer, message in refusal.entries(language)
    ]


def entry(fault: dict[str, Any], language: str) -> dict[str, Any]:
    """Return one invalid value with its sentence. The value itself is not repeated."""
    context, kind = fault.get("ctx") or {}, str(fault["type"])
    # A text that a validator has changed before has the type of a list.
    if kind in {"too_short", "too_long"} and isinstance(fault.get("input"), str):
        kind = f"string_{kind}"
    refusal_of_field = context.get("error")
    english, indonesian = (
        (refusal_of_field.en, refusal_of_field.id)
        if isinstance(refusal_of_field, BadValue)
        else SENTENCES.get(kind, DEFAULT_SENTENCES)
    )
    # Pydantic writes a choice in English, as 'A', 'B' or 'C'.
    choice = re.sub(
        r"'|\bor\b", lambda match: "" if match[0] == "'" else OR[language], str(context.get("expected", ""))
    )
    message = (indonesian if language == "id" else english).format_map({**context, "expected": choice})
    return {"pointer": pointer_of(fault["loc"]), "code": kind, "message": message}


def pointer_of(location: tuple[Any, ...]) -> str:
    """Return the JSON pointer of a validation error.

    A name that cannot be a field name is the caller's own text, perhaps a person's name, and is shown as `*`.
    """
    return "/" + "/".join(str(part) if NAME.fullmatch(str(part)) else "*" for part in location)
