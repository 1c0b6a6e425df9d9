"""Texts in both languages, and the nouns of refusals."""

from typing import Self

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


def noun_in_both(noun: str) -> Words:
    """Return the noun of a sentence in both languages."""
    return Words(noun, NOUNS.get(noun, noun))
