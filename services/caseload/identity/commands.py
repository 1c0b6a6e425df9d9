"""Sealing of a family's identity to a recipient service, for each consent (docs/messaging.md#sealed-topic)."""

import base64
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.models import Kpm, KpmAnggota
from services.caseload.identity.models import Sealing, SealingState
from services.caseload.replicas.models import Aid
from shared import clock
from shared.audit.steps import record_disclosure
from shared.contracts.caseload import IdentitySealed
from shared.contracts.referral import ConsentGiven, ConsentWithdrawn
from shared.database import upsert, vault_of, write_once
from shared.messaging import emit
from shared.privacy import read_public_key, seal_to
from shared.privacy.hpke import public_key_id

RECIPIENT = "referral"
SEAL = "identity.seal"


async def seal_identity(session: AsyncSession, event: ConsentGiven) -> None:
    """Seal the identities of the persons whom the consent names to referral.

    Nothing happens if they are sealed already, if this consent was withdrawn, or if one of them died or left: then
    referral lapses the consent.
    """
    await write_once(session, Sealing, _to_row(event) | {"state": SealingState.CONSENTED})
    key = (RECIPIENT, event.rujukan_program_id)
    sealing = await session.get_one(Sealing, key, with_for_update=True, populate_existing=True)
    if sealing.state is SealingState.WITHDRAWN and sealing.consent_id != event.consent_id:
        sealing.transition_to(SealingState.CONSENTED)
        sealing.consent_id, sealing.text_version = event.consent_id, event.text_version
        sealing.persons = event.persons
    fields = await read_minimum_fields(session, event.kpm_id, sealing.persons)
    if sealing.state is SealingState.CONSENTED and fields is not None:
        await emit_sealed_identity(session, sealing, fields)


async def seal_consented(session: AsyncSession, kpm_ids: Sequence[UUID]) -> None:
    """Seal identities that wait for a member, or are unsent and have changed.

    Referral stores what it has not sent yet.
    """
    unsent = sa.and_(
        Sealing.state == SealingState.SEALED,
        ~sa.exists().where(Aid.rujukan_program_id == Sealing.for_id),
    )
    statement = sa.select(Sealing).where(
        Sealing.kpm_id.in_(kpm_ids), sa.or_(Sealing.state == SealingState.CONSENTED, unsent)
    )
    for sealing in (await session.scalars(statement.with_for_update())).all():
        fields = await read_minimum_fields(session, sealing.kpm_id, sealing.persons)
        if fields is not None:
            await emit_sealed_identity(session, sealing, fields)


async def emit_sealed_identity(session: AsyncSession, sealing: Sealing, fields: dict[str, Any]) -> None:
    """Seal the fields and emit them, unless they are sealed already."""
    digest = vault_of(session).index("identity", orjson.dumps(fields, option=orjson.OPT_SORT_KEYS).decode())
    if sealing.state is SealingState.SEALED and digest == sealing.digest:
        return
    public_key = read_public_key(vault_of(session).folder / "recipients" / f"{RECIPIENT}.pub")
    key_id = public_key_id(public_key)
    sealed = seal_to(public_key, fields, RECIPIENT, sealing.for_id, key_id)
    ciphertext = base64.b64encode(sealed).decode()
    if sealing.state is not SealingState.SEALED:
        sealing.transition_to(SealingState.SEALED)
    sealing.digest, sealing.key_id, sealing.sealed_at = digest, key_id, await clock.now(session)
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
    await record_disclosure(session, SEAL, sealing.partner_id, sealing.kpm_id, sealing.for_id)


async def read_minimum_fields(
    session: AsyncSession, kpm_id: UUID, persons: Sequence[UUID]
) -> dict[str, Any] | None:
    """Return NIK, name and relation of each person, and the family's phone.

    NIK and name of the first person, the signer, are repeated beside the list. The values are in clear text: use them
    for sealing only.

    Returns:
        None if nobody is named, or one of them is not a member of the family any more.
    """
    own = sa.select(KpmAnggota).where(KpmAnggota.kpm_id == kpm_id, KpmAnggota.left_on.is_(None))
    named = await session.scalars(own.where(KpmAnggota.anggota_id.in_(persons)))
    members = {row.anggota_id: row for row in named}
    if not members or len(members) < len(persons):
        return None
    people = [_read_person(session, members[anggota_id]) for anggota_id in persons]
    first = {name: people[0][name] for name in ("nik", "name")}
    return {**first, "phone": await _read_phone(session, kpm_id), "persons": people}


def _read_person(session: AsyncSession, member: KpmAnggota) -> dict[str, str]:
    vault, location = vault_of(session), {"table": "kpm_anggota", "row_id": member.nik_index.hex()}
    return {
        "anggota_id": str(member.anggota_id),
        "relation": member.relation,
        "nik": vault.open(member.nik_sealed, column="nik", **location) if member.nik_sealed else "",
        "name": vault.open(member.name_sealed, column="name", **location),
    }


async def _read_phone(session: AsyncSession, kpm_id: UUID) -> str:
    statement = sa.select(Kpm.phone_sealed, Kpm.sealed_for).where(Kpm.kpm_id == kpm_id)
    row = (await session.execute(statement)).one()
    place = {"table": "kpm", "column": "phone", "row_id": row.sealed_for.hex()}
    return vault_of(session).open(row.phone_sealed, **place) if row.phone_sealed else ""


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
        "persons": event.persons,
    }
