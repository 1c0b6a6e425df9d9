"""Strict base64url and JSON of tokens, so that no two readers decode one differently."""

import base64
import binascii
import re
from typing import Any, cast

from shared import strict_json

ALPHABET = re.compile(r"[A-Za-z0-9_-]*")


class Malformed(ValueError):
    """The text is not of the expected form.

    The message is a sentence without any of its content.
    """


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
    """Return the strict JSON object.

    Raises:
        Malformed
    """
    try:
        value = strict_json.loads(raw)
    except strict_json.NotStrictJson as error:
        msg = f"a part of the token is not JSON: {error}"
        raise Malformed(msg) from None
    if not isinstance(value, dict):
        msg = "a part of the token is not a JSON object"
        raise Malformed(msg)
    return cast("dict[str, Any]", value)
