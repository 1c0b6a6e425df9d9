"""Registering who accompanies, and the status that holds."""

from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.history import remember_status
from services.registry.pendamping.errors import (
    DateBeforeLast,
    NikAlreadyRegistered,
    NikNeedsPerson,
    NothingToChange,
)
from services.registry.pendamping.models import ENDS, ContactHistory, Pendamping, RegistrationTerms
from services.registry.pendamping.rules import new_number
from services.registry.placement.commands import close_penugasan
from services.registry.placement.models import Penugasan
from services.registry.visibility import require_national
from shared import clock
from shared.access import Actor, Scope
from shared.contracts.kinds import PendampingStatus, SubjectKind
from shared.contracts.registry import PendampingRegistered, PendampingStatusChanged
from shared.database import insert, load, uuid7, vault_of
from shared.dates import require_past
from shared.errors import Busy, NotAllowed, NotFound
from shared.messaging import emit
from shared.privacy import Nik, Vault
from shared.validity import goes_on_after

FIRST_REASON = "PENDAFTARAN"


async def register_pendamping(session: AsyncSession, actor: Actor, terms: RegistrationTerms) -> Pendamping:
    """Register a CALON from a business date (today unless said); NIK, name and phone are sealed.

    Raises NotAllowed, NikNeedsPerson, DateInTheFuture, NikAlreadyRegistered; Busy when a random number was taken.
    """
    require_national(actor)
    if (terms.subject is SubjectKind.PERSON) != (terms.nik is not None):
        raise NikNeedsPerson("/body/nik")
    from_on = await _not_after_today(session, terms.from_on)
    row = _sealed_pendamping(vault_of(session), actor, terms, from_on)
    taken = {
        "uq_pendamping_nik_index": NikAlreadyRegistered("/body/nik"),
        "uq_pendamping_pendamping_no": Busy(),
    }
    await insert(session, row, **taken)
    remember_status(session, row, previous=None, reason=FIRST_REASON, actor=actor)
    emit(session, PendampingRegistered.of(row, from_on=row.status_from_on))
    return row


def _sealed_pendamping(vault: Vault, actor: Actor, terms: RegistrationTerms, from_on: date) -> Pendamping:
    """Return a new row with everything personal sealed to its place."""
    pendamping_id, nik, phone = uuid7(), terms.nik, terms.phone

    def seal(column: str, text: str | Nik) -> bytes:
        return vault.seal(text, table=TABLE, column=column, row_id=pendamping_id)

    return Pendamping(
        pendamping_id=pendamping_id,
        pendamping_no=new_number(),
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


async def change_status(
    session: AsyncSession,
    actor: Actor,
    pendamping_id: UUID,
    *,
    status: PendampingStatus,
    reason: str,
    from_on: date | None,
) -> Pendamping:
    """Let a status hold from a business date (today unless said); an end also ends every placement from that day.

    `reason` is a code, because it travels. Raises NotAllowed, NotFound, IllegalTransition, DateInTheFuture,
    DateBeforeLast.
    """
    require_national(actor)
    row = await load(session, Pendamping, pendamping_id, noun="pendamping")
    previous = row.status
    row.become(status)
    held_from = await _not_after_today(session, from_on)
    if held_from < row.status_from_on:
        raise DateBeforeLast("/body/from_on", last=row.status_from_on)
    row.status_from_on = held_from
    remember_status(session, row, previous=previous, reason=reason, actor=actor)
    emit(session, PendampingStatusChanged.of(row, from_on=row.status_from_on, reason=reason))
    if status in ENDS:
        await _end_placements(session, actor, row)
    return row


async def _end_placements(session: AsyncSession, actor: Actor, row: Pendamping) -> None:
    on = row.status_from_on
    open_ones = select(Penugasan).where(
        Penugasan.pendamping_id == row.pendamping_id,
        goes_on_after(Penugasan.valid_to, func.greatest(Penugasan.valid_from, on)),
    )
    for penugasan in (await session.scalars(open_ones.order_by(Penugasan.penugasan_id))).all():
        await close_penugasan(session, actor, penugasan, on=on, reason=row.status.value)


async def _not_after_today(session: AsyncSession, wanted: date | None) -> date:
    today = await clock.today(session)
    require_past(wanted or today, today, "/body/from_on")
    return wanted or today


TABLE = "pendamping"
HISTORY = "contact_history"


async def load_own(session: AsyncSession, actor: Actor, pendamping_id: UUID) -> Pendamping:
    """Return the row locked, to the ministry or to the pendamping; raise NotFound to everybody else."""
    if actor.scope is not Scope.NATIONAL and actor.pendamping_id != pendamping_id:
        raise NotFound("pendamping")
    return await load(session, Pendamping, pendamping_id, noun="pendamping")


async def change_contact(
    session: AsyncSession, actor: Actor, row: Pendamping, *, name: str | None, phone: str | None, reason: str
) -> Pendamping:
    """Seal another name or phone (None: stays); what was known until now is kept. Nothing is told: it is personal.

    `row` is locked. Raises NotAllowed (a name is corrected by the ministry), NothingToChange.
    """
    if name is None and phone is None:
        raise NothingToChange("/body")
    if name is not None and actor.scope is not Scope.NATIONAL:
        raise NotAllowed("/body/name")
    _remember(session, actor, row, reason)
    vault = vault_of(session)
    for column, text in (("name", name), ("phone", phone)):
        if text is not None:
            blob = vault.seal(text, table=TABLE, column=column, row_id=row.pendamping_id)
            setattr(row, f"{column}_sealed", blob)
    row.version += 1
    return row


def _remember(session: AsyncSession, actor: Actor, row: Pendamping, reason: str) -> None:
    """A sealed text is bound to its place: it is opened there and sealed anew for the history."""
    vault, history_id = vault_of(session), uuid7()

    def moved(column: str, blob: bytes) -> bytes:
        text = vault.open(blob, table=TABLE, column=column, row_id=row.pendamping_id)
        return vault.seal(text, table=HISTORY, column=column, row_id=history_id)

    session.add(
        ContactHistory(
            contact_history_id=history_id,
            pendamping_id=row.pendamping_id,
            number=row.version,
            name_sealed=moved("name", row.name_sealed),
            phone_sealed=moved("phone", row.phone_sealed) if row.phone_sealed else None,
            reason=reason,
            recorded_at=datetime.now(UTC),
            recorded_by=actor.sub,
        )
    )
