"""What referral does when something happens elsewhere."""

import base64
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.commands.moving import follow_families
from services.referral.commands.opening import all_rujukan_of, open_rujukan
from services.referral.commands.pausing import pause_rujukan, resume_rujukan
from services.referral.commands.relapse import open_next
from services.referral.commands.sending import ask_all
from services.referral.commands.sharing import RECIPIENT, keep_identity, withdraw_rujukan
from services.referral.models import (
    Dampingan,
    Kpm,
    Pendamping,
    Penugasan,
    Usaha,
    WilayahTugas,
)
from shared.contracts.caseload import (
    DampinganChanged,
    DampinganEnded,
    DampinganFacts,
    DampinganStarted,
    IdentitySealed,
    KpmFacts,
    KpmRegistered,
    KpmUpdated,
    UsahaRecorded,
)
from shared.contracts.graduation import (
    GraduasiAnnulled,
    GraduasiDetermined,
    KpmGraduated,
    RelapseConfirmed,
    SanggahDecided,
    SanggahLodged,
)
from shared.contracts.kinds import SanggahOutcome
from shared.contracts.registry import (
    PendampingRegistered,
    PendampingStatusChanged,
    PenugasanEnded,
    PenugasanStarted,
    WilayahTugasEnded,
    WilayahTugasPlaced,
)
from shared.database import upsert, vault_of
from shared.messaging import Meta, Received, Subscription
from shared.privacy import SealBroken, SealingKey, open_sealed

kpm = Subscription("kpm", "replica", ["pilar.caseload"])
pendamping = Subscription("pendamping", "replica", ["pilar.registry"])
graduation = Subscription("graduation", "reaction", ["pilar.graduation"], starts="beginning")
identity = Subscription("identity", "reaction", ["pilar.sealed"], starts="beginning")
moves = Subscription("moves", "reaction", ["pilar.caseload"], starts="beginning")
SUBSCRIPTIONS = [pendamping, kpm, graduation, identity, moves]

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


@graduation.on(GraduasiDetermined)
async def open_case(session: AsyncSession, event: GraduasiDetermined, meta: Meta) -> None:
    """Open the one rujukan of this graduation, with one draft for each program that fits."""
    del meta
    await open_rujukan(session, event)


@graduation.on(KpmGraduated)
async def send_what_waited(session: AsyncSession, event: KpmGraduated, meta: Meta) -> None:
    """Send what waited for the effect; the certificate's number goes with it."""
    del meta
    for rujukan in await all_rujukan_of(session, event.graduasi_id):
        rujukan.effective_on, rujukan.certificate_no = event.effective_on, event.certificate_no
        rujukan.version += 1
        await ask_all(session, rujukan.rujukan_id)


@graduation.on(SanggahLodged)
async def pause_case(session: AsyncSession, event: SanggahLodged, meta: Meta) -> None:
    """Send nothing more while an objection that suspends is open; deadlines stand still."""
    del meta
    if event.suspends:
        for rujukan in await all_rujukan_of(session, event.graduasi_id):
            await pause_rujukan(session, rujukan, event.sanggah_id)


@graduation.on(SanggahDecided)
async def resume_case(session: AsyncSession, event: SanggahDecided, meta: Meta) -> None:
    """Refused: what was held goes on. Accepted: the annulment follows and takes everything back."""
    del meta
    if event.outcome is SanggahOutcome.DITOLAK:
        for rujukan in await all_rujukan_of(session, event.graduasi_id):
            await resume_rujukan(session, rujukan, event.sanggah_id)


@graduation.on(GraduasiAnnulled)
async def withdraw_case(session: AsyncSession, event: GraduasiAnnulled, meta: Meta) -> None:
    """Take the case and all its offers back; partners that know of it are told."""
    del meta
    for rujukan in await all_rujukan_of(session, event.graduasi_id):
        await withdraw_rujukan(session, rujukan, event.reason)


@graduation.on(RelapseConfirmed)
async def offer_again(session: AsyncSession, event: RelapseConfirmed, meta: Meta) -> None:
    """The family has fallen back: see what else there is for it."""
    del meta
    await open_next(session, event)


@moves.on_batch(KpmUpdated)
async def take_rujukan_along(session: AsyncSession, facts: list[Received[KpmUpdated]]) -> None:
    """Where a family lives now its rujukan are seen to; heard with each word of the family."""
    await follow_families(session, {fact.event.kpm_id: fact.event.kode_wilayah for fact in facts})


@identity.on(IdentitySealed)
async def receive_identity(session: AsyncSession, event: IdentitySealed, meta: Meta) -> None:
    """Open what caseload sealed for a consented sending, and keep it under own keys. What is another's is not read."""
    del meta
    if event.recipient == RECIPIENT:
        person = _opened(session, event)
        await keep_identity(session, event.for_id, event.kpm_id, person)


def _opened(session: AsyncSession, event: IdentitySealed) -> dict[str, Any]:
    """Return the fields; SealBroken parks the event, visible to operators, where the key it needs is not here."""
    for key in SealingKey.read(vault_of(session).folder):
        if key.key_id == event.key_id:
            sealed = base64.b64decode(event.ciphertext, validate=True)
            return open_sealed(key.private_key, sealed, RECIPIENT, event.for_id, event.key_id)
    message = "sealed for a key that this service does not have"
    raise SealBroken(message)
