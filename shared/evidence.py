"""Evidence is used once, except by kinds that may be shared (docs/case-lifecycle.md#evidence).

Each use of a file is recorded. A second use for something else is flagged, until a ketua tim clears it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

from shared import clock, schema
from shared.access import Actor
from shared.areas import in_areas
from shared.database import PreparedSelect, national_scope, placeholder, vault_of
from shared.dates import day_of
from shared.errors import DomainError, NotAllowed, NotFound
from shared.files import require_uploaded
from shared.privacy import Vault, open_texts, seal_texts
from shared.remedies import ALREADY_DONE, OTHER_PERSON

FLAG_TABLE = "evidence_flag"


class EvidenceKind(StrEnum):
    """What evidence is used for.

    Who may share it is a row of each service (`evidence_kind`). SURAT: the paper of a return, refusal, postponement,
    resumption or cancellation, or of a request that another person approves. KARTU: a family card or another paper
    about numbers and data of a family. PISAH_GABUNG: the paper of a split or a merge.
    """

    ASESMEN = "ASESMEN"
    PERNYATAAN = "PERNYATAAN"
    VERIFIKASI = "VERIFIKASI"
    BERITA_ACARA = "BERITA_ACARA"
    SURAT = "SURAT"
    SK = "SK"
    SANGGAH = "SANGGAH"
    PEMANTAUAN = "PEMANTAUAN"
    USULAN_KELUAR = "USULAN_KELUAR"
    KEMATIAN = "KEMATIAN"
    ANGGOTA_KELUAR = "ANGGOTA_KELUAR"
    KARTU = "KARTU"
    PISAH_GABUNG = "PISAH_GABUNG"
    PINDAH = "PINDAH"
    USAHA = "USAHA"
    USULAN = "USULAN"
    PERSETUJUAN = "PERSETUJUAN"


class FlagReason(StrEnum):
    """Why evidence is flagged.

    USED_BEFORE: the file was used for something else. ENTERED_TOGETHER: several months of a monitoring were entered
    within an hour, without dated evidence.
    """

    USED_BEFORE = "USED_BEFORE"
    ENTERED_TOGETHER = "ENTERED_TOGETHER"


class EvidenceAlreadyCleared(DomainError):
    """409: the flag was cleared before."""

    en = "This evidence was cleared on {on}. Nothing more is needed."
    id = "Bukti ini sudah dinyatakan sah pada {on}. Tidak perlu apa-apa lagi."
    remedy = ALREADY_DONE


class ClearedByUser(NotAllowed):
    """403: who used the evidence, now or before, does not clear it."""

    en = "You have used this evidence yourself. Let another ketua tim clear it."
    id = "Anda sendiri yang memakai bukti ini. Mintalah ketua tim lain yang menyatakannya sah."
    remedy = OTHER_PERSON


@dataclass(frozen=True, slots=True)
class EvidenceUse:
    """What evidence is used for, and by whom.

    `named` are other subjects that the paper names.
    """

    kind: EvidenceKind
    subject_id: UUID
    kpm_id: UUID | None
    kode_wilayah: str
    actor: Actor
    named: Sequence[UUID] = ()


async def require_evidence(session: AsyncSession, sha256: str | None, use: EvidenceUse) -> None:
    """Require the evidence file that the request names, and record its use.

    Raises:
        FileNotUploaded
    """
    await require_uploaded(session, {"/body/evidence_sha256": sha256})
    if sha256 is not None:
        await record_uses(session, [sha256], use)


async def record_uses(session: AsyncSession, hashes: Collection[str], use: EvidenceUse) -> None:
    """Record the use of files, and flag those that were used for something else before."""
    if not hashes:
        return
    now = await clock.moment_of(session)
    # In one order, because each file is locked.
    for sha256 in sorted(set(hashes)):
        await USE_EVIDENCE.fetch(
            session,
            *(sha256, use.kind, use.subject_id, use.kpm_id, use.kode_wilayah, list(use.named)),
            *(use.actor.person, use.actor.sub, now.at, now.on),
        )


_TYPES: Sequence[TypeEngine[Any]] = (
    *(sa.Text(), sa.Text(), sa.Uuid(), sa.Uuid(), sa.Text(), sa.ARRAY(sa.Uuid())),
    *(sa.Text(), sa.Text(), sa.DateTime(timezone=True), sa.Date()),
)
# Fast path: every command with evidence executes it (bench: decisions).
USE_EVIDENCE = PreparedSelect(
    sa.select(
        sa.func.platform.use_evidence(*(placeholder(number, kind) for number, kind in enumerate(_TYPES, 1)))
    )
)
FLAG = schema.evidence_flag.c
EARLIER = schema.evidence_use.alias("earlier").c
IS_OPEN = FLAG.cleared_at.is_(None)
FLAGGED = PreparedSelect(
    sa.select(
        sa.func.platform.list_flagged(placeholder(1, sa.ARRAY(sa.Uuid())), type_=sa.Uuid()).label(
            "subject_id"
        )
    )
)


async def insert_flag(
    session: AsyncSession, reason: FlagReason, use: EvidenceUse, used_by: tuple[str, str]
) -> None:
    """Flag a record, once for each reason. `used_by` are person and account of its author."""
    now = await clock.moment_of(session)
    values = {
        "reason": reason,
        "kind": use.kind,
        "subject_id": use.subject_id,
        "kpm_id": use.kpm_id,
        "kode_wilayah": use.kode_wilayah,
        "used_by": used_by[0],
        "used_by_sub": used_by[1],
        "flagged_at": now.at,
    }
    statement = insert(schema.evidence_flag).values(values)
    await session.execute(statement.on_conflict_do_nothing())


async def find_flagged(session: AsyncSession, subject_ids: Collection[UUID]) -> frozenset[UUID]:
    """Return those of the subjects that have evidence with an open flag."""
    return frozenset(row.subject_id for row in await FLAGGED.fetch(session, list(subject_ids)))


def is_flagged(subject_id: Any) -> sa.ColumnElement[bool]:
    """Return the condition that a subject has evidence with an open flag."""
    return sa.select(FLAG.flag_id).where(FLAG.subject_id == subject_id, IS_OPEN).exists()


async def move_flags(session: AsyncSession, kpm_id: UUID, kode_wilayah: str) -> None:
    """Set the new area in the open flags of a family that moves."""
    statement = sa.update(schema.evidence_flag).where(FLAG.kpm_id == kpm_id, IS_OPEN)
    await session.execute(statement.values(kode_wilayah=kode_wilayah))


def select_flags(actor: Actor, *, open_only: bool, **filters: UUID | None) -> sa.Select[*tuple[Any, ...]]:
    """Select the flags of the actor's areas, with the earlier use of the same file."""
    visible = in_areas(EARLIER.kode_wilayah, actor.areas)
    conditions = [FLAG[name] == value for name, value in filters.items() if value is not None]
    return (
        sa.select(
            *(
                column
                for column in schema.evidence_flag.c
                if column.name not in {"used_by_sub", "cleared_by_sub"}
            ),
            EARLIER.kind.label("earlier_kind"),
            EARLIER.used_at.label("earlier_used_at"),
            # Ids of a family elsewhere are not shown.
            sa.case((visible, EARLIER.subject_id)).label("earlier_subject_id"),
            sa.case((visible, EARLIER.kpm_id)).label("earlier_kpm_id"),
        )
        .outerjoin(EARLIER.use_id.table, EARLIER.use_id == FLAG.earlier_use_id)
        .where(in_areas(FLAG.kode_wilayah, actor.areas), IS_OPEN if open_only else sa.true(), *conditions)
    )


