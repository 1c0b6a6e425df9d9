"""Images: decoded once to prove that they open, and stored without location and device."""

import contextlib
import io
import struct
import threading
from dataclasses import dataclass
from typing import Any

import orjson
from PIL import Image

from shared.files.errors import FileUnreadable
from shared.files.image_segments import STRIP, ImageBroken
from shared.files.kinds import FileKind

ORIENTATION, GPS, EXIF_DETAILS = 0x0112, 0x8825, 0x8769
NAMES = {0x010F: "make", 0x0110: "model", 0x0131: "software", 0x0132: "changed_at", 0x013B: "artist"}
DETAIL_NAMES = {0x9003: "taken_at", 0x9011: "taken_at_offset", 0xA431: "device_number", 0xA433: "lens_make"}
LONGEST_TEXT = 200
EIGHTH = 8
# Decoding needs memory for all pixels, so one image at a time in a process.
DECODER = threading.Lock()
# Of Pillow, for content that it cannot decode. It warns of a broken EXIF block.
DECODE_ERRORS = (
    *(OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, MemoryError),
    *(struct.error, ArithmeticError, UserWarning),
)
# The limits are those of the kind.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True, slots=True)
class CleanImage:
    """An image without its metadata, and the metadata as JSON, if it had any."""

    content: bytes
    metadata: bytes | None


def clean_image(kind: FileKind, content: bytes) -> CleanImage:
    """Take the metadata out of an image, and prove that the rest opens.

    Raises:
        FileUnreadable: it is cut off or damaged, or has too many pixels.
    """
    try:
        clean, exif = STRIP[kind.media_type](content, read_orientation)
        with DECODER:
            _decode(kind, clean)
    except (ImageBroken, *DECODE_ERRORS):
        raise FileUnreadable from None
    return CleanImage(clean, _metadata_of(exif) if exif else None)


def _decode(kind: FileKind, content: bytes) -> None:
    with Image.open(io.BytesIO(content), formats=[kind.extension.replace("jpg", "jpeg")]) as image:
        if image.width * image.height > kind.most_pixels:
            raise ImageBroken
        if kind.extension == "jpg":
            # Reads the whole file, and needs a 64th of the memory.
            image.draft(None, (max(image.width // EIGHTH, 1), max(image.height // EIGHTH, 1)))
        image.load()


def read_orientation(exif: bytes) -> int:
    """Return the orientation, 1 to 8, or 1 if it cannot be read."""
    value = _parse(exif).get(ORIENTATION, 1)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _metadata_of(exif: bytes) -> bytes:
    """Return place, time and device as JSON."""
    tags, values = _parse(exif), dict[str, Any]()
    for block, names in ((tags, NAMES), (_block(tags, EXIF_DETAILS), DETAIL_NAMES)):
        values |= {name: _text(block[tag]) for tag, name in names.items() if tag in block}
    location = _block(tags, GPS)
    for name, reference, tag in (("latitude", 1, 2), ("longitude", 3, 4)):
        with contextlib.suppress(ArithmeticError, TypeError, ValueError, KeyError, IndexError):
            values[name] = _degrees(location[tag], str(location.get(reference, "")))
    return orjson.dumps(values)


def _degrees(value: Any, reference: str) -> float:
    degrees, minutes, seconds = (float(part) for part in value)
    sign = -1 if reference.strip("\0 ").upper() in {"S", "W"} else 1
    return round(sign * (degrees + minutes / 60 + seconds / 3600), 6)


def _text(value: Any) -> str:
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    return text.replace("\0", "").strip()[:LONGEST_TEXT]


def _parse(exif: bytes) -> Image.Exif:
    tags = Image.Exif()
    with contextlib.suppress(*DECODE_ERRORS):
        tags.load(b"Exif\0\0" + exif)
    return tags


def _block(tags: Image.Exif, pointer: int) -> dict[int, Any]:
    with contextlib.suppress(*DECODE_ERRORS):
        return tags.get_ifd(pointer)
    return {}
