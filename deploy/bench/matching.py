"""Families matched against forty programs, beside a bare loop over tuples."""

from __future__ import annotations

from deploy.bench.figure import Aim, Figure
from deploy.bench.stage import Stage


async def matching(stage: Stage, *, quick: bool) -> list[Figure]:
    """A process of its own: it needs no database, and shares none of this one's memory."""
    asked = {"families": 2_000, "turns": 3} if quick else {"families": 50_000, "turns": 7}
    speeds = await stage.floor("matching", asked)
    name = "families matched with 40 programs"
    return [Figure.paired(name, "families/s", speeds["ours"], speeds["floor"], Aim("ratio", 2))]
