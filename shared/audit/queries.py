"""Look-ups in the audit trail: by family, by account, refusals and bulk reads."""

from collections.abc import Iterable, Sequence
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from shared.access import Actor, Scope
from shared.audit.tables import audit_entry
from shared.database.prepared import PreparedSelect, placeholder
from shared.errors import NotFound

OF_A_FAMILY = (
    *("anggota_id", "approval_request_id", "asesmen_id", "consent_id", "dampingan_id", "exit_proposal_id"),
    *("graduasi_id", "kepesertaan_id", "kunjungan_id", "pending_id", "relapse_report_id", "rujukan_id"),
    *("rujukan_program_id", "sanggah_id", "task_id", "tugas_id", "usaha_id", "usulan_id"),
)
"""Ids of what belongs to one family. An entry has these where a request names no family."""
P2K2_SESI = "p2k2_sesi_id"
"""The id of a session of families of one area."""
IN_SCOPE = sa.text("SELECT family_in_scope(:subject_id)")


def select_entries(names: Sequence[str]) -> sa.Select[*tuple[Any, ...]]:
    """Return the entries of the trail with these columns."""
    return sa.select(*(audit_entry.c[name] for name in names))


def about(ids: Sequence[UUID]) -> sa.ColumnElement[bool]:
    """Return the condition that an entry is about one of these ids."""
    return audit_entry.c.subject_ids.overlap(sa.cast(list(ids), ARRAY(sa.Uuid)))


async def find_ids_of(
    session: AsyncSession, metadata: sa.MetaData, actor: Actor, subject_id: UUID
) -> list[UUID]:
    """Return the id of a family or pendamping, and ids of what belongs to it.

    Raises:
        NotFound: the caller's scope does not include it.
    """
    if actor.scope is not Scope.NATIONAL and not await session.scalar(IN_SCOPE, {"subject_id": subject_id}):
        raise NotFound("subject")
    related = select_related(metadata, subject_id)
    if not related:
        return [subject_id]
    rows = await session.execute(sa.union_all(*related))
    return [subject_id, *cast("Iterable[UUID]", rows.scalars())]


def select_related(metadata: sa.MetaData, kpm_id: UUID) -> list[sa.Select[tuple[UUID]]]:
    """Return selects of the ids of what belongs to a family."""
    selects: list[sa.Select[tuple[UUID]]] = []
    for table in metadata.tables.values():
        key = next(iter(table.primary_key.columns), None)
        if key is None or key.name not in OF_A_FAMILY or len(table.primary_key.columns) > 1:
            continue
        if "kpm_id" in table.c:
            selects.append(sa.select(key).where(table.c.kpm_id == kpm_id))
            continue
        for reference in sorted(table.foreign_keys, key=str):
            owner = reference.column.table
            if "kpm_id" in owner.c and reference.column.primary_key:
                joined = sa.select(key).join(owner, reference.parent == reference.column)
                selects.append(joined.where(owner.c.kpm_id == kpm_id))
    return selects


def select_areas(metadata: sa.MetaData) -> dict[str, PreparedSelect]:
    """Return queries for the area of what has an id, by the id's name."""
    selects: dict[str, PreparedSelect] = {}
    for table in metadata.tables.values():
        key = next(iter(table.primary_key.columns), None)
        # A table whose key is another's id has what was added to it.
        if key is None or key.name not in {"kpm_id", P2K2_SESI, *OF_A_FAMILY} or key.foreign_keys:
            continue
        if "kode_wilayah" in table.c:
            statement = sa.select(table.c.kode_wilayah).where(key == placeholder(1, key.type))
            selects[key.name] = PreparedSelect(statement)
    return selects
