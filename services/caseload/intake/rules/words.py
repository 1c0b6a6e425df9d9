"""Words of the family card and of officials for the values of columns."""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TypeVar

from services.caseload.family.models import Relation
from shared.contracts.kinds import Bansos, DesilScope, KomponenKind, Sex, UsahaSector

Value = TypeVar("Value")


def map_words(words: Iterable[str], value: Value) -> dict[str, Value]:
    """Return words that mean the same value."""
    return dict.fromkeys(words, value)


CLEAR = "HAPUS"
"""The word that clears a value. A blank cell keeps what is recorded."""
SEPARATORS = re.compile(r"[\s._/-]+")
MALE: tuple[str, ...] = ("L", "LK", "LAKI", "LAKI LAKI", "PRIA")
FEMALE: tuple[str, ...] = ("P", "PR", "PEREMPUAN", "WANITA")
SEX: Mapping[str, str] = MappingProxyType(map_words(MALE, Sex.L.value) | map_words(FEMALE, Sex.P.value))
RELATION: Mapping[str, str] = MappingProxyType(
    {relation.value.replace("_", " "): relation.value for relation in Relation}
    | map_words(("KEPALA", "KEP KELUARGA", "KEPALA KK"), Relation.KEPALA_KELUARGA.value)
    | map_words(("ISTERI",), Relation.ISTRI.value)
    | map_words(("ANAK KANDUNG", "ANAK ANGKAT", "ANAK TIRI"), Relation.ANAK.value)
    | map_words(("ORANGTUA", "AYAH", "IBU"), Relation.ORANG_TUA.value)
    | map_words(("PEMBANTU RUMAH TANGGA",), Relation.PEMBANTU.value)
)
YES: tuple[str, ...] = ("YA", "Y", "IYA", "1", "TRUE", "BENAR", "ADA")
NO: tuple[str, ...] = ("TIDAK", "T", "N", "TDK", "0", "FALSE", "BUKAN", "TIDAK ADA", "BELUM")
YES_NO: Mapping[str, bool] = MappingProxyType(map_words(YES, value=True) | map_words(NO, value=False))
MARRIED: Mapping[str, bool] = MappingProxyType(
    dict(YES_NO)
    | map_words(
        ("KAWIN", "MENIKAH", "NIKAH", "KAWIN TERCATAT", "KAWIN BELUM TERCATAT", "KAWIN TIDAK TERCATAT"),
        value=True,
    )
    | map_words(
        ("BELUM KAWIN", "BELUM MENIKAH", "BELUM NIKAH", "TIDAK KAWIN", "CERAI", "JANDA", "DUDA"), value=False
    )
    | {
        f"CERAI {how}{recorded}": False
        for how in ("HIDUP", "MATI")
        for recorded in ("", " TERCATAT", " BELUM TERCATAT", " TIDAK TERCATAT")
    }
)


def names_of(kind: type[KomponenKind | Bansos | DesilScope | UsahaSector]) -> str:
    """Return the known values of an enum for a sentence."""
    return ", ".join(member.value for member in kind if member.value != "UNKNOWN")


ALLOWED: Mapping[str, str] = MappingProxyType(
    {
        "sex": "L, P, LAKI-LAKI, PEREMPUAN",
        "relation": ", ".join(relation.value.replace("_", " ") for relation in Relation),
        "married": "YA, TIDAK, BELUM KAWIN, KAWIN, KAWIN TERCATAT, KAWIN BELUM TERCATAT, CERAI HIDUP, CERAI MATI",
        "pengurus": "YA, TIDAK",
        "usaha_letter": "YA, TIDAK",
        "komponen": names_of(KomponenKind),
        "bansos": names_of(Bansos),
        "desil": f"{names_of(DesilScope)}; 1 - 10",
        "usaha_sector": names_of(UsahaSector),
    }
)
"""The values that a refusal names, by column."""
FORMS: Mapping[str, str] = MappingProxyType(
    {
        "komponen": "ANAK_SMA:2026-12-31|LANJUT_USIA",
        "bansos": "PKH:2019-02-01|PBI:2019-01-01",
        "desil": "NAS:5:2026-Q1|KABKOTA:4:2026-Q1",
        "usaha_nib": "9120000000001",
    }
)
"""The form that a refusal names, by column."""


def key_of(text: str) -> str:
    """Return a word in capitals, with one blank between its parts."""
    return SEPARATORS.sub(" ", text.upper()).strip()
