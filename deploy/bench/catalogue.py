"""Forty programs, as the requests that register partners and publish programs.

Where no regulation's text was found, the source of a rule is marked as not verified.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("programs.json")


def read() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return partners and programs. A program names its partner by code, in `partner`."""
    content = json.loads(FILE.read_text("utf-8"))
    return content["partners"], content["programs"]
