"""Strict JSON: no repeated keys, NaN, long numbers or deep nesting.

Two readers can then never read one text differently.
"""

import json
from typing import Any, NoReturn

from shared.words import Words

LONGEST_NUMBER = 32


class NotStrictJson(ValueError):
    """The bytes are not strict JSON."""

    def __init__(self, en: str, id: str, position: int | None = None) -> None:  # noqa: A002 (the language's code)
        """Set the reason in both languages, without any of the content."""
        super().__init__(en)
        self.reason, self.position = Words(en, id), position


def loads(raw: bytes) -> Any:
    """Return the JSON value of UTF-8 bytes.

    Raises:
        NotStrictJson
    """
    try:
        return json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_distinct,
            parse_constant=_no_constant,
            parse_int=_integer,
            parse_float=_decimal,
        )
    except UnicodeDecodeError:
        raise NotStrictJson("the body is not UTF-8", "isinya bukan UTF-8") from None
    except json.JSONDecodeError as error:
        at = error.pos
        raise NotStrictJson(f"no JSON at character {at}", f"bukan JSON pada karakter {at}", at) from None
    except RecursionError:
        raise NotStrictJson("the body is nested too deeply", "isinya bersarang terlalu dalam") from None


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise NotStrictJson("a field is given twice", "ada isian yang diberikan dua kali")
    return fields


def _no_constant(name: str) -> NoReturn:
    raise NotStrictJson(f"{name} is not a number", f"{name} bukan bilangan")


def _integer(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise NotStrictJson("a number is too long", "ada bilangan yang terlalu panjang")
    return int(text)


def _decimal(text: str) -> float:
    if len(text) > LONGEST_NUMBER:
        raise NotStrictJson("a number is too long", "ada bilangan yang terlalu panjang")
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise NotStrictJson("a number is too large", "ada bilangan yang terlalu besar")
    return value
