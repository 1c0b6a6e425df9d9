"""Stores the closed blocks of the other services, so that none can be rewritten unnoticed."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.audit.tables import HASHES, audit_witness
from shared.contracts.audit import BY_SERVICE, AuditBlockClosed
from shared.messaging.subscription import Subscription

WITNESS = "audit"
"""The name of the subscription."""


def witness_of_others(service: str) -> Subscription:
    """Return the subscription of `service` to the audit blocks of the other services."""
    others = [event for name, event in BY_SERVICE.items() if name != service]
    subscription = Subscription(WITNESS, "reaction", [event.topic for event in others])
    subscription.on(*others)(store_witness)
    return subscription


async def store_witness(session: AsyncSession, block: AuditBlockClosed) -> None:
    """Store a block as it was closed.

    A later block of the same number does not replace it.
    """
    values = block.model_dump(include={"service", "block_no", "closed_at", "entry_count"})
    hashes = {name: bytes.fromhex(getattr(block, name)) for name in HASHES}
    await session.execute(insert(audit_witness).values(**values, **hashes).on_conflict_do_nothing())
