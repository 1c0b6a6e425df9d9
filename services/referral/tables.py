"""The base of referral's tables."""

from enum import StrEnum

from sqlmodel._compat import SQLModelConfig

from shared.database.tables import Columns, Fields, service_registry
from shared.deadlines import Families


class Table(Columns, registry=service_registry()):
    """A table of referral."""


Table.metadata.info["families"] = Families("replica_kpm.dampingan")


class PartialView(Fields):
    """A view from which some actors do not get the fields with a default."""

    model_config = SQLModelConfig(json_schema_serialization_defaults_required=False)


class MoveReason(StrEnum):
    """Why an offer was made or moved."""

    DICOCOKKAN = "DICOCOKKAN"
    DICOCOKKAN_LAGI = "DICOCOKKAN_LAGI"
    PILIHAN_BERIKUTNYA = "PILIHAN_BERIKUTNYA"
    DITAWARKAN_LAGI = "DITAWARKAN_LAGI"
    DITOLAK_KELUARGA = "DITOLAK_KELUARGA"
    PERSETUJUAN_DIBERIKAN = "PERSETUJUAN_DIBERIKAN"
    PERSETUJUAN_DICABUT = "PERSETUJUAN_DICABUT"
    DITERIMA_MITRA = "DITERIMA_MITRA"
    TIDAK_TERKIRIM = "TIDAK_TERKIRIM"
    TERSIRAT = "TERSIRAT"  # a later state implies it
    JAWABAN_MITRA = "JAWABAN_MITRA"
    JAWABAN_TERLAMBAT = "JAWABAN_TERLAMBAT"
    JAWABAN_DIPERBAIKI = "JAWABAN_DIPERBAIKI"
    PENYALURAN = "PENYALURAN"
    PENYALURAN_TERLAMBAT = "PENYALURAN_TERLAMBAT"
    PENYALURAN_DIBATALKAN = "PENYALURAN_DIBATALKAN"
    DATA_DILENGKAPI = "DATA_DILENGKAPI"
    DATA_DIBATALKAN = "DATA_DIBATALKAN"
    HASIL_TERAKHIR = "HASIL_TERAKHIR"
    HASIL_DIBATALKAN = "HASIL_DIBATALKAN"
    BATAS_WAKTU = "BATAS_WAKTU"
    PENERIMAAN_DIBUKA = "PENERIMAAN_DIBUKA"
    PENAWARAN_SEMULA_BERLAKU = "PENAWARAN_SEMULA_BERLAKU"
    KELULUSAN_DIPULIHKAN = "KELULUSAN_DIPULIHKAN"
    KAMBUH_DIBATALKAN = "KAMBUH_DIBATALKAN"
    PERSON_LEFT = "PERSON_LEFT"
    USAHA_ENDED = "USAHA_ENDED"
    FAMILY_ENDED = "FAMILY_ENDED"
