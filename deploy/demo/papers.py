"""Photographs and scans of the demonstration: small real files with a text."""

import io
import textwrap
from enum import StrEnum

from PIL import Image, ImageDraw

SIZE, MARGIN, LINE_LENGTH = (480, 320), (20, 20), 60


class PaperKind(StrEnum):
    """How a paper is uploaded, by its media type."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    PDF = "application/pdf"


def draw_paper(text: str, kind: PaperKind) -> bytes:
    """Return a picture of a text. Another text is another file."""
    image, content = Image.new("RGB", SIZE, "white"), io.BytesIO()
    ImageDraw.Draw(image).multiline_text(MARGIN, textwrap.fill(text, LINE_LENGTH), fill="black")
    image.save(content, kind.name)
    return content.getvalue()
