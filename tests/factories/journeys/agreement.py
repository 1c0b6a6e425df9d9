"""Whether the four services count the same after scenarios were played."""

from collections.abc import Sequence

from deploy.demo.numbers import compare
from deploy.demo.world import World


async def agreed(world: World, numbers: Sequence[int]) -> bool:
    """Compare the numbers between the services: all are as they must be, and nothing failed on the way."""
    return all(one.agrees for one in await compare(world, numbers)) and not world.failed
