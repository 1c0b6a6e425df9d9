"""Files by their SHA-256, sealed in chunks in the service's own database.

No clear text is written to disk: the parts of an arriving file are sealed under a key in memory. An object
store may replace the database later.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ARRAY, Text, any_, select
from sqlalchemy import delete as delete_from
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import schema
from shared.database import PreparedSelect, placeholder
from shared.errors import FileNotUploaded, InvalidInput, NotFound
from shared.privacy import Vault
from shared.remedies import CORRECT_REQUEST

CHUNK_BYTES = 256 * 1024
IN_MEMORY_BYTES = 4 * CHUNK_BYTES
MAX_BYTES = 64 * 1024 * 1024
TAG_BYTES = 16
SHA256 = re.compile(r"[0-9a-f]{64}")
# Fast path: every command with evidence executes it (bench: decisions).
UPLOADED = PreparedSelect(
    select(schema.file.c.sha256).where(schema.file.c.sha256 == any_(placeholder(1, ARRAY(Text))))
)
MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,63}/[a-z0-9][a-z0-9.+-]{0,63}")


class FileTooLong(InvalidInput):
    """413: the file is longer than this service accepts."""

    status = 413
    en = "The file is longer than {max_mb} MB. Divide it, or make it smaller."
    id = "Berkas lebih besar dari {max_mb} MB. Bagi atau perkecil berkasnya."
    remedy = CORRECT_REQUEST


class InvalidMediaType(InvalidInput):
    """422: the media type is not of the form type/subtype."""

    en = "The media type cannot be read. Give one such as text/csv."
    id = "Jenis berkas tidak dapat dibaca. Isi misalnya text/csv."
    remedy = CORRECT_REQUEST


class FileDamaged(Exception):
    """The stored file differs from what was uploaded. The reader must not use it."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """The metadata of a file."""

    sha256: str
    size: int
    chunks: int
    media_type: str


async def put(
    session: AsyncSession,
    vault: Vault,
    incoming: "IncomingFile",
    *,
    media_type: str = "application/octet-stream",
) -> str:
    """Store a received file and return its SHA-256 in hexadecimal.

    Storing it again changes nothing.

    Raises:
        InvalidMediaType
    """
    if not MEDIA_TYPE.fullmatch(media_type):
        raise InvalidMediaType
    if await insert_file_row(session, incoming, media_type):
        await store(session, vault, incoming)
    return incoming.sha256


async def insert_file_row(session: AsyncSession, incoming: "IncomingFile", media_type: str) -> bool:
    """Insert the file's row, and return false if it exists."""
    known = {
        "sha256": incoming.sha256,
        "size": incoming.size,
        "chunks": incoming.chunks,
        "media_type": media_type,
    }
    row = insert(schema.file).values(known).on_conflict_do_nothing().returning(schema.file.c.sha256)
    return await session.scalar(row) is not None


async def read_info(session: AsyncSession, sha256: str) -> StoredFile:
    """Return the metadata of a file.

    Raises:
        NotFound
    """
    stored = await _find(session, sha256)
    if stored is None:
        raise NotFound("file")
    return stored


async def read_uploaded_info(session: AsyncSession, sha256: str) -> StoredFile:
    """Return the metadata of a file that the request names.

    Raises:
        FileNotUploaded
    """
    stored = await _find(session, sha256)
    if stored is None:
        raise FileNotUploaded("/body/sha256")
    return stored


async def _find(session: AsyncSession, sha256: str) -> StoredFile | None:
    columns = schema.file.c
    statement = select(columns.sha256, columns.size, columns.chunks, columns.media_type)
    row = (await session.execute(statement.where(columns.sha256 == sha256))).one_or_none()
    return StoredFile(*row) if row else None


async def require_uploaded(session: AsyncSession, named: Mapping[str, str | None]) -> None:
    """Require the files that the request names, by JSON pointer and SHA-256.

    Raises:
        FileNotUploaded: at the first pointer whose file is missing.
    """
    hashes = {sha256 for sha256 in named.values() if sha256 is not None}
    rows = await UPLOADED.fetch(session, list(hashes)) if hashes else ()
    known = {row.sha256 for row in rows}
    for pointer, sha256 in named.items():
        if sha256 is not None and sha256 not in known:
            raise FileNotUploaded(pointer)


async def open(session: AsyncSession, vault: Vault, sha256: str) -> AsyncIterator[bytes]:  # noqa: A001  # the design's word
    """Yield the file in parts.

    The last part is yielded only when the whole file agrees with its SHA-256, so a caller that reads to the end has
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
    if digest.hexdigest() != sha256:
        msg = "the stored chunks are not the file"
        raise FileDamaged(msg)
    if chunk:
        yield chunk


async def read(session: AsyncSession, vault: Vault, sha256: str) -> bytes:
    """Return the whole content of a small file."""
    return b"".join([part async for part in open(session, vault, sha256)])


async def delete(session: AsyncSession, sha256: str) -> bool:
    """Delete the file and its chunks, and return whether it existed."""
    row = delete_from(schema.file).where(schema.file.c.sha256 == sha256).returning(schema.file.c.sha256)
    return await session.scalar(row) is not None


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


async def store(session: AsyncSession, vault: Vault, incoming: "IncomingFile") -> None:
    """Seal each chunk for its number and insert it."""
    for number, chunk in enumerate(incoming):
        place = f"{incoming.sha256}:{number}"
        sealed = vault.seal_bytes(chunk, table="file_chunk", column="sealed", row_id=place)
        row = {"sha256": incoming.sha256, "number": number, "sealed": sealed}
        await session.execute(insert(schema.file_chunk).values(row))


class IncomingFile:
    """A file that is being received, in memory or, if longer, in a sealed spool.

    It is received before a transaction opens, so that a slow client does not hold a connection.
    """

    def __init__(self, max_bytes: int) -> None:
        """Accept at most `max_bytes`."""
        self.size = self.chunks = 0
        self._max_bytes, self._pending, self._digest = max_bytes, bytearray(), hashlib.sha256()
        self._cipher, self._lengths = AESGCM(os.urandom(32)), list[int]()
        self._spool = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115  # closed by __exit__

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Delete the parts. Their key existed in memory only."""
        self._spool.close()

    def append(self, part: bytes) -> None:
        """Append a received part.

        Raises:
            FileTooLong
        """
        self.size += len(part)
        if self.size > self._max_bytes:
            raise FileTooLong(max_mb=self._max_bytes // (1024 * 1024))
        self._digest.update(part)
        self._pending += part
        while len(self._pending) >= CHUNK_BYTES:
            self._seal_chunk(bytes(self._pending[:CHUNK_BYTES]))
            del self._pending[:CHUNK_BYTES]

    def finish(self) -> None:
        """Seal the rest. An empty file has no chunk."""
        if self._pending:
            self._seal_chunk(bytes(self._pending))
            self._pending.clear()

    @property
    def sha256(self) -> str:
        """The hash of the received bytes."""
        return self._digest.hexdigest()

    def __iter__(self) -> Iterator[bytes]:
        """Yield the chunks in order."""
        self._spool.seek(0)
        for number, length in enumerate(self._lengths):
            yield self._cipher.decrypt(nonce(number), self._spool.read(length + TAG_BYTES), None)

    def _seal_chunk(self, chunk: bytes) -> None:
        self._spool.write(self._cipher.encrypt(nonce(self.chunks), chunk, None))
        self._lengths.append(len(chunk))
        self.chunks += 1


def nonce(number: int) -> bytes:
    """Return the nonce of a chunk.

    It may be a counter, because each file has a key of its own.
    """
    return number.to_bytes(12, "big")
