"""The catalogue of forty programs (domain.md 5) for demonstrations and figures: facts in a file, published by the routes.

Where no text of a regulation was found, a rule's source says that it is not verified.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("programs.json")
Post = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]


def read() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return partners and programs, each as the request that registers or publishes it; a program names its `partner`."""
    found = json.loads(FILE.read_text("utf-8"))
    return found["partners"], found["programs"]


async def publish(post: Post) -> dict[str, dict[str, Any]]:
    """Register all partners and publish all programs; `post` sends as KEMENSOS. Returns the programs by code."""
    partners, programs = read()
    ids = {one["code"]: (await post("/v1/partner", one))["partner_id"] for one in partners}
    return {
        one["code"]: await post("/v1/program", as_published(one, ids[one["partner"]])) for one in programs
    }


def as_published(program: dict[str, Any], partner_id: str) -> dict[str, Any]:
    """Return the request that publishes a program of the file."""
    return {name: value for name, value in program.items() if name != "partner"} | {"partner_id": partner_id}
