"""A file that is being received, sealed in memory or on disk."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from typing import Self

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.files.errors import FileTooLong

CHUNK_BYTES = 256 * 1024
IN_MEMORY_BYTES = 4 * CHUNK_BYTES
TAG_BYTES = 16


class IncomingFile:
    """A file that is being received, in memory or, if longer, in a sealed spool.

    It is received before a transaction opens, so that a slow client does not hold a connection.
    """

    def __init__(self, max_bytes: int) -> None:
        """Accept at most `max_bytes`."""
        self.size = self.chunks = 0
        self.max_bytes, self.media_type = max_bytes, "application/octet-stream"
        self.metadata: bytes | None = None
        self._pending, self._digest = bytearray(), hashlib.sha256()
        self._stored_digest = self._digest
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
        if self.size > self.max_bytes:
            raise FileTooLong(max_mb=self.max_bytes // (1024 * 1024))
        self._digest.update(part)
        self._take(part)

    def _take(self, part: bytes) -> None:
        self._pending += part
        while len(self._pending) >= CHUNK_BYTES:
            self._seal_chunk(bytes(self._pending[:CHUNK_BYTES]))
            del self._pending[:CHUNK_BYTES]

    def finish(self) -> None:
        """Seal the rest. An empty file has no chunk."""
        self._seal_rest()

    def _seal_rest(self) -> None:
        if self._pending:
            self._seal_chunk(bytes(self._pending))
            self._pending.clear()

    @property
    def sha256(self) -> str:
        """The hash of the received bytes."""
        return self._digest.hexdigest()

    @property
    def stored_sha256(self) -> str:
        """The hash of the chunks."""
        return self._stored_digest.hexdigest()

    def replace(self, content: bytes) -> None:
        """Store another content under the hash of what was received."""
        self._spool.seek(0)
        self._spool.truncate()
        self._cipher, self._lengths, self.chunks = AESGCM(os.urandom(32)), [], 0
        self.size, self._stored_digest = len(content), hashlib.sha256(content)
        self._take(content)
        self._seal_rest()

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
