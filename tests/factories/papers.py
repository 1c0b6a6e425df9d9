"""Papers and photographs for tests, and who uploaded which."""

import asyncio
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
from PIL import Image


@dataclass(slots=True)
class Papers:
    """The content of each uploaded file, and the tokens that uploaded it.

    A command may name only a file that its sender uploaded or may read. In a test that is not about this, the sender
    uploads the paper before, as its application would.
    """

    contents: dict[str, bytes] = field(default_factory=dict[str, bytes])
    uploads: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    def add(self, content: bytes, token: str, sha256: str) -> str:
        """Store an upload, and return the hash of its content."""
        self.contents[sha256] = content
        self.uploads.add((sha256, token))
        return sha256

    def missing_of(self, token: str | None, body: Any) -> Iterator[bytes]:
        """Yield the papers that a body names and the sender has not uploaded."""
        if token is None or body is None:
            return
        text = orjson.dumps(body, default=str).decode()
        for sha256, content in [*self.contents.items()]:
            if sha256 in text and (sha256, token) not in self.uploads:
                yield content


def build_pdf(text: bytes) -> bytes:
    """Return a small PDF, another one for each text."""
    return (
        b"%PDF-1.4\n% " + text.hex().encode() + b"\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n"
        b"trailer<</Root 1 0 R>>\n%%EOF\n"
    )


def build_photo(kind: str = "JPEG", *, place: bool = True, size: tuple[int, int] = (64, 48)) -> bytes:
    """Return a photograph that is turned, with place, time and device in its EXIF."""
    exif, content = Image.Exif(), io.BytesIO()
    exif.update({0x0112: 6, 0x010F: "Pabrik Contoh", 0x0110: "HP Contoh", 0x0132: "2026:05:18 10:00:00"})
    if place:
        exif.get_ifd(0x8825).update({1: "S", 2: (6.0, 12.0, 30.0), 3: "E", 4: (106.0, 50.0, 0.0)})
    Image.effect_noise(size, 60).convert("RGB").save(content, kind, exif=exif.tobytes())
    return content.getvalue()
