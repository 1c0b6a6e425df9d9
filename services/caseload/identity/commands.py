"""A family's identity sealed to a recipient service, once per consented thing (chain.md 6)."""

import base64
from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.models import Kpm, KpmAnggota
from services.caseload.identity.models import Sealing, SealingState
from shared import clock
from shared.contracts.caseload import IdentitySealed
from shared.contracts.referral import ConsentGiven, ConsentWithdrawn
from shared.database import upsert, vault_of, write_once
from shared.messaging import emit
from shared.privacy import read_public_key, seal_to
from shared.privacy.sealing import public_key_id

RECIPIENT = "referral"


async def seal_identity(session: AsyncSession, event: ConsentGiven) -> None:
    """Seal NIK, name and phone of the pengurus to referral; sealed or withdrawn before: nothing."""
    await write_once(session, Sealing, _sealing(event) | {"state": SealingState.CONSENTED})
    place = (RECIPIENT, event.rujukan_program_id)
    sealing = await session.get_one(Sealing, place, with_for_update=True, populate_existing=True)
    if sealing.state is SealingState.WITHDRAWN and sealing.consent_id != event.consent_id:
        sealing.become(SealingState.CONSENTED)
        sealing.consent_id, sealing.text_version = event.consent_id, event.text_version
    fields = await minimum_fields(session, event.kpm_id)
    if sealing.state is SealingState.CONSENTED and fields is not None:
        await tell_sealed(session, sealing, fields)


async def seal_waiting(session: AsyncSession, kpm_ids: Sequence[UUID]) -> None:
    """Seal what a family agreed to while it had no pengurus: now it has one."""
    waiting = sa.select(Sealing).where(Sealing.kpm_id.in_(kpm_ids), Sealing.state == SealingState.CONSENTED)
    for sealing in (await session.scalars(waiting.with_for_update())).all():
        fields = await minimum_fields(session, sealing.kpm_id)
        if fields is not None:
            await tell_sealed(session, sealing, fields)


async def tell_sealed(session: AsyncSession, sealing: Sealing, fields: dict[str, str]) -> None:
    """Seal to the recipient's public key and put it on its way."""
    public_key = read_public_key(vault_of(session).folder / "recipients" / f"{RECIPIENT}.pub")
    key_id = public_key_id(public_key)
    sealed = seal_to(public_key, fields, RECIPIENT, sealing.for_id, key_id)
    ciphertext = base64.b64encode(sealed).decode()
    sealing.become(SealingState.SEALED)
    sealing.key_id, sealing.sealed_at = key_id, await clock.now(session)
    emit(
        session,
        IdentitySealed(
            recipient=RECIPIENT,
            for_id=sealing.for_id,
            kpm_id=sealing.kpm_id,
            key_id=key_id,
            ciphertext=ciphertext,
        ),
    )


async def minimum_fields(session: AsyncSession, kpm_id: UUID) -> dict[str, str] | None:
    """Return NIK, name and phone of the family's pengurus, in clear, for sealing alone; None when nobody is known."""
    vault = vault_of(session)
    wanted = (
        sa.select(
            KpmAnggota.nik_index,
            KpmAnggota.nik_sealed,
            KpmAnggota.name_sealed,
            Kpm.sealed_for,
            Kpm.phone_sealed,
        )
        .join(Kpm, Kpm.kpm_id == KpmAnggota.kpm_id)
        .where(KpmAnggota.kpm_id == kpm_id, KpmAnggota.pengurus, KpmAnggota.left_on.is_(None))
    )
    found = (await session.execute(wanted)).one_or_none()
    if found is None:
        return None
    place = {"table": "kpm_anggota", "row_id": found.nik_index.hex()}
    phone = found.phone_sealed and vault.open(
        found.phone_sealed, table="kpm", column="phone", row_id=found.sealed_for.hex()
    )
    return {
        "nik": vault.open(found.nik_sealed, column="nik", **place),
        "name": vault.open(found.name_sealed, column="name", **place),
        "phone": phone or "",
    }


async def stop_sealing(session: AsyncSession, event: ConsentWithdrawn) -> None:
    """Remember that the consent is taken back; nothing more is sealed for it."""
    consent = _sealing(event)
    stopped = {"state": SealingState.WITHDRAWN, "withdrawn_at": await clock.now(session)}
    await upsert(session, Sealing, [consent | stopped], key=["recipient", "for_id"], keep=consent)


def _sealing(event: ConsentGiven | ConsentWithdrawn) -> dict[str, object]:
    return {
        "recipient": RECIPIENT,
        "for_id": event.rujukan_program_id,
        "kpm_id": event.kpm_id,
        "consent_id": event.consent_id,
        "partner_id": event.partner_id,
        "text_version": event.text_version,
    }
