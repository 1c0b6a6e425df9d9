"""Texts in both languages, and the nouns of refusals."""

from datetime import UTC, date, datetime
from typing import Any, Self

# Nouns of the sentences: the English word, and the Indonesian one.
NOUNS = {
    "address": "alamat",
    "annulment": "pembatalan SK",
    "approval request": "permintaan persetujuan",
    "case mark": "tanda kasus",
    "certificate": "piagam",
    "consent": "persetujuan",
    "escalation": "eskalasi",
    "evidence flag": "tanda bukti",
    "exit proposal": "usulan keluar",
    "file": "berkas",
    "hand-over": "pengalihan",
    "job": "pekerjaan",
    "kpm": "KPM",
    "monitoring task": "tugas pemantauan",
    "notice": "pemberitahuan",
    "p2k2": "sesi P2K2",
    "parked event": "peristiwa yang diparkir",
    "partner": "mitra",
    "pilar kind": "jenis pilar",
    "policy": "kebijakan",
    "record": "catatan",
    "relapse report": "laporan kekambuhan",
    "role conflict": "rangkap peran",
    "sealing": "penyegelan",
    "sk": "SK",
    "tahap": "tahap",
    "upload": "unggahan",
}


class Words(str):
    """A text in both languages. As a str it is the English one."""

    __slots__ = ("id",)

    def __new__(cls, english: str, indonesian: str) -> Self:
        """Set both texts."""
        words = super().__new__(cls, english)
        words.id = indonesian
        return words


def in_language(value: object, language: str) -> object:
    """Return a value of a sentence in `language`: "id", or English for anything else."""
    if isinstance(value, list | tuple):
        return ", ".join(str(in_language(item, language)) for item in value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return value.id if language == "id" and isinstance(value, Words) else value


def as_json(value: object) -> Any:
    """Return a value of a sentence as programs read it."""
    if isinstance(value, Words):
        return {"en": str(value), "id": value.id}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, int) else str(value)


def noun_in_both(noun: str) -> Words:
    """Return the noun of a sentence in both languages."""
    return Words(noun, NOUNS.get(noun, noun))
