"""Effects of graduations, sanggah and sealed identities on rujukan."""

import base64
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.consent.commands import (
    RECIPIENT,
    pause_rujukan,
    resume_rujukan,
    store_identity,
    withdraw_rujukan,
)
from services.referral.partner_call.commands import schedule_all_sendings
from services.referral.rujukan.queries import lock_all_rujukan
from services.referral.subscriptions import graduation, identity
from shared.contracts.caseload import IdentitySealed
from shared.contracts.graduation import GraduasiAnnulled, KpmGraduated, SanggahDecided, SanggahLodged
from shared.contracts.kinds import SanggahOutcome
from shared.database import vault_of
from shared.privacy import SealBroken, SealingKey, open_sealed


@graduation.on(KpmGraduated)
async def send_after_effect(session: AsyncSession, event: KpmGraduated) -> None:
    """Send what waited for the effective date. The number of the certificate is now known."""
    for rujukan in await lock_all_rujukan(session, event.graduasi_id):
        rujukan.effective_on, rujukan.certificate_no = event.effective_on, event.certificate_no
        rujukan.version += 1
        await schedule_all_sendings(session, rujukan.rujukan_id)


@graduation.on(SanggahLodged)
async def pause_case(session: AsyncSession, event: SanggahLodged) -> None:
    """Pause the rujukan while a sanggah that suspends is open. Deadlines are paused too."""
    if event.suspends:
        for rujukan in await lock_all_rujukan(session, event.graduasi_id):
            await pause_rujukan(session, rujukan, event.sanggah_id)


@graduation.on(SanggahDecided)
async def resume_case(session: AsyncSession, event: SanggahDecided) -> None:
    """Resume the rujukan after a sanggah that was refused, wrong or has lapsed.

    It may have moved an effect that there was: no other event does. After an accepted one the annulment follows, which
    withdraws the rujukan.
    """
    if event.outcome in {SanggahOutcome.DITOLAK, SanggahOutcome.GUGUR, SanggahOutcome.SALAH_CATAT}:
        for rujukan in await lock_all_rujukan(session, event.graduasi_id):
            await resume_rujukan(session, rujukan, event.sanggah_id)
            if event.effective_on is not None and rujukan.effective_on is not None:
                rujukan.effective_on = event.effective_on


@graduation.on(GraduasiAnnulled)
async def withdraw_case(session: AsyncSession, event: GraduasiAnnulled) -> None:
    """Withdraw the rujukan and all its offers. Partners that were notified are notified of it."""
    for rujukan in await lock_all_rujukan(session, event.graduasi_id):
        await withdraw_rujukan(session, rujukan, event.reason)


@identity.on(IdentitySealed)
async def receive_identity(session: AsyncSession, event: IdentitySealed) -> None:
    """Open an identity sealed by caseload, and store it under own keys.

    Identities for other recipients are ignored.
    """
    if event.recipient == RECIPIENT:
        person = _open_identity(session, event)
        await store_identity(session, event.for_id, event.kpm_id, person)


def _open_identity(session: AsyncSession, event: IdentitySealed) -> dict[str, Any]:
    """Return the fields.

    Without the key, SealBroken parks the event, which operators see.
    """
    for key in SealingKey.read(vault_of(session).folder):
        if key.key_id == event.key_id:
            sealed = base64.b64decode(event.ciphertext, validate=True)
            return open_sealed(key.private_key, sealed, RECIPIENT, event.for_id, event.key_id)
    message = "sealed for a key that this service does not have"
    raise SealBroken(message)
