"""NIK, No. KK, names and phones: encrypted in the database, indexed by keyed hash, masked."""

from shared.privacy.hpke import (
    SealingKey,
    open_sealed,
    read_public_key,
    seal_to,
)
from shared.privacy.masked_number import (
    MaskedNumber,
    NumberNotSixteenDigits,
    ProvinceUnknown,
    SerialZero,
    mask,
)
from shared.privacy.numbers import Nik, NoKk, NumberWarning
from shared.privacy.texts import open_texts, seal_texts
from shared.privacy.vault import KeysMissing, SealBroken, Vault, make_keys

__all__ = [
    "KeysMissing",
    "MaskedNumber",
    "Nik",
    "NoKk",
    "NumberNotSixteenDigits",
    "NumberWarning",
    "ProvinceUnknown",
    "SealBroken",
    "SealingKey",
    "SerialZero",
    "Vault",
    "make_keys",
    "mask",
    "open_sealed",
    "open_texts",
    "read_public_key",
    "seal_texts",
    "seal_to",
]
