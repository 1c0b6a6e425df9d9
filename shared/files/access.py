"""Uploads and uses of files, and who may name or read them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import schema
from shared.access import Actor, Scope
from shared.database import PreparedSelect, any_of, placeholder
from shared.errors import FileNotUploaded, NotFound
from shared.field_classes import FieldClass
from shared.files.storage import StoredFile, read_info
from shared.transaction import context_of

FILE, UPLOAD, USE = schema.file.c, schema.file_upload.c, schema.file_use.c
EVIDENCE = schema.evidence_use.c
ACCOUNT, PERSON = placeholder(2, sa.Text()), placeholder(3, sa.Text())
SEES_ALL, KEEPS_OWN = placeholder(4, sa.Boolean()), placeholder(5, sa.Boolean())
# Kinds of evidence (shared/evidence.py) that show health, children or finance, as the fields beside them do. A family
# card has numbers and births of all members, and so may the papers of a death, a departure and a split.
SPECIFIC_KINDS = (
    *("ASESMEN", "PEMANTAUAN", "USAHA", "USULAN"),
    *("KARTU", "KEMATIAN", "ANGGOTA_KELUAR", "PISAH_GABUNG"),
)


class FileUseKind(StrEnum):
    """What a file is used for, other than evidence.

    JOB: the input of a job. DATA_SUPPLY: sent to a partner.
    """

    JOB = "JOB"
    DATA_SUPPLY = "DATA_SUPPLY"


UPLOADED = sa.exists().where(
    UPLOAD.sha256 == FILE.sha256, sa.or_(UPLOAD.account == ACCOUNT, UPLOAD.person == PERSON)
)
IS_NAMED = FILE.sha256 == any_of(1, sa.Text())


def _select_readable() -> sa.Select[Any]:
    """Select the files that the actor uploaded, or of which row security shows a use.

    What a pendamping uploaded for a family ends with the dampingan. Evidence of a kind that is SPESIFIK is for roles that see such fields (docs/architecture.md#fields).
    """
    is_shown = sa.or_(SEES_ALL, EVIDENCE.kind.not_in(SPECIFIC_KINDS))
    evidence = sa.exists().where(EVIDENCE.sha256 == FILE.sha256, is_shown)
    # Nobody else reads the input of a job, which may have families of many areas.
    used = sa.exists().where(
        USE.sha256 == FILE.sha256, sa.or_(USE.kind != FileUseKind.JOB, USE.used_by_sub == ACCOUNT)
    )
    families = sa.func.platform.list_families_of_file(FILE.sha256).table_valued("kpm_id")
    own = sa.and_(UPLOADED, sa.or_(KEEPS_OWN, ~sa.exists().select_from(families)))
    columns = (FILE[name] for name in StoredFile.__dataclass_fields__)
    return sa.select(*columns).where(IS_NAMED, sa.or_(own, evidence, used))


READABLE = PreparedSelect(_select_readable())
# The lock makes a deletion wait, or this statement for a deletion.
LOCK = {"read": True, "key_share": True, "of": schema.file}
NAMEABLE = PreparedSelect(_select_readable().with_for_update(**LOCK))
# Fast path: most files are the sender's own, and policies cost 0.6 ms more in PostgreSQL (bench: decisions).
OWN = PreparedSelect(sa.select(FILE.sha256).where(IS_NAMED, UPLOADED).with_for_update(**LOCK))


async def record_upload(session: AsyncSession, actor: Actor, sha256: str) -> None:
    """Record that the actor uploaded a file."""
    row = insert(schema.file_upload).values(sha256=sha256, account=actor.sub, person=actor.person)
    again = {"uploaded_at": sa.func.clock_timestamp()}
    await session.execute(row.on_conflict_do_update(index_elements=["sha256", "account"], set_=again))


async def record_file_use(
    session: AsyncSession,
    sha256: str,
    kind: FileUseKind,
    subject_id: UUID,
    actor: Actor,
    kpm_id: UUID | None = None,
) -> None:
    """Record a use that is no evidence. A file in use is not deleted."""
    row = insert(schema.file_use).values(
        sha256=sha256, kind=kind, subject_id=subject_id, kpm_id=kpm_id, used_by_sub=actor.sub
    )
    await session.execute(row.on_conflict_do_nothing())


async def require_uploaded(session: AsyncSession, named: Mapping[str, str | None]) -> None:
    """Require the files that the request names, by JSON pointer and SHA-256.

    The actor must have uploaded each of them, or be allowed to read it now. Otherwise a hash would open the paper
    of another family.

    Raises:
        FileNotUploaded: at the first pointer whose file is missing.
    """
    hashes = {sha256 for sha256 in named.values() if sha256 is not None}
    known = {row.sha256 for row in await _fetch(session, OWN, sorted(hashes))} if hashes else set[str]()
    if others := sorted(hashes - known):
        known |= {row.sha256 for row in await _fetch_shown(session, NAMEABLE, others)}
    for pointer, sha256 in named.items():
        if sha256 is not None and sha256 not in known:
            raise FileNotUploaded(pointer)


async def read_uploaded_info(session: AsyncSession, sha256: str) -> StoredFile:
    """Return the metadata of a file that the request names.

    Raises:
        FileNotUploaded
    """
    await require_uploaded(session, {"/body/sha256": sha256})
    return await read_info(session, sha256)


async def read_visible_info(session: AsyncSession, sha256: str) -> StoredFile:
    """Return the metadata of a file that the actor may read.

    Raises:
        NotFound: it does not exist, or the actor may not read it.
    """
    rows = await _fetch_shown(session, READABLE, [sha256])
    if not rows:
        raise NotFound("file")
    return StoredFile(*rows[0])


async def find_families(session: AsyncSession, sha256: str) -> list[str]:
    """Return the ids of all families whose records name a file.

    Also of those that the actor may not see, because the audit entry names them.
    """
    families = sa.select(sa.func.platform.list_families_of_file(sha256))
    return [str(kpm_id) for kpm_id in await session.scalars(families)]


async def _fetch_shown(session: AsyncSession, statement: PreparedSelect, hashes: list[str]) -> list[Any]:
    actor = context_of(session).actor
    sees_all = actor is not None and actor.fields is FieldClass.SPESIFIK
    keeps_own = actor is not None and actor.scope is not Scope.OWN_FAMILIES
    return await _fetch(session, statement, hashes, sees_all, keeps_own)


async def _fetch(
    session: AsyncSession, statement: PreparedSelect, hashes: list[str], *more: bool
) -> list[Any]:
    actor = context_of(session).actor
    account, person = (actor.sub, actor.person) if actor is not None else (None, None)
    return await statement.fetch(session, hashes, account, person, *more)
