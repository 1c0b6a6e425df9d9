"""Files by their SHA-256, sealed in chunks in the service's own database; an object store may stand behind it later.

Nothing in clear touches the disk: while a file arrives its parts wait sealed under a key that lives only in memory.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import bindparam, select
from sqlalchemy import delete as delete_from
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import schema
from shared.errors import FileNotUploaded, InvalidInput, NotFound
from shared.privacy import Vault

CHUNK_BYTES = 256 * 1024
IN_MEMORY_BYTES = 4 * CHUNK_BYTES
MAX_BYTES = 64 * 1024 * 1024
TAG_BYTES = 16
SHA256 = re.compile(r"[0-9a-f]{64}")
# Made once: to build the statement costs as much as to run it, and every act with a paper asks.
UPLOADED = select(schema.file.c.sha256).where(schema.file.c.sha256.in_(bindparam("hashes", expanding=True)))
MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,63}/[a-z0-9][a-z0-9.+-]{0,63}")


class FileTooLong(InvalidInput):
    """413: the file is longer than this service takes."""

    status = 413
    en = "The file is longer than {max_mb} MB."
    id = "Berkas lebih besar dari {max_mb} MB."


class InvalidMediaType(InvalidInput):
    """422: the media type is not of the form type/subtype."""

    en = "The media type cannot be read."
    id = "Jenis berkas tidak dapat dibaca."


class FileDamaged(Exception):
    """What is stored is not what was put; the reader must not use what it has read."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What is known of a file without opening it."""

    sha256: str
    size: int
    chunks: int
    media_type: str


async def put(
    session: AsyncSession, vault: Vault, arrival: "Arrival", *, media_type: str = "application/octet-stream"
) -> str:
    """Store a file that has arrived and return its SHA-256 in hexadecimal; storing it again changes nothing.

    Raises InvalidMediaType.
    """
    if not MEDIA_TYPE.fullmatch(media_type):
        raise InvalidMediaType
    if await claim(session, arrival, media_type):
        await store(session, vault, arrival)
    return arrival.sha256


async def claim(session: AsyncSession, arrival: "Arrival", media_type: str) -> bool:
    """Write the file's row; False when it is there already, also when another transaction was faster."""
    known = {
        "sha256": arrival.sha256,
        "size": arrival.size,
        "chunks": arrival.chunks,
        "media_type": media_type,
    }
    row = insert(schema.file).values(known).on_conflict_do_nothing().returning(schema.file.c.sha256)
    return await session.scalar(row) is not None


async def about(session: AsyncSession, sha256: str) -> StoredFile:
    """Return what is known of the file; raise NotFound."""
    stored = await _find(session, sha256)
    if stored is None:
        raise NotFound("file")
    return stored


async def about_uploaded(session: AsyncSession, sha256: str) -> StoredFile:
    """Return what is stored about a file, or raise FileNotUploaded."""
    stored = await _find(session, sha256)
    if stored is None:
        raise FileNotUploaded("/body/sha256")
    return stored


async def _find(session: AsyncSession, sha256: str) -> StoredFile | None:
    columns = schema.file.c
    wanted = select(columns.sha256, columns.size, columns.chunks, columns.media_type)
    row = (await session.execute(wanted.where(columns.sha256 == sha256))).one_or_none()
    return StoredFile(*row) if row else None


async def require_uploaded(session: AsyncSession, wanted: Mapping[str, str | None]) -> None:
    """Require the files whose SHA-256 the request names, each under its pointer in the request.

    Raises:
        FileNotUploaded: at the first pointer whose file is not here.
    """
    hashes = {sha256 for sha256 in wanted.values() if sha256 is not None}
    known = set(await session.scalars(UPLOADED, {"hashes": list(hashes)})) if hashes else set[str]()
    for pointer, sha256 in wanted.items():
        if sha256 is not None and sha256 not in known:
            raise FileNotUploaded(pointer)


async def require_evidence(session: AsyncSession, sha256: str | None) -> None:
    """Require the evidence that the request names, or raise FileNotUploaded."""
    await require_uploaded(session, {"/body/evidence_sha256": sha256})


