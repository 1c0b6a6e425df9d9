"""Change the name and phone of a pendamping, and correct the NIK."""

import secrets
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.pendamping.commands.registration import SEALED_TABLE
from services.registry.pendamping.errors import ContactChangeEmpty, NikAlreadyRegistered, NikNeedsPerson
from services.registry.pendamping.models import ContactHistory, ContactTerms, NikTerms, Pendamping
from shared.access import Actor, Scope
from shared.database import load, refuse_violations, uuid7, vault_of
from shared.errors import NotAllowed, NotFound
from shared.evidence import EvidenceKind, EvidenceUse, require_evidence
from shared.phone import Phone
from shared.privacy import Nik

HISTORY_TABLE = "contact_history"
MINISTRY_SCOPES = frozenset({Scope.NATIONAL, Scope.DITJEN})


async def load_own(session: AsyncSession, actor: Actor, pendamping_id: UUID) -> Pendamping:
    """Return the locked row, if the actor is the ministry, its ditjen or this pendamping.

    Raises:
        NotFound: There is no such row, or the actor is somebody else.
    """
    if actor.scope not in MINISTRY_SCOPES and actor.pendamping_id != pendamping_id:
        raise NotFound("pendamping")
    return await load(session, Pendamping, pendamping_id, noun="pendamping")


async def change_contact(
    session: AsyncSession, actor: Actor, row: Pendamping, terms: ContactTerms
) -> Pendamping:
    """Change the name or the phone, and store the previous values in the history.

    A field that is not given does not change. A phone of null clears it. The caller has locked `row`. No event is
    emitted, because the values are personal.

    Raises:
        ContactChangeEmpty: Neither is given.
        NotAllowed: Only the ministry changes a name.
    """
    if terms.name is None and "phone" not in terms.model_fields_set:
        raise ContactChangeEmpty("/body")
    if terms.name is not None and actor.scope not in MINISTRY_SCOPES:
        raise NotAllowed("/body/name")
    _append_contact_history(session, actor, row, terms.reason)
    if terms.name is not None:
        row.name_sealed = _seal(session, row, "name", terms.name)
    if "phone" in terms.model_fields_set:
        row.phone_sealed = _seal(session, row, "phone", terms.phone) if terms.phone else None
    row.version += 1
    return row


async def correct_nik(session: AsyncSession, actor: Actor, row: Pendamping, terms: NikTerms) -> Pendamping:
    """Correct the NIK of a pendamping with evidence. The former number is kept.

    The same NIK changes nothing. The caller has locked `row`.

    Raises:
        NotAllowed, NotFound, NikNeedsPerson, NikAlreadyRegistered, FileNotUploaded.
    """
    actor.require_national()
    if row.nik_sealed is None:
        raise NikNeedsPerson("/body/nik")
    vault = vault_of(session)
    index = vault.index("nik", terms.nik)
    if index == row.nik_index:
        return row
    use = EvidenceUse(EvidenceKind.KARTU, row.pendamping_id, None, "", actor)
    await require_evidence(session, terms.evidence_sha256, use)
    former = vault.open(row.nik_sealed, table=SEALED_TABLE, column="nik", row_id=row.pendamping_id)
    _append_contact_history(session, actor, row, terms.reason, terms.evidence_sha256)
    other = await _release_nik(session, actor, terms, index) if terms.exchange_with else None
    with refuse_violations(uq_pendamping_nik_index=NikAlreadyRegistered("/body/nik")):
        await _set_nik(session, row, terms.nik)
    if other is not None:
        await _set_nik(session, other, Nik(former))
    return row


async def _release_nik(session: AsyncSession, actor: Actor, terms: NikTerms, nik_index: bytes) -> Pendamping:
    """Replace the NIK index of the other pendamping by random bytes, and return it."""
    other = await load(session, Pendamping, terms.exchange_with, noun="pendamping")
    if other.nik_index != nik_index:
        raise NotFound("pendamping", "/body/exchange_with")
    _append_contact_history(session, actor, other, terms.reason, terms.evidence_sha256)
    # The unique index is checked per statement, so the NIK must be free before the first one gets it.
    other.nik_index = secrets.token_bytes(len(nik_index))
    await session.flush()
    return other


async def _set_nik(session: AsyncSession, row: Pendamping, nik: Nik) -> None:
    row.nik_sealed = _seal(session, row, "nik", nik)
    row.nik_index = vault_of(session).index("nik", nik)
    row.version += 1
    await session.flush()


def _seal(session: AsyncSession, row: Pendamping, column: str, text: str | Nik | Phone) -> bytes:
    return vault_of(session).seal(text, table=SEALED_TABLE, column=column, row_id=row.pendamping_id)


def _append_contact_history(
    session: AsyncSession, actor: Actor, row: Pendamping, reason: str, evidence_sha256: str | None = None
) -> None:
    vault, history_id = vault_of(session), uuid7()

    def reseal(column: str, blob: bytes) -> bytes:
        # The seal is bound to table, column and row, so a copy must be opened and sealed again.
        text = vault.open(blob, table=SEALED_TABLE, column=column, row_id=row.pendamping_id)
        return vault.seal(text, table=HISTORY_TABLE, column=column, row_id=history_id)

    session.add(
        ContactHistory(
            contact_history_id=history_id,
            pendamping_id=row.pendamping_id,
            number=row.version,
            name_sealed=reseal("name", row.name_sealed),
            phone_sealed=reseal("phone", row.phone_sealed) if row.phone_sealed else None,
            nik_sealed=reseal("nik", row.nik_sealed) if row.nik_sealed else None,
            nik_index=row.nik_index,
            reason=reason,
            evidence_sha256=evidence_sha256,
            recorded_at=datetime.now(UTC),
            recorded_by=actor.sub,
        )
    )
