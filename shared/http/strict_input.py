"""Refuse hostile input: JSON that is not strict, NUL, lone surrogates. Drop invisible characters."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from shared import strict_json
from shared.errors import DomainError
from shared.remedies import CORRECT_REQUEST
from shared.text import clean_text, has_invisible
from shared.words import Words

MAX_DEPTH = 40
# The largest object of a request has the 60 answers of an assessment.
MAX_KEYS_OF_OBJECT = 100
# Control characters but tab and line breaks; DEL; lone surrogates.
HOSTILE = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")


class MalformedRequest(DomainError):
    """400: the request cannot be read."""

    status = 400
    en = "The request cannot be read: {reason}. Correct it."
    id = "Permintaan tidak dapat dibaca: {reason}. Perbaiki."
    remedy = CORRECT_REQUEST


class UnsupportedMediaType(DomainError):
    """415: the route takes JSON, or, for a file, bytes."""

    status = 415
    en = "Send the body as {media}."
    id = "Kirim isi permintaan sebagai {media}."
    remedy = CORRECT_REQUEST


class ContentEncoded(DomainError):
    """415: the body is compressed or encoded in another way."""

    status = 415
    en = "Send the body as it is, without Content-Encoding: this service does not unpack it."
    id = "Kirim isi permintaan apa adanya, tanpa Content-Encoding: layanan ini tidak membuka kemasannya."
    remedy = CORRECT_REQUEST


def require_plain_body(encodings: Iterable[str]) -> None:
    """Refuse a body with a Content-Encoding.

    Raises:
        ContentEncoded
    """
    if any(name.strip().lower() not in {"", "identity"} for value in encodings for name in value.split(",")):
        raise ContentEncoded


def media_type_of(headers: Mapping[str, str]) -> str:
    """Return the media type of the body, without parameters."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def parse(body: bytes, most_values: int) -> Any:
    """Return the JSON value of `body`, with its texts cleaned by `clean_text`.

    Raises:
        MalformedRequest: it is not strict JSON, has text that no honest client sends, or has more than
            `most_values` keys and items.
    """
    try:
        value = strict_json.loads(body)
    except strict_json.NotStrictJson as error:
        pointer = None if error.position is None else f"/body/{error.position}"
        raise MalformedRequest(pointer, reason=error.reason) from None
    _check(value, most_values)
    return value if body.isascii() and b"\\" not in body else _clean(value)


def check_text(text: str, where: str) -> None:
    """Refuse control characters, lone surrogates and invisible characters.

    Raises:
        MalformedRequest
    """
    check_control(text, where)
    if has_invisible(text):
        raise MalformedRequest(
            where,
            reason=Words(
                "a text has invisible characters (zero-width or direction marks); delete it and type it again",
                "ada teks yang memuat karakter tak terlihat (lebar nol atau penanda arah); hapus lalu ketik ulang",
            ),
        )


def check_control(text: str, where: str) -> None:
    """Refuse control characters and lone surrogates.

    Raises:
        MalformedRequest
    """
    if not text.isprintable() and HOSTILE.search(text):
        raise MalformedRequest(
            where,
            reason=Words(
                "a text has control characters or a lone surrogate",
                "ada teks yang memuat karakter kendali atau surrogate tunggal",
            ),
        )


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return [_clean(part) for part in value]
    return {name: _clean(part) for name, part in value.items()} if isinstance(value, dict) else value


def _check(body: Any, most_values: int) -> None:
    """Limit keys and items before validation.

    Each validation error costs more than the byte that causes it.
    """
    pending: list[tuple[Any, int]] = [(body, 0)]
    count = 0
    while pending:
        value, depth = pending.pop()
        if depth > MAX_DEPTH:
            raise MalformedRequest(
                reason=Words("the body is nested too deeply", "isinya bersarang terlalu dalam")
            )
        if isinstance(value, str):
            check_control(value, "/body")
        elif isinstance(value, dict | list):
            count += len(value)
            if count > most_values or (isinstance(value, dict) and len(value) > MAX_KEYS_OF_OBJECT):
                raise MalformedRequest(
                    reason=Words("it has too many fields or items", "isian atau butirnya terlalu banyak")
                )
            if isinstance(value, list):
                pending += [(part, depth + 1) for part in value]
            else:
                for name in value:
                    check_text(name, "/body")
                pending += [(part, depth + 1) for part in value.values()]