async def open(session: AsyncSession, vault: Vault, sha256: str) -> AsyncIterator[bytes]:  # noqa: A001  # the design's word
    """Yield the file in parts; raise NotFound before the first, FileDamaged or SealBroken before the last.

    The last part is held back until the whole agrees with its SHA-256: whoever reads to the end has the true file.
    """
    known = await about(session, sha256)
    digest, held = hashlib.sha256(), b""
    for number in range(known.chunks):
        if number:
            yield held
        held = await read_chunk(session, vault, sha256, number)
        digest.update(held)
    if digest.hexdigest() != sha256:
        msg = "the stored chunks are not the file"
        raise FileDamaged(msg)
    if held:
        yield held


async def read(session: AsyncSession, vault: Vault, sha256: str) -> bytes:
    """Return the whole file; for files that are known to be small."""
    return b"".join([part async for part in open(session, vault, sha256)])


async def delete(session: AsyncSession, sha256: str) -> bool:
    """Delete the file and its chunks; return whether it was there."""
    row = delete_from(schema.file).where(schema.file.c.sha256 == sha256).returning(schema.file.c.sha256)
    return await session.scalar(row) is not None


async def read_chunk(session: AsyncSession, vault: Vault, sha256: str, number: int) -> bytes:
    """Return one opened chunk; raise FileDamaged when it is not there."""
    columns = schema.file_chunk.c
    wanted = select(columns.sealed).where(columns.sha256 == sha256, columns.number == number)
    sealed = await session.scalar(wanted)
    if sealed is None:
        msg = "a chunk of the file is missing"
        raise FileDamaged(msg)
    return vault.open_bytes(sealed, table="file_chunk", column="sealed", row_id=f"{sha256}:{number}")


async def store(session: AsyncSession, vault: Vault, arrival: "Arrival") -> None:
    """Seal each chunk for its own place and write it."""
    for number, chunk in enumerate(arrival):
        place = f"{arrival.sha256}:{number}"
        sealed = vault.seal_bytes(chunk, table="file_chunk", column="sealed", row_id=place)
        row = {"sha256": arrival.sha256, "number": number, "sealed": sealed}
        await session.execute(insert(schema.file_chunk).values(row))


class Arrival:
    """A file on its way in, whose hash is not known yet: short ones in memory, longer ones sealed in a spool file.

    It is received before a transaction opens: a slow client must not hold a connection to the database.
    """

    def __init__(self, max_bytes: int) -> None:
        """Take at most `max_bytes`."""
        self.size = self.chunks = 0
        self._max_bytes, self._pending, self._digest = max_bytes, bytearray(), hashlib.sha256()
        self._cipher, self._lengths = AESGCM(os.urandom(32)), list[int]()
        self._spool = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115  # closed by __exit__

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Forget the parts; their key is gone with this object."""
        self._spool.close()

    def take(self, part: bytes) -> None:
        """Add what arrived; raise FileTooLong."""
        self.size += len(part)
        if self.size > self._max_bytes:
            raise FileTooLong(max_mb=self._max_bytes // (1024 * 1024))
        self._digest.update(part)
        self._pending += part
        while len(self._pending) >= CHUNK_BYTES:
            self._keep(bytes(self._pending[:CHUNK_BYTES]))
            del self._pending[:CHUNK_BYTES]

    def finish(self) -> None:
        """Keep the rest; an empty file has no chunk."""
        if self._pending:
            self._keep(bytes(self._pending))
            self._pending.clear()

    @property
    def sha256(self) -> str:
        """The hash of what has arrived."""
        return self._digest.hexdigest()

    def __iter__(self) -> Iterator[bytes]:
        """Yield the chunks in order."""
        self._spool.seek(0)
        for number, length in enumerate(self._lengths):
            yield self._cipher.decrypt(nonce(number), self._spool.read(length + TAG_BYTES), None)

    def _keep(self, chunk: bytes) -> None:
        self._spool.write(self._cipher.encrypt(nonce(self.chunks), chunk, None))
        self._lengths.append(len(chunk))
        self.chunks += 1


def nonce(number: int) -> bytes:
    """Return the nonce of a chunk; it may count, because each arrival has a key of its own."""
    return number.to_bytes(12, "big")
