"""Families matched against forty programs, beside a bare loop over tuples."""

from __future__ import annotations

from deploy.bench.figure import Aim, Figure
from deploy.bench.testbed import Testbed


async def matching(testbed: Testbed, *, quick: bool) -> list[Figure]:
    """Measure in a separate process, which shares no memory with this one."""
    parameters = {"families": 2_000, "turns": 3} if quick else {"families": 50_000, "turns": 7}
    speeds = await testbed.floor("matching", parameters)
    name = "families matched with 40 programs"
    return [Figure.paired(name, "families/s", speeds["ours"], speeds["floor"], Aim("ratio", 2))]
