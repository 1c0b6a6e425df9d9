"""The catalogue of forty programs, published by referral's routes."""

from collections.abc import Awaitable, Callable
from typing import Any

from deploy.bench import catalogue

Post = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]


async def publish_catalogue(post: Post) -> dict[str, dict[str, Any]]:
    """Register all partners, publish all programs and return these by code."""
    partners, programs = catalogue.read()
    ids = {partner["code"]: (await post("/v1/partner", partner))["partner_id"] for partner in partners}
    return {
        program["code"]: await post("/v1/program", build_request(program, ids[program["partner"]]))
        for program in programs
    }


def build_request(program: dict[str, Any], partner_id: str) -> dict[str, Any]:
    """Return the request that publishes a program of the catalogue."""
    return {name: value for name, value in program.items() if name != "partner"} | {"partner_id": partner_id}
