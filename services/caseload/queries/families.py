"""Families as their officials see them: names in clear to those who may, NIK masked to everybody."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.models import (
    KpmAnggota,
    KpmHistory,
    KpmNoKk,
)
from shared.database import vault_of
from shared.errors import NotFound
from shared.privacy import Nik, NoKk, Vault


def open_name(vault: Vault, row: dict[str, Any]) -> dict[str, Any]:
    """Replace the sealed name of a listed family by the name."""
    index, sealed = row.pop("nik_index"), row.pop("name_sealed")
    place = {"table": "kpm_anggota", "column": "name"}
    return row | {"pengurus_name": vault.open(sealed, row_id=index.hex(), **place) if sealed else None}


async def find_family(session: AsyncSession, *, nik: Nik | None, no_kk: NoKk | None) -> UUID:
    """Return the family of a NIK or a No. KK, by keyed hash; row security leaves out other areas'.

    Raises:
        NotFound: none, or not the caller's to see.
    """
    vault = vault_of(session)
    if nik is not None:
        row = sa.select(KpmAnggota.kpm_id).where(
            KpmAnggota.nik_index == vault.index("nik", nik), KpmAnggota.left_on.is_(None)
        )
    else:
        index = vault.index("no_kk", no_kk or "")
        row = sa.select(KpmNoKk.kpm_id).where(KpmNoKk.no_kk_index == index, sa.func.upper_inf(KpmNoKk.valid))
    found = await session.scalar(row)
    if found is None:
        raise NotFound("kpm")
    return found


def history_of(kpm_id: UUID) -> sa.Select[*tuple[Any, ...]]:
    """Select what was done to a family; ordered by `history_id`, which grows with time."""
    names = ("history_id", "subject", "subject_id", "act", "who", "why", "detail", "occurred_at")
    return sa.select(*(getattr(KpmHistory, name) for name in names)).where(KpmHistory.kpm_id == kpm_id)
