"""The outside of a token: base64url and JSON taken strictly, so that two readers can never read it differently."""

import base64
import binascii
import json
import re
from typing import Any

ALPHABET = re.compile(r"[A-Za-z0-9_-]*")


class Malformed(ValueError):
    """The text is not what it claims to be; the message is a sentence without any of its content."""


def decode_part(part: str) -> bytes:
    """Return the bytes of a base64url part without padding."""
    if not ALPHABET.fullmatch(part):
        msg = "a part of the token is not base64url"
        raise Malformed(msg)
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error as error:
        msg = "a part of the token is not base64url"
        raise Malformed(msg) from error


def decode_object(raw: bytes) -> dict[str, Any]:
    """Return the JSON object, refusing a key that is said twice, NaN, bad UTF-8 and deep nesting."""
    try:
        value = json.loads(
            raw.decode("utf-8"), object_pairs_hook=refuse_duplicates, parse_constant=refuse_constant
        )
    except Malformed:
        raise
    except (ValueError, RecursionError) as error:
        msg = "a part of the token is not JSON"
        raise Malformed(msg) from error
    if not isinstance(value, dict):
        msg = "a part of the token is not a JSON object"
        raise Malformed(msg)
    return value


def refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object with the same key twice: the issuer and we might each believe another one."""
    found = dict(pairs)
    if len(found) != len(pairs):
        msg = "a claim is given twice"
        raise Malformed(msg)
    return found


def refuse_constant(name: str) -> None:
    """NaN and Infinity are not JSON; `exp: Infinity` would never end."""
    del name
    msg = "a number in the token is not finite"
    raise Malformed(msg)
