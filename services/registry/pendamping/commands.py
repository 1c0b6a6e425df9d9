"""Register pendamping, change their status and their contact details."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.history import append_status_history, read_statuses
from services.registry.pendamping.errors import (
    ContactChangeEmpty,
    DateBeforeLast,
    NextStatusConflicts,
    NikAlreadyRegistered,
    NikNeedsPerson,
)
from services.registry.pendamping.models import (
    TRANSITIONS,
    ContactHistory,
    Pendamping,
    RegistrationTerms,
    StatusRecord,
)
from services.registry.pendamping.rules import generate_number, status_in_force
from services.registry.placement.commands import close_penugasan
from services.registry.placement.models import Penugasan
from services.registry.visibility import require_national
from shared import clock
from shared.access import Actor, Scope
from shared.contracts.kinds import FINAL_STATUSES, PendampingStatus, SubjectKind
from shared.contracts.registry import PendampingRegistered, PendampingStatusChanged
from shared.database import insert, load, uuid7, vault_of
from shared.dates import midnight, require_not_future
from shared.errors import Busy, DateTooLate, NotAllowed, NotFound
from shared.jobs import schedule
from shared.messaging import emit
from shared.privacy import Nik, Vault
from shared.transitions import require_move
from shared.validity import not_ended_by

REGISTRATION_REASON = "PENDAFTARAN"
START_STATUS = "pendamping_status.start"
LONGEST_AHEAD = timedelta(days=366)


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
    entry = (row, row.status, row.status_from_on)
    append_status_history(session, *entry, previous=None, reason=REGISTRATION_REASON, actor=actor)
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


async def change_status(
    session: AsyncSession,
    actor: Actor,
    pendamping_id: UUID,
    *,
    status: PendampingStatus,
    reason: str,
    from_on: date | None,
) -> Pendamping:
    """Record a status from a day on, at most a year ahead.

    Until its day a planned status can be replaced, and taken back by the status before it. A final status voids what
    was recorded for later days, and ends every placement on its day. Without `from_on` the day is today. `reason` is a
    code, because it is published in the event.

    Raises:
        NotAllowed, NotFound, IllegalTransition, DateTooLate, NextStatusConflicts.
        DateInTheFuture: A death is not recorded ahead.
        DateBeforeLast: `from_on` is before the first day of the current status.
    """
    require_national(actor)
    row = await load(session, Pendamping, pendamping_id, noun="pendamping")
    today = await clock.today(session)
    statuses = await apply_statuses(session, row, today)
    on = from_on or today
    await _check_first_day(session, row, status, on, today)
    previous = _require_between(statuses, status, on, today)
    if on <= today:
        row.transition_to(status)
        row.status_from_on = on
    else:
        row.version += 1
        payload = {"pendamping_id": str(pendamping_id)}
        await schedule(
            session, START_STATUS, midnight(on), subject_id=f"{pendamping_id}:{on}", payload=payload
        )
    append_status_history(session, row, status, on, previous=previous, reason=reason, actor=actor)
    emit(session, PendampingStatusChanged.of(row, status=status, from_on=on, reason=reason))
    await _emit_restored_statuses(session, row, statuses, on)
    if status in FINAL_STATUSES and on <= today:
        await _end_placements(session, actor, row, status, on)
    return row


async def apply_statuses(session: AsyncSession, row: Pendamping, today: date) -> list[StatusRecord]:
    """Let the statuses whose day has come take effect, and return all effective statuses.

    A final status ends every placement on its day.
    """
    statuses = await read_statuses(session, row.pendamping_id)
    for status in statuses:
        if row.status_from_on < status.from_on <= today:
            row.status, row.status_from_on = status.status, status.from_on
            await session.flush()  # The database checks each move.
            if status.status in FINAL_STATUSES:
                system = Actor.system("registry")
                await _end_placements(session, system, row, status.status, status.from_on)
    return statuses


async def _emit_restored_statuses(
    session: AsyncSession, row: Pendamping, before: Sequence[StatusRecord], on: date
) -> None:
    """Emit the later statuses that a final one had voided, if it was taken back."""
    known = {record.from_on for record in before}
    for record in await read_statuses(session, row.pendamping_id):
        if record.from_on > on and record.from_on not in known:
            terms = {"status": record.status, "from_on": record.from_on, "reason": record.reason}
            emit(session, PendampingStatusChanged.of(row, **terms))


async def _check_first_day(
    session: AsyncSession, row: Pendamping, status: PendampingStatus, on: date, today: date
) -> None:
    if status is PendampingStatus.MENINGGAL:
        require_not_future(on, await clock.latest_today(session), "/body/from_on")
    if on > (latest := today + LONGEST_AHEAD):
        raise DateTooLate("/body/from_on", on=on, latest=latest)
    if on < row.status_from_on:
        raise DateBeforeLast("/body/from_on", last=row.status_from_on)


def _require_between(
    statuses: Sequence[StatusRecord], status: PendampingStatus, on: date, today: date
) -> PendampingStatus:
    """Return the status that the new one follows.

    It must fit between that and the next planned one. A status that is planned for the same day is replaced.
    """
    same_day = on > today and any(record.from_on == on for record in statuses)
    previous = status_in_force(statuses, on - timedelta(days=same_day)).status
    if not same_day or status is not previous:
        require_move(TRANSITIONS, previous, status, "pendamping")
    later = [record for record in statuses if record.from_on > on and status not in FINAL_STATUSES]
    if later and later[0].status not in {status, *TRANSITIONS[status]}:
        raise NextStatusConflicts(
            "/body/from_on", next=later[0].status.value, on=later[0].from_on, status=status.value
        )
    return previous


async def _end_placements(
    session: AsyncSession, actor: Actor, row: Pendamping, status: PendampingStatus, on: date
) -> None:
    open_placements = select(Penugasan).where(
        Penugasan.pendamping_id == row.pendamping_id,
        not_ended_by(Penugasan.valid_to, func.greatest(Penugasan.valid_from, on)),
    )
    for penugasan in (await session.scalars(open_placements.order_by(Penugasan.penugasan_id))).all():
        await close_penugasan(session, actor, penugasan, on=on, reason=status.value)


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
