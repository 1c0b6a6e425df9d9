"""The coded values of events. A value of a newer publisher reads as UNKNOWN."""

from enum import StrEnum
from typing import Self


class Kind(StrEnum):
    """A coded value. `Kind(value)` returns UNKNOWN for a value added later."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return cls.__members__.get("UNKNOWN") if isinstance(value, str) else None

    @classmethod
    def known(cls) -> list[Self]:
        """Return the values that may be stored and sent: all but UNKNOWN."""
        return [member for member in cls if member.name != "UNKNOWN"]


class SubjectKind(Kind):
    """The subject of a registration: a person with a NIK, or an organisation."""

    PERSON = "PERSON"
    LEMBAGA = "LEMBAGA"
    UNKNOWN = "UNKNOWN"


class PendampingStatus(Kind):
    """The status of a pendamping.

    CALON becomes AKTIF, DIBERHENTIKAN, MENINGGAL or DIBATALKAN. AKTIF changes to and from CUTI and NONAKTIF. All others
    are final. DIBATALKAN: the registration was in error.
    """

    CALON = "CALON"
    AKTIF = "AKTIF"
    CUTI = "CUTI"
    NONAKTIF = "NONAKTIF"
    MUTASI = "MUTASI"
    PENSIUN = "PENSIUN"
    BERAKHIR_KONTRAK = "BERAKHIR_KONTRAK"
    DIBERHENTIKAN = "DIBERHENTIKAN"
    MENINGGAL = "MENINGGAL"
    DIBATALKAN = "DIBATALKAN"
    UNKNOWN = "UNKNOWN"


FINAL_STATUSES = frozenset(
    {
        PendampingStatus.MUTASI,
        PendampingStatus.PENSIUN,
        PendampingStatus.BERAKHIR_KONTRAK,
        PendampingStatus.DIBERHENTIKAN,
        PendampingStatus.MENINGGAL,
        PendampingStatus.DIBATALKAN,
    }
)
"""Statuses without a next status (docs/domain.md#pendamping-status)."""


class PilarKind(Kind):
    """The kinds of pilar sosial."""

    PKH_PENDAMPING = "PKH_PENDAMPING"
    PKH_KETUA_TIM_KABKOTA = "PKH_KETUA_TIM_KABKOTA"
    PKH_KETUA_TIM_PROV = "PKH_KETUA_TIM_PROV"
    PKH_APD = "PKH_APD"
    TKSK = "TKSK"
    PSM = "PSM"
    TAGANA = "TAGANA"
    KARANG_TARUNA = "KARANG_TARUNA"
    PORDAM = "PORDAM"
    REHSOS_PENDAMPING = "REHSOS_PENDAMPING"
    REHSOS_LANSIA = "REHSOS_LANSIA"
    REHSOS_DISABILITAS = "REHSOS_DISABILITAS"
    SAKTI_PEKSOS = "SAKTI_PEKSOS"
    KONSELOR_ADIKSI = "KONSELOR_ADIKSI"
    REHSOS_TUNSOS_KPO = "REHSOS_TUNSOS_KPO"
    LKS = "LKS"
    PUSKESOS_PETUGAS = "PUSKESOS_PETUGAS"
    SLRT_FASILITATOR = "SLRT_FASILITATOR"
    UNKNOWN = "UNKNOWN"


class Ditjen(Kind):
    """The Directorates-General: Social Protection, Social Rehabilitation, Social Empowerment."""

    LINJAMSOS = "LINJAMSOS"
    REHSOS = "REHSOS"
    DAYASOS = "DAYASOS"
    UNKNOWN = "UNKNOWN"


class EmployerStatus(Kind):
    """The terms of employment."""

    PPPK = "PPPK"
    PNS = "PNS"
    PPPK_PARUH_WAKTU = "PPPK_PARUH_WAKTU"
    KONTRAK = "KONTRAK"
    RELAWAN = "RELAWAN"
    LEMBAGA = "LEMBAGA"
    UNKNOWN = "UNKNOWN"


class Bansos(Kind):
    """The benefit that a family leaves.

    A case ends one kepesertaan in one of these, and no other.
    """

    PKH = "PKH"
    SEMBAKO = "SEMBAKO"
    PBI = "PBI"
    UNKNOWN = "UNKNOWN"


class KomponenKind(Kind):
    """The family components that give PKH entitlement."""

    IBU_HAMIL = "IBU_HAMIL"
    ANAK_USIA_DINI = "ANAK_USIA_DINI"
    ANAK_SD = "ANAK_SD"
    ANAK_SMP = "ANAK_SMP"
    ANAK_SMA = "ANAK_SMA"
    LANJUT_USIA = "LANJUT_USIA"
    DISABILITAS_BERAT = "DISABILITAS_BERAT"
    KORBAN_HAM_BERAT = "KORBAN_HAM_BERAT"
    UNKNOWN = "UNKNOWN"


class DesilScope(Kind):
    """The population in which a desil ranks."""

    NAS = "NAS"
    PROV = "PROV"
    KABKOTA = "KABKOTA"
    UNKNOWN = "UNKNOWN"


class Sex(Kind):
    """As recorded by Dukcapil: L laki-laki, P perempuan."""

    L = "L"
    P = "P"
    UNKNOWN = "UNKNOWN"


class UsahaSector(Kind):
    """The line of a family's business: the PENA sectors, trade and others."""

    MAKANAN = "MAKANAN"
    KERAJINAN = "KERAJINAN"
    JASA = "JASA"
    PERTANIAN = "PERTANIAN"
    PETERNAKAN = "PETERNAKAN"
    PERDAGANGAN = "PERDAGANGAN"
    PERIKANAN = "PERIKANAN"
    LAINNYA = "LAINNYA"
    UNKNOWN = "UNKNOWN"


class FamilyEndReason(Kind):
    """Why a family has ended: its only member died, or joined another family."""

    MENINGGAL = "MENINGGAL"
    BERGABUNG = "BERGABUNG"
    UNKNOWN = "UNKNOWN"


class UsahaEndReason(Kind):
    """Why a business is no longer the family's.

    MENINGGAL: the owner died. KELUAR: the owner left the family. DITUTUP: closed. DIALIHKAN: another member owns it.
    """

    MENINGGAL = "MENINGGAL"
    KELUAR = "KELUAR"
    DITUTUP = "DITUTUP"
    DIALIHKAN = "DIALIHKAN"
    UNKNOWN = "UNKNOWN"


class DampinganPurpose(Kind):
    """The purpose of a dampingan.

    PENDAMPINGAN counts to the limit of a caseload. PEMANTAUAN, after an exit, does not.
    """

    PENDAMPINGAN = "PENDAMPINGAN"
    PEMANTAUAN = "PEMANTAUAN"
    UNKNOWN = "UNKNOWN"


class ExitReason(Kind):
    """Why a family leaves a bansos.

    A case can only open for a reason that has a policy row.
    """

    SEJAHTERA_MANDIRI = "SEJAHTERA_MANDIRI"
    SEJAHTERA_PPSE = "SEJAHTERA_PPSE"
    ALAMIAH = "ALAMIAH"
    MENINGGAL = "MENINGGAL"
    PINDAH = "PINDAH"
    DATA_GANDA = "DATA_GANDA"
    TIDAK_DITEMUKAN = "TIDAK_DITEMUKAN"
    HASIL_PEMUTAKHIRAN = "HASIL_PEMUTAKHIRAN"
    MUSYAWARAH = "MUSYAWARAH"
    NIK_TIDAK_PADAN = "NIK_TIDAK_PADAN"
    MENGUNDURKAN_DIRI = "MENGUNDURKAN_DIRI"
    PEKERJAAN_DIKECUALIKAN = "PEKERJAAN_DIKECUALIKAN"
    PELANGGARAN_KOMITMEN = "PELANGGARAN_KOMITMEN"
    UNKNOWN = "UNKNOWN"


class AsesmenResult(Kind):
    """The result of an assessment. It ends nothing by itself."""

    SIAP = "SIAP"
    BELUM_SIAP = "BELUM_SIAP"
    DIKECUALIKAN = "DIKECUALIKAN"
    UNKNOWN = "UNKNOWN"


class ClosedAs(Kind):
    """How a case ended without a penetapan."""

    DITOLAK = "DITOLAK"
    DIBATALKAN = "DIBATALKAN"
    UNKNOWN = "UNKNOWN"


class MonitoringOutcome(Kind):
    """The outcome of the monitoring after an exit.

    MENINGGAL and BERGABUNG: the family ended, because its only member died or joined another family.
    """

    BERTAHAN = "BERTAHAN"
    KAMBUH = "KAMBUH"
    MENINGGAL = "MENINGGAL"
    BERGABUNG = "BERGABUNG"
    UNKNOWN = "UNKNOWN"


# Without UNKNOWN: a request may not send it, and events have the cause as text.
class RelapseCause(StrEnum):
    """Why a family has relapsed. It is coded because it is part of events."""

    USAHA_TUTUP = "USAHA_TUTUP"
    KEHILANGAN_PEKERJAAN = "KEHILANGAN_PEKERJAAN"
    SAKIT = "SAKIT"
    KEMATIAN_PENCARI_NAFKAH = "KEMATIAN_PENCARI_NAFKAH"
    BENCANA = "BENCANA"
    LAINNYA = "LAINNYA"


class SanggahOutcome(Kind):
    """The decision on an objection.

    DITERIMA annuls the SK for the family, DITOLAK does not. GUGUR: the SK was undone before a decision, by another
    objection or because the only member died. SALAH_CATAT: it was recorded in error, and does not count.
    """

    DITERIMA = "DITERIMA"
    DITOLAK = "DITOLAK"
    GUGUR = "GUGUR"
    SALAH_CATAT = "SALAH_CATAT"
    UNKNOWN = "UNKNOWN"


class BackPayReason(Kind):
    """Why a family receives the withheld payment of a tahap after an annulment, or not.

    TETAP_BERHAK: it is paid, because the family was entitled. PUTUSAN: a court or superior ordered either. TIDAK_BERHAK,
    SUDAH_DIBAYAR, ANGGARAN_DITUTUP: it is not, because the family was not entitled, has been paid otherwise, or the
    budget year is closed. MENINGGAL: the only member has died.
    """

    TETAP_BERHAK = "TETAP_BERHAK"
    PUTUSAN = "PUTUSAN"
    TIDAK_BERHAK = "TIDAK_BERHAK"
    SUDAH_DIBAYAR = "SUDAH_DIBAYAR"
    ANGGARAN_DITUTUP = "ANGGARAN_DITUTUP"
    MENINGGAL = "MENINGGAL"
    LAINNYA = "LAINNYA"
    UNKNOWN = "UNKNOWN"


class LimitSide(Kind):
    """Which way a caseload crossed its limit."""

    ABOVE = "ABOVE"
    BELOW = "BELOW"
    UNKNOWN = "UNKNOWN"
