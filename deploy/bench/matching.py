"""Families matched against forty programs, beside a bare loop over plain tuples that asks the same (deploy.local.matching)."""

from __future__ import annotations

import asyncio
import json
import sys

from deploy.bench.figure import Aim, Figure
from deploy.bench.stage import Stage
from deploy.local.place import ROOT


async def matching(stage: Stage, *, quick: bool) -> list[Figure]:
    """A process of its own: it needs no database, and shares none of this one's memory."""
    del stage
    asked = ("2000", "3") if quick else ("50000", "7")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "deploy.local.matching", *asked, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    if process.returncode:
        message = f"deploy.local.matching ended with {process.returncode}"
        raise RuntimeError(message)
    speeds = json.loads(said)
    name = "families matched with 40 programs"
    return [Figure.paired(name, "families/s", speeds["ours"], speeds["floor"], Aim("ratio", 2))]
