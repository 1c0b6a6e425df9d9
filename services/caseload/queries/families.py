"""Families as their officials see them: names in clear to those who may, NIK masked to everybody."""

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.models import (
    Aid,
    Dampingan,
    Desil,
    Komponen,
    Kpm,
    KpmAnggota,
    KpmHistory,
    KpmNoKk,
    Usaha,
)
from services.caseload.queries.sight import own, require_sight
from shared import clock
from shared.access import Actor
from shared.database import vault_of
from shared.errors import NotFound
from shared.privacy import Nik, NoKk, Vault, mask


async def read_family(session: AsyncSession, actor: Actor, kpm_id: UUID) -> dict[str, Any]:
    """Return one family whole: members, komponen, desil, usaha, who accompanies it, aid from elsewhere.

    Raises:
        NotFound: there is none, or it is not the caller's to see.
    """
    kpm = await require_sight(session, actor, kpm_id)
    today, vault = await clock.today(session), vault_of(session)
    card = await session.scalar(
        sa.select(KpmNoKk).where(KpmNoKk.kpm_id == kpm_id, sa.func.upper_inf(KpmNoKk.valid))
    )
    facts = {
        name: value for name, value in kpm.facts.items() if name not in {"kpm_id", "kode_wilayah", "members"}
    }
    return {
        "kpm_id": kpm.kpm_id,
        "kode_wilayah": kpm.kode_wilayah,
        "version": kpm.version,
        "no_kk": masked(vault, card, "kpm_no_kk", "no_kk", card.no_kk_index.hex()) if card else None,
        "address": opened(vault, kpm.address_sealed, "address", kpm.sealed_for.hex()),
        "phone": opened(vault, kpm.phone_sealed, "phone", kpm.sealed_for.hex()),
        "facts": facts,
        "members": await members_of(session, kpm_id, today),
        "desil": await rows(session, desil_of(kpm_id)),
        "dampingan": await rows(session, dampingan_of(kpm_id)),
        "aid": await rows(session, aid_of(kpm_id)),
    }


def opened(vault: Vault, sealed: bytes | None, column: str, row_id: str) -> str | None:
    """Return a sealed value of a family in clear."""
    return vault.open(sealed, table="kpm", column=column, row_id=row_id) if sealed else None


def masked(vault: Vault, row: Any, table: str, column: str, row_id: str) -> str:
    """Return a number with its middle hidden."""
    return mask(vault.open(getattr(row, f"{column}_sealed"), table=table, column=column, row_id=row_id))


async def members_of(session: AsyncSession, kpm_id: UUID, today: date) -> list[dict[str, Any]]:
    """Return who is in the family today, eldest first, with komponen and usaha."""
    vault = vault_of(session)
    present = sa.select(KpmAnggota).where(KpmAnggota.kpm_id == kpm_id, KpmAnggota.left_on.is_(None))
    found = (await session.scalars(present.order_by(KpmAnggota.birth_on, KpmAnggota.anggota_id))).all()
    komponen = await by_member(session, komponen_of(kpm_id, today))
    usaha = await by_member(session, usaha_of(kpm_id))
    return [
        {
            "anggota_id": row.anggota_id,
            "nik": masked(vault, row, "kpm_anggota", "nik", row.nik_index.hex()),
            "name": vault.open(
                row.name_sealed, table="kpm_anggota", column="name", row_id=row.nik_index.hex()
            ),
            "birth_on": row.birth_on,
            "sex": row.sex,
            "relation": row.relation,
            "married": row.married,
            "pengurus": row.pengurus,
            "komponen": komponen.get(row.anggota_id, []),
            "usaha": next(iter(usaha.get(row.anggota_id, [])), None),
        }
        for row in found
    ]


