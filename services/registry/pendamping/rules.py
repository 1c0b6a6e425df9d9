"""The number by which a pendamping is known on paper and in files: random, so that it says nothing about anybody."""

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's 32 signs: no I, L, O, U, which people misread."""
LENGTH = 8


def new_number() -> str:
    """Return "PD-", eight random signs and a check sign that catches one wrong sign and most swapped neighbours."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return f"PD-{body}{check_sign(body)}"


def check_sign(body: str) -> str:
    """Return the sign that makes the Luhn sum over 32 signs come out even."""
    total = 0
    for place, sign in enumerate(reversed(body)):
        value = ALPHABET.index(sign) * (2 if place % 2 == 0 else 1)
        total += value // 32 + value % 32
    return ALPHABET[-total % 32]
