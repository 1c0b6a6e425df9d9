"""The field's own values, as they travel: each kind also reads what a newer publisher may say, as UNKNOWN."""

from enum import StrEnum
from typing import Self


class Kind(StrEnum):
    """A coded value of the field. `Kind(value)` never fails for a value added later: it reads as UNKNOWN."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return cls.__members__.get("UNKNOWN") if isinstance(value, str) else None

    @classmethod
    def known(cls) -> list[Self]:
        """The values that may be stored and sent: all but UNKNOWN."""
        return [member for member in cls if member.name != "UNKNOWN"]


class SubjectKind(Kind):
    """Who is registered: a person with a NIK, or an organisation without (LKS, karang taruna)."""

    PERSON = "PERSON"
    LEMBAGA = "LEMBAGA"
    UNKNOWN = "UNKNOWN"


class PendampingStatus(Kind):
    """CALON to AKTIF, AKTIF to and from CUTI and NONAKTIF; the rest are ends."""

    CALON = "CALON"
    AKTIF = "AKTIF"
    CUTI = "CUTI"
    NONAKTIF = "NONAKTIF"
    MUTASI = "MUTASI"
    PENSIUN = "PENSIUN"
    BERAKHIR_KONTRAK = "BERAKHIR_KONTRAK"
    DIBERHENTIKAN = "DIBERHENTIKAN"
    MENINGGAL = "MENINGGAL"
    UNKNOWN = "UNKNOWN"


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
    """On what terms somebody serves."""

    PPPK = "PPPK"
    PNS = "PNS"
    PPPK_PARUH_WAKTU = "PPPK_PARUH_WAKTU"
    KONTRAK = "KONTRAK"
    RELAWAN = "RELAWAN"
    LEMBAGA = "LEMBAGA"
    UNKNOWN = "UNKNOWN"


class Bansos(Kind):
    """What a family leaves. A case ends one kepesertaan in one of these; nothing cascades."""

    PKH = "PKH"
    SEMBAKO = "SEMBAKO"
    PBI = "PBI"
    UNKNOWN = "UNKNOWN"


class KomponenKind(Kind):
    """What in a family gives PKH entitlement."""

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
    """A desil means nothing without the population it ranks in."""

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
    """The line of a family's business; the five PENA sectors and trade."""

    MAKANAN = "MAKANAN"
    KERAJINAN = "KERAJINAN"
    JASA = "JASA"
    PERTANIAN = "PERTANIAN"
    PETERNAKAN = "PETERNAKAN"
    PERDAGANGAN = "PERDAGANGAN"
    PERIKANAN = "PERIKANAN"
    LAINNYA = "LAINNYA"
    UNKNOWN = "UNKNOWN"


class DampinganPurpose(Kind):
    """PENDAMPINGAN weighs on the limit of a caseload; PEMANTAUAN, after an exit, does not."""

    PENDAMPINGAN = "PENDAMPINGAN"
    PEMANTAUAN = "PEMANTAUAN"
    UNKNOWN = "UNKNOWN"


class ExitReason(Kind):
    """Why a family leaves a bansos; a case opens only on those that have a policy row."""

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
    """What an assessment concludes; it never ends anything by itself."""

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
    """How the months after an exit ended: the family stood, or fell back."""

    BERTAHAN = "BERTAHAN"
    KAMBUH = "KAMBUH"
    UNKNOWN = "UNKNOWN"


# Requests name it and events carry it as text: no UNKNOWN, which a request must not say.
class RelapseCause(StrEnum):
    """Why a family has fallen back; coded, because it travels."""

    USAHA_TUTUP = "USAHA_TUTUP"
    KEHILANGAN_PEKERJAAN = "KEHILANGAN_PEKERJAAN"
    SAKIT = "SAKIT"
    KEMATIAN_PENCARI_NAFKAH = "KEMATIAN_PENCARI_NAFKAH"
    BENCANA = "BENCANA"
    LAINNYA = "LAINNYA"


class SanggahOutcome(Kind):
    """DITERIMA undoes the SK for the family, DITOLAK lets it stand."""

    DITERIMA = "DITERIMA"
    DITOLAK = "DITOLAK"
    UNKNOWN = "UNKNOWN"


class BenefitKind(Kind):
    """What a program gives; the first three are what every graduate is to be offered."""

    MODAL = "MODAL"
    PENDAMPINGAN = "PENDAMPINGAN"
    PASAR = "PASAR"
    PELATIHAN = "PELATIHAN"
    JAMINAN = "JAMINAN"
    PEKERJAAN = "PEKERJAAN"
    UNKNOWN = "UNKNOWN"


class RujukanPurpose(Kind):
    """Why a rujukan was opened: by a graduation, exactly one each; or because its family fell back, at most one."""

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


class LimitSide(Kind):
    """Which way a caseload crossed its limit."""

    ABOVE = "ABOVE"
    BELOW = "BELOW"
    UNKNOWN = "UNKNOWN"