def open_clearance(vault: Vault, row: dict[str, Any]) -> dict[str, Any]:
    """Return a listed flag with the reason of its clearance in clear text."""
    return open_texts(vault, row, ("clearance",), table=FLAG_TABLE, row_id=row["flag_id"])


async def clear_flag(session: AsyncSession, actor: Actor, flag_id: UUID, reason: str) -> sa.Row[Any]:
    """Clear a flag with a sealed reason, and return it as it was.

    Raises:
        NotFound, EvidenceAlreadyCleared, ClearedByUser
    """
    statement = sa.select(schema.evidence_flag).where(FLAG.flag_id == flag_id)
    locked = statement.where(in_areas(FLAG.kode_wilayah, actor.areas)).with_for_update()
    flag = (await session.execute(locked)).one_or_none()
    if flag is None:
        raise NotFound("evidence flag")
    if flag.cleared_at is not None:
        raise EvidenceAlreadyCleared(on=day_of(flag.cleared_at))
    async with national_scope(session):
        earlier = sa.select(EARLIER.used_by, EARLIER.used_by_sub).where(EARLIER.use_id == flag.earlier_use_id)
        users = [(flag.used_by, flag.used_by_sub), *(await session.execute(earlier)).all()]
    if any(actor.is_same_as(*user) for user in users):
        raise ClearedByUser
    sealed = seal_texts(vault_of(session), {"clearance": reason}, table=FLAG_TABLE, row_id=flag_id)
    cleared = {"cleared_by": actor.person, "cleared_by_sub": actor.sub, **sealed}
    change = sa.update(schema.evidence_flag).where(FLAG.flag_id == flag_id)
    await session.execute(change.values(cleared_at=(await clock.moment_of(session)).at, **cleared))
    return flag
