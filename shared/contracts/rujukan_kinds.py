"""The coded values of events about rujukan."""

from shared.contracts.kinds import Kind


class BenefitKind(Kind):
    """What a program gives.

    Every graduate is to be offered the first three.
    """

    MODAL = "MODAL"
    PENDAMPINGAN = "PENDAMPINGAN"
    PASAR = "PASAR"
    PELATIHAN = "PELATIHAN"
    JAMINAN = "JAMINAN"
    PEKERJAAN = "PEKERJAAN"
    UNKNOWN = "UNKNOWN"


class RujukanPurpose(Kind):
    """Why a rujukan was opened.

    Each graduation opens exactly one, and a relapse at most one.
    """

    PASCAGRADUASI = "PASCAGRADUASI"
    KAMBUH = "KAMBUH"
    UNKNOWN = "UNKNOWN"


class RujukanProgramState(Kind):
    """The states of one offer to one partner."""

    DRAF = "DRAF"
    DISETUJUI_KPM = "DISETUJUI_KPM"
    TERKIRIM = "TERKIRIM"
    GAGAL_KIRIM = "GAGAL_KIRIM"
    DITERIMA_SISTEM = "DITERIMA_SISTEM"
    DIPROSES = "DIPROSES"
    DISETUJUI = "DISETUJUI"
    DITOLAK = "DITOLAK"
    PERLU_DATA = "PERLU_DATA"
    DAFTAR_TUNGGU = "DAFTAR_TUNGGU"
    DISALURKAN = "DISALURKAN"
    TUTUP = "TUTUP"
    KEDALUWARSA = "KEDALUWARSA"
    DICABUT = "DICABUT"
    UNKNOWN = "UNKNOWN"


class RefusalCode(Kind):
    """Why a partner refuses."""

    TIDAK_MEMENUHI_USIA = "TIDAK_MEMENUHI_USIA"
    USAHA_BELUM_6_BULAN = "USAHA_BELUM_6_BULAN"
    TIDAK_ADA_NIB = "TIDAK_ADA_NIB"
    KREDIT_AKTIF_SIKP = "KREDIT_AKTIF_SIKP"
    SLIK_BURUK = "SLIK_BURUK"
    KUOTA_HABIS = "KUOTA_HABIS"
    DI_LUAR_WILAYAH = "DI_LUAR_WILAYAH"
    DATA_TIDAK_PADAN = "DATA_TIDAK_PADAN"
    TIDAK_DAPAT_DIHUBUNGI = "TIDAK_DAPAT_DIHUBUNGI"
    PEMOHON_MENOLAK = "PEMOHON_MENOLAK"
    LAINNYA = "LAINNYA"
    UNKNOWN = "UNKNOWN"
