"""The name and phone by which a pendamping is reached: corrected by the ministry, the phone also by oneself."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.errors import NothingToChange
from services.registry.models import ContactHistory, Pendamping
from shared.access import Actor, Scope
from shared.database import load, uuid7, vault_of
from shared.errors import NotAllowed, NotFound

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
