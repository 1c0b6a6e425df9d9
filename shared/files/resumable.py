"""Uploads in parts, each sealed in the database before the answer (tus 1.0)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from shared import schema
from shared.access import Actor
from shared.database import uuid7, vault_of
from shared.errors import DomainError, NotFound
from shared.files.access import record_upload
from shared.files.errors import FileTooLong
from shared.files.incoming import IncomingFile
from shared.files.kinds import kind_of_name
from shared.files.storage import put
from shared.privacy import Vault, open_texts, seal_texts
from shared.remedies import CORRECT_REQUEST, operation
from shared.roles import PARTNERS, PROVINCE, STAFF, VILLAGE

MAX_OPEN_UPLOADS = 20
UPLOAD, PART = schema.upload.c, schema.upload_part.c
LOCK_UPLOADS_OF_ACCOUNT = sa.text(
    "SELECT pg_advisory_xact_lock(hashtextextended('pilar uploads ' || :account, 0))"
)


class UploadOffsetDiffers(DomainError):
    """409: the part does not begin where the upload ends."""

    en = "The upload continues at byte {offset}. Send the part that begins there."
    id = "Unggahan dilanjutkan pada bita {offset}. Kirim bagian yang mulai di sana."
    remedy = CORRECT_REQUEST


class TooManyOpenUploads(DomainError):
    """409: the account has as many unfinished uploads as it may have."""

    en = "You have {count} unfinished uploads. Finish one, or delete one, and begin this one again."
    id = "Ada {count} unggahan Anda yang belum selesai. Selesaikan atau hapus salah satunya, lalu mulai lagi."
    more_params = ("upload_ids",)
    remedy = operation("delete_upload", STAFF | PROVINCE | VILLAGE | PARTNERS)


@dataclass(frozen=True, slots=True)
class OpenUpload:
    """An upload in parts. `sha256` names the file once it is complete."""

    upload_id: UUID
    media_type: str
    metadata_sealed: bytes | None
    size: int
    received: int
    sha256: str | None
    expires_at: datetime


async def create_upload(
    session: AsyncSession,
    actor: Actor,
    size: int,
    media_type: str,
    metadata: str,
    *,
    max_bytes: int,
    term: timedelta,
) -> OpenUpload:
    """Create an upload of `size` bytes, which expires after `term` without a part.

    `metadata` is what the client says about it, stored sealed.

    Raises:
        FileTooLong, TooManyOpenUploads
    """
    kind = kind_of_name(media_type)
    if size > (most := min(max_bytes, kind.most_bytes) if kind else max_bytes):
        raise FileTooLong(max_mb=most // (1024 * 1024))
    await session.execute(LOCK_UPLOADS_OF_ACCOUNT, {"account": actor.sub})
    still_open = sa.select(sa.func.count()).where(UPLOAD.account == actor.sub, UPLOAD.sha256.is_(None))
    if (count := await session.scalar(still_open) or 0) >= MAX_OPEN_UPLOADS:
        oldest = sa.select(UPLOAD.upload_id).where(UPLOAD.account == actor.sub, UPLOAD.sha256.is_(None))
        ids = list(await session.scalars(oldest.order_by(UPLOAD.upload_id)))
        raise TooManyOpenUploads(count=count, upload_ids=ids)
    upload_id = uuid7()
    row = sa.insert(schema.upload).values(
        **seal_texts(vault_of(session), {"metadata": metadata}, table="upload", row_id=upload_id),
        upload_id=upload_id,
        account=actor.sub,
        media_type=media_type,
        size=size,
        expires_at=sa.func.clock_timestamp() + term,
    )
    return OpenUpload(*(await session.execute(row.returning(*_columns()))).one())


def read_metadata(session: AsyncSession, upload: OpenUpload) -> str | None:
    """Return the metadata that the client sent with an upload."""
    sealed = {"metadata_sealed": upload.metadata_sealed}
    opened = open_texts(vault_of(session), sealed, ("metadata",), table="upload", row_id=upload.upload_id)
    return opened["metadata"]


async def read_upload(
    session: AsyncSession, actor: Actor, upload_id: UUID, *, lock: bool = False
) -> OpenUpload:
    """Return an upload of the actor.

    Raises:
        NotFound: it does not exist, or is another account's.
    """
    statement = sa.select(*_columns()).where(UPLOAD.upload_id == upload_id, UPLOAD.account == actor.sub)
    row = (await session.execute(statement.with_for_update() if lock else statement)).one_or_none()
    if row is None:
        raise NotFound("upload")
    return OpenUpload(*row)


async def lock_upload(session: AsyncSession, actor: Actor, upload_id: UUID, offset: int) -> OpenUpload:
    """Lock an upload, to which a part from `offset` is added.

    Raises:
        NotFound, UploadOffsetDiffers
    """
    upload = await read_upload(session, actor, upload_id, lock=True)
    if upload.received != offset:
        raise UploadOffsetDiffers("/header/Upload-Offset", offset=upload.received)
    return upload


async def store_part(
    session: AsyncSession, vault: Vault, upload: OpenUpload, part: IncomingFile, term: timedelta
) -> OpenUpload:
    """Store a part of a locked upload, sealed."""
    at = upload.received
    for chunk in part:
        sealed = vault.seal_bytes(chunk, **_place(upload, at))
        row = {"upload_id": upload.upload_id, "begins_at": at, "sealed": sealed}
        await session.execute(sa.insert(schema.upload_part).values(row))
        at += len(chunk)
    return await _update(session, upload, received=at, expires_at=sa.func.clock_timestamp() + term)


async def store_whole(
    session: AsyncSession,
    vault: Vault,
    actor: Actor,
    upload: OpenUpload,
    whole: IncomingFile,
    term: timedelta,
) -> OpenUpload:
    """Store the file of a complete, locked upload, and delete the parts."""
    sha256 = await put(session, vault, whole, term=term)
    await record_upload(session, actor, sha256)
    await session.execute(sa.delete(schema.upload_part).where(PART.upload_id == upload.upload_id))
    return await _update(session, upload, received=upload.size, sha256=sha256)


async def read_parts(session: AsyncSession, vault: Vault, upload: OpenUpload) -> AsyncIterator[bytes]:
    """Yield what was received, in order."""
    starts = sa.select(PART.begins_at).where(PART.upload_id == upload.upload_id).order_by(PART.begins_at)
    for at in (await session.scalars(starts)).all():
        statement = sa.select(PART.sealed).where(PART.upload_id == upload.upload_id, PART.begins_at == at)
        yield vault.open_bytes((await session.scalars(statement)).one(), **_place(upload, at))


async def delete_upload(session: AsyncSession, actor: Actor, upload_id: UUID) -> None:
    """Delete an upload and its parts. A file that it has become stays.

    Raises:
        NotFound
    """
    await read_upload(session, actor, upload_id, lock=True)
    await session.execute(sa.delete(schema.upload).where(UPLOAD.upload_id == upload_id))


def _place(upload: OpenUpload, begins_at: int) -> dict[str, str]:
    """Return where a sealed part belongs."""
    return {"table": "upload_part", "column": "sealed", "row_id": f"{upload.upload_id}:{begins_at}"}


async def _update(session: AsyncSession, upload: OpenUpload, **values: Any) -> OpenUpload:
    statement = sa.update(schema.upload).where(UPLOAD.upload_id == upload.upload_id).values(**values)
    return OpenUpload(*(await session.execute(statement.returning(*_columns()))).one())


def _columns() -> list[sa.Column[Any]]:
    return [UPLOAD[name] for name in OpenUpload.__dataclass_fields__]
