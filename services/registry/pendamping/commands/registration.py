"""Register pendamping, and change their contact details."""

from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.history import StatusEntry, append_status_history
from services.registry.pendamping.errors import ContactChangeEmpty, NikAlreadyRegistered, NikNeedsPerson
from services.registry.pendamping.models import ContactHistory, Pendamping, RegistrationTerms
from services.registry.pendamping.rules import generate_number
from services.registry.visibility import require_national
from shared import clock
from shared.access import Actor, Scope
from shared.contracts.kinds import PendampingStatus, SubjectKind
from shared.contracts.registry import PendampingRegistered
from shared.database import insert, load, uuid7, vault_of
from shared.dates import require_not_future
from shared.errors import Busy, NotAllowed, NotFound
from shared.messaging import emit
from shared.privacy import Nik, Vault

REGISTRATION_REASON = "PENDAFTARAN"


async def register_pendamping(session: AsyncSession, actor: Actor, terms: RegistrationTerms) -> Pendamping:
    """Register a pendamping with the status CALON, from `terms.from_on` or today.

    NIK, name and phone are sealed.

    Raises:
        NotAllowed, NikNeedsPerson, DateInTheFuture, NikAlreadyRegistered.
        Busy: The random number is already used.
    """
    require_national(actor)
    if (terms.subject is SubjectKind.PERSON) != (terms.nik is not None):
        raise NikNeedsPerson("/body/nik")
    from_on = await _require_not_future(session, terms.from_on)
    row = _seal_pendamping(vault_of(session), actor, terms, from_on)
    refusals = {
        "uq_pendamping_nik_index": NikAlreadyRegistered("/body/nik"),
        "uq_pendamping_pendamping_no": Busy(),
    }
    await insert(session, row, **refusals)
    entry = StatusEntry(row.status, row.status_from_on, previous=None, reason=REGISTRATION_REASON)
    append_status_history(session, row, entry, actor)
    emit(session, PendampingRegistered.of(row, from_on=row.status_from_on))
    return row


def _seal_pendamping(vault: Vault, actor: Actor, terms: RegistrationTerms, from_on: date) -> Pendamping:
    pendamping_id, nik, phone = uuid7(), terms.nik, terms.phone

    def seal(column: str, text: str | Nik) -> bytes:
        return vault.seal(text, table=SEALED_TABLE, column=column, row_id=pendamping_id)

    return Pendamping(
        pendamping_id=pendamping_id,
        pendamping_no=generate_number(),
        subject=terms.subject,
        nik_sealed=seal("nik", nik) if nik else None,
        nik_index=vault.index("nik", nik) if nik else None,
        name_sealed=seal("name", terms.name),
        phone_sealed=seal("phone", phone) if phone else None,
        status=PendampingStatus.CALON,
        status_from_on=from_on,
        version=1,
        registered_at=datetime.now(UTC),
        registered_by=actor.sub,
    )


async def _require_not_future(session: AsyncSession, day: date | None) -> date:
    today = await clock.today(session)
    require_not_future(day or today, today, "/body/from_on")
    return day or today


SEALED_TABLE = "pendamping"
HISTORY_TABLE = "contact_history"


async def load_own(session: AsyncSession, actor: Actor, pendamping_id: UUID) -> Pendamping:
    """Return the locked row, if the actor is the ministry or this pendamping.

    Raises:
        NotFound: There is no such row, or the actor is somebody else.
    """
    if actor.scope is not Scope.NATIONAL and actor.pendamping_id != pendamping_id:
        raise NotFound("pendamping")
    return await load(session, Pendamping, pendamping_id, noun="pendamping")


async def change_contact(
    session: AsyncSession, actor: Actor, row: Pendamping, *, name: str | None, phone: str | None, reason: str
) -> Pendamping:
    """Change the name or the phone, and store the previous values in the history.

    None leaves a value unchanged. The caller has locked `row`. `reason` is a code.
    No event is emitted, because the values are personal.

    Raises:
        ContactChangeEmpty: Both values are None.
        NotAllowed: Only the ministry changes a name.
    """
    if name is None and phone is None:
        raise ContactChangeEmpty("/body")
    if name is not None and actor.scope is not Scope.NATIONAL:
        raise NotAllowed("/body/name")
    _append_contact_history(session, actor, row, reason)
    vault = vault_of(session)
    for column, text in (("name", name), ("phone", phone)):
        if text is not None:
            blob = vault.seal(text, table=SEALED_TABLE, column=column, row_id=row.pendamping_id)
            setattr(row, f"{column}_sealed", blob)
    row.version += 1
    return row


def _append_contact_history(session: AsyncSession, actor: Actor, row: Pendamping, reason: str) -> None:
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
            reason=reason,
            recorded_at=datetime.now(UTC),
            recorded_by=actor.sub,
        )
    )
