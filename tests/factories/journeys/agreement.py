"""Comparison of the four services' counts after scenarios."""

from collections.abc import Sequence

from deploy.demo.numbers import compare
from deploy.demo.world import World


async def do_numbers_agree(world: World, numbers: Sequence[int]) -> bool:
    """Return whether all counts agree and no check failed."""
    return all(comparison.agrees for comparison in await compare(world, numbers)) and not world.failed
