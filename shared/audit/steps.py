"""The entry of a job's step: what a person ordered and the worker carries out."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.audit.chain import keys_of
from shared.audit.entries import MAX_SUBJECTS, Entry, insert_entry
from shared.database import raw, vault_of
from shared.transaction import context_of

UUID_LENGTH = 36


async def record_step(session: AsyncSession, kind: str, done: int) -> None:
    """Write one entry for a step that changed something, however many rows it has.

    Its subjects are the families of its events, or only their count beyond `MAX_SUBJECTS`.
    """
    context = context_of(session)
    if context.actor is None or context.actor.is_system or not (done or context.events):
        return
    keys = dict.fromkeys(event.key for event, _, _ in context.events)
    ids = [UUID(key) for key in keys if len(key) == UUID_LENGTH] if len(keys) <= MAX_SUBJECTS else []
    resource = kind.partition(".")[0]
    entry = Entry(
        context.actor, kind, resource, "CHANGED", 200, subject_ids=ids, subject_count=max(len(keys), done)
    )
    await insert_entry(await raw(session), entry, keys_of(vault_of(session)))
