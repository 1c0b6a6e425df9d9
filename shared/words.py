"""Texts in both languages, and the nouns of refusals."""

from datetime import UTC, date, datetime
from typing import Any, Self

# Nouns of the sentences: the word of the English ones, and of the Indonesian ones.
NOUNS = {
    "address": "alamat",
    "akses darurat": "akses darurat",
    "anggota": "anggota",
    "approval request": "permintaan persetujuan",
    "asesmen": "asesmen",
    "case": "kasus graduasi",
    "case mark": "tanda kasus",
    "certificate": "piagam",
    "consent": "persetujuan",
    "credit": "kredit",
    "dampingan": "dampingan",
    "escalation": "eskalasi",
    "evidence flag": "tanda bukti",
    "exit proposal": "usulan keluar",
    "file": "berkas",
    "graduasi": "graduasi",
    "hand-over": "pengalihan",
    "job": "pekerjaan",
    "kepesertaan": "kepesertaan",
    "komponen": "komponen",
    "kpm": "KPM",
    "kunjungan": "kunjungan",
    "monitoring task": "tugas pemantauan",
    "notice": "pemberitahuan",
    "p2k2": "sesi P2K2",
    "parked event": "peristiwa yang diparkir",
    "partner": "mitra",
    "pendamping": "pendamping",
    "penugasan": "penugasan",
    "pilar kind": "jenis pilar",
    "policy": "kebijakan",
    "program": "program",
    "record": "catatan",
    "referred program": "rujukan program",
    "relapse report": "laporan kekambuhan",
    "role conflict": "rangkap peran",
    "rujukan": "rujukan",
    "sanggah": "sanggah",
    "sealing": "penyegelan",
    "sk": "SK",
    "subject": "hal",
    "tahap": "tahap",
    "tugas": "tugas",
    "upload": "unggahan",
    "usaha": "usaha",
    "usulan": "usulan",
    "wilayah tugas": "wilayah tugas",
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
