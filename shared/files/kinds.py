"""The kinds of files that are accepted, by their content."""

import re
from dataclasses import dataclass
from types import MappingProxyType

from shared.files.errors import FileKindUnknown, FileNotOfDeclaredKind

MEGABYTE = 1024 * 1024
ANY_TYPE = frozenset({"application/octet-stream"})
# The longest signature, of WebP.
HEAD_BYTES = 12


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file, with the names that browsers send for it.

    `most_pixels` is what decoding may need memory for. 0: not an image.
    """

    media_type: str
    extension: str
    names: frozenset[str]
    most_bytes: int
    most_pixels: int = 0


JPEG = FileKind(
    "image/jpeg",
    "jpg",
    frozenset({"image/jpeg", "image/jpg", "image/pjpeg"}),
    12 * MEGABYTE,
    # Decoded at an eighth of its size.
    most_pixels=120_000_000,
)
PNG = FileKind("image/png", "png", frozenset({"image/png", "image/x-png"}), 12 * MEGABYTE, 25_000_000)
WEBP = FileKind("image/webp", "webp", frozenset({"image/webp"}), 12 * MEGABYTE, 25_000_000)
PDF = FileKind("application/pdf", "pdf", frozenset({"application/pdf", "application/x-pdf"}), 24 * MEGABYTE)
CSV_NAMES = frozenset({"text/csv", "application/csv", "text/x-csv", "text/plain", "application/vnd.ms-excel"})
CSV = FileKind("text/csv", "csv", CSV_NAMES, 64 * MEGABYTE)
KINDS = (JPEG, PNG, WEBP, PDF, CSV)
BY_MEDIA_TYPE = MappingProxyType({kind.media_type: kind for kind in KINDS})
MEDIA_TYPES = tuple(BY_MEDIA_TYPE)
ACCEPTED_TYPES = ANY_TYPE.union(*(kind.names for kind in KINDS))
BOM = b"\xef\xbb\xbf"
NOT_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")


def kind_of_head(head: bytes) -> FileKind:
    """Return the kind that the first bytes show. CSV is neither binary nor markup.

    Raises:
        FileKindUnknown
    """
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head.startswith(b"%PDF-"):
        return PDF
    # A later row with such bytes, or that is not UTF-8, is an error of that row. Markup is no CSV.
    if NOT_TEXT.search(head) or head.removeprefix(BOM).lstrip().startswith(b"<"):
        raise FileKindUnknown
    return CSV


def kind_of_name(media_type: str) -> FileKind | None:
    """Return the kind that browsers send under this name."""
    return next((kind for kind in KINDS if media_type in kind.names), None)


def require_declared(kind: FileKind, media_type: str) -> None:
    """Refuse a content that is not what its Content-Type says.

    Raises:
        FileNotOfDeclaredKind
    """
    if media_type not in kind.names | ANY_TYPE:
        raise FileNotOfDeclaredKind(kind=kind.media_type)


def extension_of(media_type: str) -> str:
    """Return the extension of a file's name."""
    kind = BY_MEDIA_TYPE.get(media_type)
    return kind.extension if kind else "bin"
