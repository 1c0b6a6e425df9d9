"""Sealing of a family's identity to a recipient service, once per consent (docs/messaging.md#sealed-topic)."""

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
from shared.privacy.hpke import public_key_id

RECIPIENT = "referral"


async def seal_identity(session: AsyncSession, event: ConsentGiven) -> None:
    """Seal NIK, name and phone of the pengurus to referral.

    Nothing happens if they are sealed already or this consent was withdrawn.
    """
    await write_once(session, Sealing, _to_row(event) | {"state": SealingState.CONSENTED})
    key = (RECIPIENT, event.rujukan_program_id)
    sealing = await session.get_one(Sealing, key, with_for_update=True, populate_existing=True)
    if sealing.state is SealingState.WITHDRAWN and sealing.consent_id != event.consent_id:
        sealing.transition_to(SealingState.CONSENTED)
        sealing.consent_id, sealing.text_version = event.consent_id, event.text_version
    fields = await read_minimum_fields(session, event.kpm_id)
    if sealing.state is SealingState.CONSENTED and fields is not None:
        await emit_sealed_identity(session, sealing, fields)


async def seal_consented(session: AsyncSession, kpm_ids: Sequence[UUID]) -> None:
    """Seal the identity for consents that families gave while they had no pengurus."""
    statement = sa.select(Sealing).where(Sealing.kpm_id.in_(kpm_ids), Sealing.state == SealingState.CONSENTED)
    for sealing in (await session.scalars(statement.with_for_update())).all():
        fields = await read_minimum_fields(session, sealing.kpm_id)
        if fields is not None:
            await emit_sealed_identity(session, sealing, fields)


async def emit_sealed_identity(session: AsyncSession, sealing: Sealing, fields: dict[str, str]) -> None:
    """Seal the fields with the recipient's public key and emit them."""
    public_key = read_public_key(vault_of(session).folder / "recipients" / f"{RECIPIENT}.pub")
    key_id = public_key_id(public_key)
    sealed = seal_to(public_key, fields, RECIPIENT, sealing.for_id, key_id)
    ciphertext = base64.b64encode(sealed).decode()
    sealing.transition_to(SealingState.SEALED)
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


async def read_minimum_fields(session: AsyncSession, kpm_id: UUID) -> dict[str, str] | None:
    """Return NIK, name and phone of the family's pengurus, None without a pengurus.

    The values are in clear text: use them for sealing only.
    """
    vault = vault_of(session)
    statement = (
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
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        return None
    location = {"table": "kpm_anggota", "row_id": row.nik_index.hex()}
    phone = row.phone_sealed and vault.open(
        row.phone_sealed, table="kpm", column="phone", row_id=row.sealed_for.hex()
    )
    return {
        "nik": vault.open(row.nik_sealed, column="nik", **location),
        "name": vault.open(row.name_sealed, column="name", **location),
        "phone": phone or "",
    }


async def stop_sealing(session: AsyncSession, event: ConsentWithdrawn) -> None:
    """Record that the consent is withdrawn, so that nothing more is sealed for it."""
    row = _to_row(event)
    withdrawn = {"state": SealingState.WITHDRAWN, "withdrawn_at": await clock.now(session)}
    await upsert(session, Sealing, [row | withdrawn], key=["recipient", "for_id"], keep=row)


def _to_row(event: ConsentGiven | ConsentWithdrawn) -> dict[str, object]:
    return {
        "recipient": RECIPIENT,
        "for_id": event.rujukan_program_id,
        "kpm_id": event.kpm_id,
        "consent_id": event.consent_id,
        "partner_id": event.partner_id,
        "text_version": event.text_version,
    }
