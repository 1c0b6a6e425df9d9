from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.replicas.models import Dampingan, Kpm, Pendamping, Penugasan, Usaha, WilayahTugas
from services.referral.subscriptions import kpm, pendamping
from shared.contracts.caseload import (
    DampinganChanged,
    DampinganEnded,
    DampinganFacts,
    DampinganStarted,
    KpmFacts,
    KpmRegistered,
    KpmUpdated,
    UsahaRecorded,
)
from shared.contracts.registry import (
    PendampingRegistered,
    PendampingStatusChanged,
    PenugasanEnded,
    PenugasanStarted,
    WilayahTugasEnded,
    WilayahTugasPlaced,
)
from shared.database import upsert
from shared.messaging import Received

COUNTS = ("members", "able_productive", "lansia", "disabilitas", "komponen")
KPM = ("kpm_id", "kode_wilayah", *COUNTS, "desil", "pengurus_sex", "pengurus_birth_year")
USAHA = ("usaha_id", "kpm_id", "owner_sex", "owner_birth_year", "owner_married", "sector", "started_on")
USAHA_STATE = ("omzet_rp", "has_nib", "has_letter")
STATUS = ("pendamping_id", "from_on", "status")
PENUGASAN = ("penugasan_id", "pendamping_id", "valid_from", "valid_to")
WILAYAH_TUGAS = (
    "wilayah_tugas_id",
    "penugasan_id",
    "pendamping_id",
    "kode_wilayah",
    "valid_from",
    "valid_to",
)
DAMPINGAN = ("dampingan_id", "kpm_id", "pendamping_id", "purpose", "valid_from", "valid_to")


@kpm.on_batch(KpmRegistered, KpmUpdated)
async def keep_kpm(session: AsyncSession, facts: list[Received[KpmFacts]]) -> None:
    """Keep each family's newest state."""
    await upsert(session, Kpm, [_picked(fact.event, KPM) for fact in facts], key=["kpm_id"])


@kpm.on_batch(UsahaRecorded)
async def keep_usaha(session: AsyncSession, facts: list[Received[UsahaRecorded]]) -> None:
    """Keep each business's newest state."""
    await upsert(
        session, Usaha, [_picked(fact.event, USAHA + USAHA_STATE) for fact in facts], key=["usaha_id"]
    )


@kpm.on_batch(DampinganStarted, DampinganChanged, DampinganEnded)
async def keep_dampingan(session: AsyncSession, facts: list[Received[DampinganFacts]]) -> None:
    """Keep who accompanies a family, so that rights follow."""
    await upsert(session, Dampingan, [_picked(fact.event, DAMPINGAN) for fact in facts], key=["dampingan_id"])


@pendamping.on_batch(PendampingRegistered, PendampingStatusChanged)
async def keep_pendamping(session: AsyncSession, facts: list[Received[Any]]) -> None:
    """Keep each status with the day from which it holds: anything but AKTIF means no new acts."""
    rows = [_picked(fact.event, STATUS) for fact in facts]
    await upsert(session, Pendamping, rows, key=["pendamping_id", "from_on"])


@pendamping.on_batch(PenugasanStarted, PenugasanEnded)
async def keep_penugasan(session: AsyncSession, facts: list[Received[Any]]) -> None:
    """Keep in which ranges somebody serves."""
    rows = [_picked(fact.event, PENUGASAN) for fact in facts]
    await upsert(session, Penugasan, rows, key=["penugasan_id"])


@pendamping.on_batch(WilayahTugasPlaced, WilayahTugasEnded)
async def keep_wilayah_tugas(session: AsyncSession, facts: list[Received[Any]]) -> None:
    """Keep where."""
    rows = [_picked(fact.event, WILAYAH_TUGAS) for fact in facts]
    await upsert(session, WilayahTugas, rows, key=["wilayah_tugas_id"])


def _picked(event: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return event.model_dump(mode="json", include=set(names))
