"""Base class of graduation's tables."""

from enum import StrEnum
from typing import Annotated

import sqlalchemy as sa

from shared import fields
from shared.database.tables import Columns, service_registry
from shared.deadlines import Families


class Table(Columns, registry=service_registry()):
    """A table of graduation or of a replica."""


Table.metadata.info["families"] = Families("replica_kpm.dampingan")


Sha256 = Annotated[fields.Sha256, sa.String(64)]


def is_sha256(column: str) -> sa.CheckConstraint:
    """Return the CHECK constraint that a column is a SHA-256 in lower-case hexadecimal."""
    return sa.CheckConstraint(f"{column} ~ '^[0-9a-f]{{64}}$'", name=f"{column}_form")


class HoldReason(StrEnum):
    """Why a rule holds a postponed case."""

    FAKTA_BERUBAH = "FAKTA_BERUBAH"  # what it was proposed on has changed
    ASESMEN_GUGUR = "ASESMEN_GUGUR"  # its author bars its assessment
    USULAN_GUGUR = "USULAN_GUGUR"  # its proposer bars its proposal
    BUKTI_DITANDAI = "BUKTI_DITANDAI"  # its evidence was used elsewhere before


class CaseReason(StrEnum):
    """Why a case was opened or moved, apart from the note."""

    PEMBUKAAN = "PEMBUKAAN"  # its pendamping opened it
    USULAN_KELUAR = "USULAN_KELUAR"  # a proposal with evidence opened it
    LANGKAH = "LANGKAH"  # the next step of the process
    PERTIMBANGAN = "PERTIMBANGAN"  # an official returned, postponed or resumed it, as the note says
    BELUM_LAYAK = "BELUM_LAYAK"
    BUKTI_LEMAH = "BUKTI_LEMAH"
    DATA_TIDAK_SESUAI = "DATA_TIDAK_SESUAI"
    KELUARGA_MENARIK_DIRI = "KELUARGA_MENARIK_DIRI"
    DASAR_GUGUR = "DASAR_GUGUR"
    USULAN_DITARIK = "USULAN_DITARIK"
    FAKTA_BERUBAH = "FAKTA_BERUBAH"
    ASESMEN_GUGUR = "ASESMEN_GUGUR"
    USULAN_GUGUR = "USULAN_GUGUR"
    BUKTI_DITANDAI = "BUKTI_DITANDAI"
    PENGUMUMAN = "PENGUMUMAN"
    MASA_SANGGAH_BERAKHIR = "MASA_SANGGAH_BERAKHIR"
    KEADAAN_BERUBAH = "KEADAAN_BERUBAH"
    TIDAK_BERSEDIA = "TIDAK_BERSEDIA"
    PROSEDUR_TIDAK_BENAR = "PROSEDUR_TIDAK_BENAR"
    SANGGAH_DIPUTUS = "SANGGAH_DIPUTUS"  # an objection was refused or recorded in error
    SANGGAH_DITERIMA = "SANGGAH_DITERIMA"
    SK_KELIRU = "SK_KELIRU"
    DATA_KELIRU = "DATA_KELIRU"
    PUTUSAN_KEBERATAN = "PUTUSAN_KEBERATAN"
    PUTUSAN_PENGADILAN = "PUTUSAN_PENGADILAN"
    TAHAP_DIMULAI = "TAHAP_DIMULAI"
    PEMANTAUAN_SELESAI = "PEMANTAUAN_SELESAI"
    HASIL_DIBATALKAN = "HASIL_DIBATALKAN"
    MENINGGAL = "MENINGGAL"
    BERGABUNG = "BERGABUNG"
    KEMATIAN_DIBATALKAN = "KEMATIAN_DIBATALKAN"
    LAINNYA = "LAINNYA"
