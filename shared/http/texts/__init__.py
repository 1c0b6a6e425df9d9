"""Texts of the published contract, read from the files of this folder."""

from functools import cache
from pathlib import Path


@cache
def read_texts(name: str) -> dict[str, str]:
    """Return the text of each name in a file of lines `name: text`.

    Raises:
        ValueError: a name occurs twice, or a line has no text.
    """
    texts: dict[str, str] = {}
    for line in Path(__file__).with_name(f"{name}.txt").read_text("utf-8").splitlines():
        key, _, text = line.partition(": ")
        if not line or line.startswith("#"):
            continue
        if key in texts or not text.strip():
            msg = f"{name}.txt: {line!r} is a second line of this name, or has no text"
            raise ValueError(msg)
        texts[key] = text.strip()
    return texts
