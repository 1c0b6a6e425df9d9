"""Events of caseload about home visits and P2K2 sessions.

The key is `kpm_id`, of a session `pendamping_id`.
"""

from datetime import date
from uuid import UUID

from shared.contracts.kinds import Kind
from shared.events import Event


class VoidReason(Kind):
    """Why a record of a visit, a session, the monitoring or aid does not count."""

    SALAH_KELUARGA = "SALAH_KELUARGA"
    SALAH_TANGGAL = "SALAH_TANGGAL"
    SALAH_ISI = "SALAH_ISI"
    TERCATAT_GANDA = "TERCATAT_GANDA"
    TIDAK_TERJADI = "TIDAK_TERJADI"
    LAINNYA = "LAINNYA"
    UNKNOWN = "UNKNOWN"


class KunjunganRecorded(Event, wire="caseload.kunjungan_recorded.v1", key="kpm_id"):
    """A home visit was made.

    Used by: registry.load
    """

    kunjungan_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    pendamping_id: UUID
    penugasan_id: UUID
    on: date


class P2k2Held(Event, wire="caseload.p2k2_held.v1", key="pendamping_id"):
    """A P2K2 session was held, with the number of invited and attending families.

    Used by: registry.load
    """

    p2k2_sesi_id: UUID
    pendamping_id: UUID
    penugasan_id: UUID
    kode_wilayah: str
    on: date
    invited: int
    attended: int


class KunjunganVoided(Event, wire="caseload.kunjungan_voided.v1", key="kpm_id"):
    """A recorded home visit does not count.

    Used by: registry.load

    The other fields are those of its record.
    """

    kunjungan_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    pendamping_id: UUID
    penugasan_id: UUID
    on: date
    reason: VoidReason
    voided_on: date


class P2k2Voided(Event, wire="caseload.p2k2_voided.v1", key="pendamping_id"):
    """A recorded P2K2 session does not count.

    Used by: registry.load

    The other fields are those of its record.
    """

    p2k2_sesi_id: UUID
    pendamping_id: UUID
    penugasan_id: UUID
    kode_wilayah: str
    on: date
    invited: int
    attended: int
    reason: VoidReason
    voided_on: date
