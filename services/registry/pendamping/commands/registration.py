"""Register pendamping."""

from datetime import UTC, date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.history import StatusEntry, append_status_history
from services.registry.pendamping.errors import NikAlreadyRegistered, NikNeedsPerson
from services.registry.pendamping.models import Pendamping, RegistrationTerms
from services.registry.pendamping.queries import has_former_nik
from services.registry.pendamping.rules import generate_number
from shared import clock
from shared.access import Actor
from shared.contracts.kinds import PendampingStatus, SubjectKind
from shared.contracts.registry import PendampingRegistered
from shared.database import insert, uuid7, vault_of
from shared.dates import require_not_future
from shared.errors import Busy
from shared.messaging import emit
from shared.privacy import Nik, Vault

REGISTRATION_REASON = "PENDAFTARAN"
SEALED_TABLE = "pendamping"


async def register_pendamping(session: AsyncSession, actor: Actor, terms: RegistrationTerms) -> Pendamping:
    """Register a pendamping with the status CALON, from `terms.from_on` or today.

    NIK, name and phone are sealed.

    Raises:
        NotAllowed, NikNeedsPerson, DateInTheFuture, NikAlreadyRegistered.
        Busy: The random number is already used.
    """
    actor.require_national()
    if (terms.subject is SubjectKind.PERSON) != (terms.nik is not None):
        raise NikNeedsPerson("/body/nik")
    from_on = await _require_not_future(session, terms.from_on)
    taken = NikAlreadyRegistered("/body/nik")
    if terms.nik is not None and await has_former_nik(session, terms.nik, terms.name):
        raise taken
    row = _seal_pendamping(vault_of(session), actor, terms, from_on)
    refusals = {
        "uq_pendamping_nik_index": taken,
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
