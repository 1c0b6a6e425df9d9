"""Files by their SHA-256, sealed in chunks in the service's own database.

No clear text is written to disk: the parts of an arriving file are sealed under a key in memory. An object
store may replace the database later.
"""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, literal_column, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import schema
from shared.errors import NotFound
from shared.files.errors import FileDamaged
from shared.files.incoming import IncomingFile
from shared.files.kinds import extension_of
from shared.privacy import Vault

METADATA = {"table": "file", "column": "metadata_sealed"}
UNUSED_TERM = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """The metadata of a file."""

    sha256: str
    size: int
    chunks: int
    media_type: str
    stored_sha256: str


async def put(
    session: AsyncSession,
    vault: Vault,
    incoming: IncomingFile,
    *,
    term: timedelta = UNUSED_TERM,
) -> str:
    """Store a received file and return its SHA-256 in hexadecimal.

    Storing it again renews the `term` after which an unused file is deleted.
    """
    if await _insert_row(session, vault, incoming, term):
        await _store_chunks(session, vault, incoming)
    return incoming.sha256


async def _insert_row(session: AsyncSession, vault: Vault, incoming: IncomingFile, term: timedelta) -> bool:
    """Insert the file's row and return true. One that exists gets a new term."""
    metadata, place = incoming.metadata, {**METADATA, "row_id": incoming.sha256}
    row = insert(schema.file).values(
        sha256=incoming.sha256,
        size=incoming.size,
        chunks=incoming.chunks,
        media_type=incoming.media_type,
        metadata_sealed=vault.seal_bytes(metadata, **place) if metadata is not None else None,
        stored_sha256=incoming.stored_sha256,
        expires_at=func.clock_timestamp() + term,
    )
    # An update, because it waits for a transaction that deletes the row, and then inserts.
    row = row.on_conflict_do_update(index_elements=["sha256"], set_={"expires_at": row.excluded.expires_at})
    return bool(await session.scalar(row.returning(literal_column("xmax = 0"))))


def safe_name(file: StoredFile) -> str:
    """Return a name for the download, without any text of a user."""
    return f"pilar-{file.sha256[:12]}.{extension_of(file.media_type)}"


async def read_info(session: AsyncSession, sha256: str) -> StoredFile:
    """Return the metadata of a file.

    Raises:
        NotFound
    """
    columns = schema.file.c
    shown = (columns[name] for name in StoredFile.__dataclass_fields__)
    row = (await session.execute(select(*shown).where(columns.sha256 == sha256))).one_or_none()
    if row is None:
        raise NotFound("file")
    return StoredFile(*row)


async def open(session: AsyncSession, vault: Vault, sha256: str) -> AsyncIterator[bytes]:  # noqa: A001  # the design's word
    """Yield the file in parts.

    The last part is yielded only when the whole file agrees with its hash, so a caller that reads to the end has
    the right content.

    Raises:
        NotFound: before the first part.
        FileDamaged, SealBroken: before the last part.
    """
    known = await read_info(session, sha256)
    digest, chunk = hashlib.sha256(), b""
    for number in range(known.chunks):
        if number:
            yield chunk
        chunk = await read_chunk(session, vault, sha256, number)
        digest.update(chunk)
    if digest.hexdigest() != known.stored_sha256:
        msg = "the stored chunks are not the file"
        raise FileDamaged(msg)
    if chunk:
        yield chunk


async def read(session: AsyncSession, vault: Vault, sha256: str) -> bytes:
    """Return the whole content of a small file."""
    return b"".join([part async for part in open(session, vault, sha256)])


async def read_chunk(session: AsyncSession, vault: Vault, sha256: str, number: int) -> bytes:
    """Return one opened chunk.

    Raises:
        FileDamaged: it is missing.
    """
    columns = schema.file_chunk.c
    statement = select(columns.sealed).where(columns.sha256 == sha256, columns.number == number)
    sealed = await session.scalar(statement)
    if sealed is None:
        msg = "a chunk of the file is missing"
        raise FileDamaged(msg)
    return vault.open_bytes(sealed, table="file_chunk", column="sealed", row_id=f"{sha256}:{number}")


async def _store_chunks(session: AsyncSession, vault: Vault, incoming: IncomingFile) -> None:
    """Seal each chunk for its number and insert it."""
    for number, chunk in enumerate(incoming):
        place = f"{incoming.sha256}:{number}"
        sealed = vault.seal_bytes(chunk, table="file_chunk", column="sealed", row_id=place)
        row = {"sha256": incoming.sha256, "number": number, "sealed": sealed}
        await session.execute(insert(schema.file_chunk).values(row))
