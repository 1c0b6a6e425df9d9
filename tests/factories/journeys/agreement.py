"""Whether the four services count the same after scenarios were played."""

from collections.abc import Sequence

from deploy.demo.numbers import compare
from deploy.demo.world import World


async def agreed(world: World, numbers: Sequence[int]) -> bool:
    """Return whether all numbers agree between the services and nothing failed."""
    return all(one.agrees for one in await compare(world, numbers)) and not world.failed