def komponen_of(kpm_id: UUID, today: date) -> sa.Select[*tuple[Any, ...]]:
    """Select what entitles the family today."""
    until = sa.func.upper(Komponen.valid).label("valid_to")
    wanted = sa.select(
        Komponen.anggota_id, Komponen.kind, sa.func.lower(Komponen.valid).label("valid_from"), until
    )
    return wanted.where(Komponen.kpm_id == kpm_id, Komponen.valid.contains(today)).order_by(Komponen.kind)


def usaha_of(kpm_id: UUID) -> sa.Select[*tuple[Any, ...]]:
    """Select the family's businesses; of a NIB only whether there is one."""
    return sa.select(
        Usaha.anggota_id,
        Usaha.usaha_id,
        Usaha.sector,
        Usaha.started_on,
        Usaha.omzet_rp,
        Usaha.nib_sealed.is_not(None).label("has_nib"),
        Usaha.has_letter,
    ).where(Usaha.kpm_id == kpm_id)


def desil_of(kpm_id: UUID) -> sa.Select[*tuple[Any, ...]]:
    """Select how the family ranked, oldest snapshot first."""
    wanted = sa.select(Desil.scope, Desil.value, Desil.snapshot).where(Desil.kpm_id == kpm_id)
    return wanted.order_by(Desil.scope, Desil.snapshot)


def dampingan_of(kpm_id: UUID) -> sa.Select[*tuple[Any, ...]]:
    """Select who accompanied the family, oldest first."""
    return (
        sa.select(*dampingan_columns())
        .where(Dampingan.kpm_id == kpm_id)
        .order_by(sa.func.lower(Dampingan.valid))
    )


def dampingan_columns() -> list[Any]:
    """Return the columns of a dampingan as it is shown."""
    return [
        Dampingan.dampingan_id,
        Dampingan.kpm_id,
        Dampingan.pendamping_id,
        Dampingan.penugasan_id,
        Dampingan.kind,
        Dampingan.purpose,
        sa.func.lower(Dampingan.valid).label("valid_from"),
        sa.func.upper(Dampingan.valid).label("valid_to"),
        Dampingan.version,
    ]


def aid_of(kpm_id: UUID) -> sa.Select[*tuple[Any, ...]]:
    """Select what other programs offered and gave, as referral last told."""
    names = (
        "rujukan_program_id",
        "program_code",
        "status",
        "amount_rp",
        "sent_on",
        "answered_on",
        "delivered_on",
    )
    return (
        sa.select(*(getattr(Aid, name) for name in names))
        .where(Aid.kpm_id == kpm_id)
        .order_by(Aid.rujukan_program_id)
    )


async def rows(session: AsyncSession, statement: sa.Select[*tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Run a select; return its rows by name."""
    return [dict(row) for row in (await session.execute(statement)).mappings()]


async def by_member(
    session: AsyncSession, statement: sa.Select[*tuple[Any, ...]]
) -> dict[UUID, list[dict[str, Any]]]:
    """Run a select whose rows belong to members; return them by member."""
    found: dict[UUID, list[dict[str, Any]]] = {}
    for row in await rows(session, statement):
        found.setdefault(row.pop("anggota_id"), []).append(row)
    return found


async def list_families(
    session: AsyncSession, actor: Actor, kode_wilayah: str | None
) -> sa.Select[*tuple[Any, ...]]:
    """Select the families that the caller may see, with their pengurus' sealed name; ordered by `kpm_id`."""
    today = await clock.today(session)
    statement = (
        sa.select(
            Kpm.kpm_id,
            Kpm.kode_wilayah,
            Kpm.facts["members"].as_integer().label("members"),
            KpmAnggota.nik_index,
            KpmAnggota.name_sealed,
        )
        .join(
            KpmAnggota,
            sa.and_(KpmAnggota.kpm_id == Kpm.kpm_id, KpmAnggota.pengurus, KpmAnggota.left_on.is_(None)),
            isouter=True,
        )
        .where(own(actor, today))
    )
    if kode_wilayah is not None:
        statement = statement.where(Kpm.kode_wilayah >= kode_wilayah, Kpm.kode_wilayah < kode_wilayah + "~")
    return statement


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
