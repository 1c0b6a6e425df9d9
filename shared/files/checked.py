"""A file whose kind, size and content are checked while it arrives."""

import asyncio

from shared.files.errors import FileUnreadable, UploadEmpty
from shared.files.images import clean_image
from shared.files.incoming import IncomingFile
from shared.files.kinds import HEAD_BYTES, PDF, FileKind, kind_of_head, require_declared
from shared.files.scanner import scan

PDF_END, PDF_END_WITHIN = b"%%EOF", 2048


class CheckedFile(IncomingFile):
    """A file that a user uploads. Its kind is decided by its first bytes."""

    def __init__(self, max_bytes: int, declared: str) -> None:
        """Accept at most `max_bytes`, or less if the kind has less. `declared` is the Content-Type."""
        super().__init__(max_bytes)
        self.kind: FileKind | None = None
        self._declared, self._head, self._tail = declared, b"", b""

    def append(self, part: bytes) -> None:
        """Append a received part.

        Raises:
            FileTooLong, FileKindUnknown, FileNotOfDeclaredKind
        """
        if self.kind is None:
            self._head += part
            if len(self._head) >= HEAD_BYTES:
                self._decide_kind()
        self._tail = (self._tail + part)[-PDF_END_WITHIN:]
        super().append(part)

    def finish(self) -> None:
        """Seal the rest.

        Raises:
            UploadEmpty, FileKindUnknown, FileNotOfDeclaredKind
            FileUnreadable: a PDF is cut off.
        """
        if not self.size:
            raise UploadEmpty
        if self.kind is None:
            self._decide_kind()
        if self.kind is PDF and PDF_END not in self._tail:
            raise FileUnreadable
        super().finish()

    def _decide_kind(self) -> None:
        self.kind = kind_of_head(self._head[:HEAD_BYTES])
        require_declared(self.kind, self._declared)
        self.media_type, self.max_bytes = self.kind.media_type, min(self.max_bytes, self.kind.most_bytes)
        self._head = b""


async def inspect(file: CheckedFile, scanner: str) -> None:
    """Scan a received file for viruses, and take the metadata out of an image.

    `scanner` is the address of ClamAV, or empty.

    Raises:
        FileInfected, ScannerUnavailable, FileUnreadable
    """
    if scanner:
        await scan(scanner, file)
    if file.kind is not None and file.kind.most_pixels:
        image = await asyncio.to_thread(clean_image, file.kind, b"".join(file))
        file.metadata = image.metadata
        file.replace(image.content)
