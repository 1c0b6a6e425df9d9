"""Input that cannot be meant: repeated keys, NaN, NUL, lone surrogates. Refused with a place, never a 500."""

import json
import re
from typing import Any, NoReturn

from shared.errors import DomainError, Words

DEEPEST = 40
LONGEST_NUMBER = 32
# Control characters but tab, line feed and carriage return; DEL; lone surrogates.
HOSTILE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class MalformedRequest(DomainError):
    """400: the request is not readable as what it says it is."""

    status = 400
    en = "The request cannot be read: {reason}."
    id = "Permintaan tidak dapat dibaca: {reason}."


class UnsupportedMediaType(DomainError):
    """415: this route takes JSON, or, for a file, bytes."""

    status = 415
    en = "Send the body as {media}."
    id = "Kirim isi permintaan sebagai {media}."


def parse(body: bytes) -> Any:
    """Return the JSON value of `body`.

    Raises:
        MalformedRequest: it is no JSON, or has what no honest client sends.
    """
    try:
        text = body.decode("utf-8")
        value = json.loads(
            text,
            object_pairs_hook=_distinct,
            parse_constant=_no_constant,
            parse_int=_integer,
            parse_float=_decimal,
        )
    except UnicodeDecodeError:
        raise MalformedRequest(reason=Words("the body is not UTF-8", "isinya bukan UTF-8")) from None
    except json.JSONDecodeError as error:
        raise MalformedRequest(
            f"/body/{error.pos}",
            reason=Words(f"no JSON at character {error.pos}", f"bukan JSON pada karakter {error.pos}"),
        ) from None
    except RecursionError:
        raise MalformedRequest(
            reason=Words("the body is nested too deeply", "isinya bersarang terlalu dalam")
        ) from None
    _check(value, 0)
    return value


def check_text(text: str, where: str) -> None:
    """Refuse control characters and lone surrogates, which no database column and no log may get."""
    if not text.isprintable() and HOSTILE.search(text):
        raise MalformedRequest(
            where,
            reason=Words(
                "a text has control characters or a lone surrogate",
                "ada teks yang memuat karakter kendali atau surrogate tunggal",
            ),
        )


def _check(value: Any, depth: int) -> None:
    if depth > DEEPEST:
        raise MalformedRequest(
            reason=Words("the body is nested too deeply", "isinya bersarang terlalu dalam")
        )
    if isinstance(value, str):
        check_text(value, "/body")
    elif isinstance(value, dict):
        for key, item in value.items():
            _check(key, depth + 1)
            _check(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth + 1)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise MalformedRequest(reason=Words("a field is given twice", "ada isian yang diberikan dua kali"))
    return fields


def _no_constant(name: str) -> NoReturn:
    raise MalformedRequest(reason=Words(f"{name} is not a number", f"{name} bukan bilangan"))


def _integer(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise MalformedRequest(reason=Words("a number is too long", "ada bilangan yang terlalu panjang"))
    return int(text)


def _decimal(text: str) -> float:
    if len(text) > LONGEST_NUMBER:
        raise MalformedRequest(reason=Words("a number is too long", "ada bilangan yang terlalu panjang"))
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise MalformedRequest(reason=Words("a number is too large", "ada bilangan yang terlalu besar"))
    return value
