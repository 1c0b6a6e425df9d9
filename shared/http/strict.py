"""Input that cannot be meant: repeated keys, NaN, NUL, lone surrogates. Refused with a place, never a 500."""

import json
import re
from typing import Any, NoReturn

from shared.errors import DomainError, Words
from shared.invisible import has_invisible

DEEPEST = 40
LONGEST_NUMBER = 32
# Of one object; the largest that a route takes are the 60 answers of an assessment.
MOST_KEYS = 100
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


def parse(body: bytes, most_values: int) -> Any:
    """Return the JSON value of `body`.

    Raises:
        MalformedRequest: it is no JSON, has what no honest client sends, or more than `most_values` keys and items.
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
    _check(value, most_values)
    return value


def check_text(text: str, where: str) -> None:
    """Refuse control characters, lone surrogates and characters that a reader cannot see."""
    if not text.isprintable() and HOSTILE.search(text):
        raise MalformedRequest(
            where,
            reason=Words(
                "a text has control characters or a lone surrogate",
                "ada teks yang memuat karakter kendali atau surrogate tunggal",
            ),
        )
    if has_invisible(text):
        raise MalformedRequest(
            where,
            reason=Words(
                "a text has invisible characters (zero-width or direction marks); delete it and type it again",
                "ada teks yang memuat karakter tak terlihat (lebar nol atau penanda arah); hapus lalu ketik ulang",
            ),
        )


def _check(value: Any, most_values: int) -> None:
    """Count before anything is validated: each error of a validation costs more than the byte that causes it."""
    waiting: list[tuple[Any, int]] = [(value, 0)]
    count = 0
    while waiting:
        one, depth = waiting.pop()
        if depth > DEEPEST:
            raise MalformedRequest(
                reason=Words("the body is nested too deeply", "isinya bersarang terlalu dalam")
            )
        if isinstance(one, str):
            check_text(one, "/body")
        elif isinstance(one, dict | list):
            count += len(one)
            if count > most_values or (isinstance(one, dict) and len(one) > MOST_KEYS):
                raise MalformedRequest(
                    reason=Words("it has too many fields or items", "isian atau butirnya terlalu banyak")
                )
            waiting += [(part, depth + 1) for part in one]
            if isinstance(one, dict):
                waiting += [(part, depth + 1) for part in one.values()]


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
