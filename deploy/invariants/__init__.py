"""What must be true of the four databases at rest (reliability.md, I1 to I9), as one list of what is not.

`violations` takes the kit's running services, or `databases(dsns)` over any deployment's four addresses (a role that
passes row security). I1 needs what a caller remembers: without a `history` it is left out.
"""

from collections.abc import Mapping, Sequence

from deploy.invariants.answers import Command, answer_faults
from deploy.invariants.cases import case_faults
from deploy.invariants.databases import Address, Asked, databases
from deploy.invariants.idle_state import at_rest
from deploy.invariants.replicas import copy_faults
from deploy.invariants.streams import stream_faults
from deploy.invariants.sums import sum_faults


async def violations(
    services: Mapping[str, Asked], bootstrap: str = "", history: Sequence[Command] | None = None
) -> list[str]:
    """Each sentence is something that must not be; `bootstrap` names the broker where facts travel by Kafka."""
    found = await answer_faults(services, history) if history is not None else []
    found += await stream_faults(services, bootstrap) + await copy_faults(services)
    return found + await case_faults(services) + await sum_faults(services)


__all__ = ["Address", "Asked", "Command", "at_rest", "databases", "violations"]
