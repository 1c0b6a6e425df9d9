"""JPEG, PNG and WebP without their metadata. Pixels are not compressed again.

Each function returns the image and its EXIF. Of the EXIF only the orientation stays in the image.
"""

import struct
import zlib
from collections.abc import Callable, Iterator
from types import MappingProxyType

from shared.files.kinds import JPEG, PNG, WEBP

JPEG_START, JPEG_END = b"\xff\xd8", b"\xff\xd9"
EXIF_HEADER = b"Exif\0\0"
APP0, APP1, APP2, APP14, COMMENT = 0xE0, 0xE1, 0xE2, 0xEE, 0xFE
START_OF_SCAN, END_OF_IMAGE = 0xDA, 0xD9
PNG_START = b"\x89PNG\r\n\x1a\n"
PNG_KEPT = frozenset(
    (
        b"IHDR",
        b"PLTE",
        b"IDAT",
        b"IEND",
        b"tRNS",
        b"gAMA",
        b"cHRM",
        b"sRGB",
        b"iCCP",
        b"sBIT",
        b"bKGD",
        b"pHYs",
    )
)
WEBP_KEPT = frozenset((b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ICCP"))
WEBP_EXIF_FLAG, WEBP_XMP_FLAG = 0x08, 0x04
UPRIGHT = 1


class ImageBroken(Exception):
    """The structure of the image cannot be read."""


def build_exif(orientation: int) -> bytes:
    """Return an EXIF block with the orientation alone."""
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    return b"MM\0*" + struct.pack(">IH", 8, 1) + entry + bytes(4)


def strip_jpeg(content: bytes, read_orientation: Callable[[bytes], int]) -> tuple[bytes, bytes]:
    """Keep what decoding needs: JFIF, the colour profile, Adobe's colour transform, tables and scans."""
    parts, exif = list[bytes](), b""
    for marker, segment in _jpeg_segments(content):
        payload = segment[4:]
        if marker == APP1 and payload.startswith(EXIF_HEADER):
            exif = exif or payload[len(EXIF_HEADER) :]
        elif _is_kept_in_jpeg(marker, payload):
            parts.append(segment)
    orientation = read_orientation(exif) if exif else UPRIGHT
    if orientation != UPRIGHT:
        block = EXIF_HEADER + build_exif(orientation)
        # After JFIF, which a decoder expects first.
        place = 1 if parts and parts[0][1] == APP0 else 0
        parts.insert(place, b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block)
    return b"".join((JPEG_START, *parts, JPEG_END)), exif


def _is_kept_in_jpeg(marker: int, payload: bytes) -> bool:
    if marker == APP0:
        return payload.startswith(b"JFIF\0")
    if marker == APP2:
        return payload.startswith(b"ICC_PROFILE\0")
    return marker == APP14 or (not APP0 <= marker <= 0xEF and marker != COMMENT)


def _jpeg_segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield marker and bytes of each segment, up to the end of the image."""
    at = len(JPEG_START)
    while at + 4 <= len(content):
        if content[at] != 0xFF:
            raise ImageBroken
        marker = content[at + 1]
        if marker == 0xFF:  # Fill byte.
            at += 1
            continue
        end = at + 2 + struct.unpack_from(">H", content, at + 2)[0]
        if marker == START_OF_SCAN:
            end = _end_of_scan(content, end)
        yield marker, content[at:end]
        at = end
        if content[at : at + 2] == JPEG_END:
            return
    raise ImageBroken


def _end_of_scan(content: bytes, at: int) -> int:
    """Return where the next marker begins, other than a restart or an escaped byte."""
    while (at := content.find(b"\xff", at)) >= 0 and at + 1 < len(content):
        if content[at + 1] != 0 and not 0xD0 <= content[at + 1] <= 0xD7 and content[at + 1] != 0xFF:
            return at
        at += 1 if content[at + 1] == 0xFF else 2
    raise ImageBroken


def strip_png(content: bytes, read_orientation: Callable[[bytes], int]) -> tuple[bytes, bytes]:
    """Keep the pixels and what their colours need. Text, time, EXIF and animation are dropped."""
    parts, exif, at = [PNG_START], b"", len(PNG_START)
    while at + 12 <= len(content):
        length, name = struct.unpack_from(">I4s", content, at)
        end = at + 12 + length
        if end > len(content):
            raise ImageBroken
        if name == b"eXIf":
            exif = content[at + 8 : end - 4]
        elif name in PNG_KEPT:
            parts.append(content[at:end])
        at = end
        if name == b"IEND":
            break
    else:
        raise ImageBroken
    orientation = read_orientation(exif) if exif else UPRIGHT
    if orientation != UPRIGHT:
        block = b"eXIf" + build_exif(orientation)
        check = struct.pack(">I", zlib.crc32(block))
        parts.insert(2, struct.pack(">I", len(block) - 4) + block + check)
    return b"".join(parts), exif


def strip_webp(content: bytes, read_orientation: Callable[[bytes], int]) -> tuple[bytes, bytes]:
    """Keep the pixels, transparency and the colour profile of a still image."""
    parts, exif, at = list[bytes](), b"", 12
    while at + 8 <= len(content):
        name, length = struct.unpack_from("<4sI", content, at)
        end = at + 8 + length + length % 2
        if at + 8 + length > len(content):
            raise ImageBroken
        if name == b"EXIF":
            exif = content[at + 8 : at + 8 + length].removeprefix(EXIF_HEADER)
        elif name in WEBP_KEPT:
            parts.append(content[at:end])
        at = end
    orientation = read_orientation(exif) if exif else UPRIGHT
    is_turned = orientation != UPRIGHT
    parts = [_set_webp_flags(part, is_turned=is_turned) if part[:4] == b"VP8X" else part for part in parts]
    if is_turned:
        block = build_exif(orientation)
        parts.append(struct.pack("<4sI", b"EXIF", len(block)) + block)
    body = b"WEBP" + b"".join(parts)
    return struct.pack("<4sI", b"RIFF", len(body)) + body, exif


def _set_webp_flags(part: bytes, *, is_turned: bool) -> bytes:
    flags = part[8] & ~(WEBP_EXIF_FLAG | WEBP_XMP_FLAG) | (WEBP_EXIF_FLAG if is_turned else 0)
    return part[:8] + bytes([flags]) + part[9:]


STRIP = MappingProxyType(
    {JPEG.media_type: strip_jpeg, PNG.media_type: strip_png, WEBP.media_type: strip_webp}
)
