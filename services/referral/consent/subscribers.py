import base64
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.consent.commands import (
    RECIPIENT,
    keep_identity,
    pause_rujukan,
    resume_rujukan,
    withdraw_rujukan,
)
from services.referral.rujukan.queries import all_rujukan_of
from services.referral.sending.commands import ask_all
from services.referral.subscriptions import graduation, identity
from shared.contracts.caseload import IdentitySealed
from shared.contracts.graduation import GraduasiAnnulled, KpmGraduated, SanggahDecided, SanggahLodged
from shared.contracts.kinds import SanggahOutcome
from shared.database import vault_of
from shared.privacy import SealBroken, SealingKey, open_sealed


@graduation.on(KpmGraduated)
async def send_what_waited(session: AsyncSession, event: KpmGraduated) -> None:
    """Send what waited for the effect; the certificate's number goes with it."""
    for rujukan in await all_rujukan_of(session, event.graduasi_id):
        rujukan.effective_on, rujukan.certificate_no = event.effective_on, event.certificate_no
        rujukan.version += 1
        await ask_all(session, rujukan.rujukan_id)


@graduation.on(SanggahLodged)
async def pause_case(session: AsyncSession, event: SanggahLodged) -> None:
    """Send nothing more while an objection that suspends is open; deadlines stand still."""
    if event.suspends:
        for rujukan in await all_rujukan_of(session, event.graduasi_id):
            await pause_rujukan(session, rujukan, event.sanggah_id)


@graduation.on(SanggahDecided)
async def resume_case(session: AsyncSession, event: SanggahDecided) -> None:
    """Refused: what was held goes on. Accepted: the annulment follows and takes everything back."""
    if event.outcome is SanggahOutcome.DITOLAK:
        for rujukan in await all_rujukan_of(session, event.graduasi_id):
            await resume_rujukan(session, rujukan, event.sanggah_id)


@graduation.on(GraduasiAnnulled)
async def withdraw_case(session: AsyncSession, event: GraduasiAnnulled) -> None:
    """Take the case and all its offers back; partners that know of it are told."""
    for rujukan in await all_rujukan_of(session, event.graduasi_id):
        await withdraw_rujukan(session, rujukan, event.reason)


@identity.on(IdentitySealed)
async def receive_identity(session: AsyncSession, event: IdentitySealed) -> None:
    """Open what caseload sealed for a consented sending, and keep it under own keys. What is another's is not read."""
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
