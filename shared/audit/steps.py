"""Entries of the worker: a job's step, and personal data that leaves without a request."""

from dataclasses import replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.access import Actor
from shared.audit.chain import keys_of
from shared.audit.entries import MAX_SUBJECTS, Entry, insert_entry, uuids_of
from shared.database import raw, vault_of
from shared.field_classes import FieldClass
from shared.transaction import context_of

SHARED = "RUJUKAN"
"""The purpose of what a partner receives."""


async def record_step(session: AsyncSession, kind: str, done: int) -> None:
    """Write one entry for a step that changed something, however many rows it has.

    Its subjects are the families of its events, or the keys of events that name none.
    """
    context = context_of(session)
    if context.actor is None or context.actor.is_system or not (done or context.events):
        return
    keys = dict.fromkeys(str(getattr(event, "kpm_id", None) or event.key) for event, _, _ in context.events)
    ids, resource = uuids_of(keys), kind.partition(".")[0]
    count = max(len(keys), done)
    entry = Entry(
        context.actor, kind, resource, "CHANGED", 200, subject_ids=ids[:MAX_SUBJECTS], subject_count=count
    )
    await insert_entry(await raw(session), entry, keys_of(vault_of(session)))


async def record_disclosure(session: AsyncSession, act: str, partner_id: UUID, *subject_ids: UUID) -> None:
    """Write the entry of personal data that leaves for a partner.

    It commits before the data leaves. Whether that arrives is not known yet, so its status is 0.
    """
    vault = vault_of(session)
    entry = Entry(
        replace(Actor.system(vault.service), partner_id=partner_id),
        act,
        act.partition(".")[0],
        "READ",
        0,
        subject_ids=subject_ids,
        subject_count=len(subject_ids),
        field_classes=[one.name for one in FieldClass],
        purpose=SHARED,
    )
    await insert_entry(await raw(session), entry, keys_of(vault))
