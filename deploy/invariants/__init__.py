"""Invariants I1 to I9 of the four databases, checked when all events are read (docs/messaging.md#invariants).

`violations` takes the running services of the tests, or `databases(dsns)` with the four addresses of a deployment (of a
role without row security). I1 needs the history of a client and is skipped without it.
"""

from collections.abc import Mapping, Sequence

from deploy.invariants.answers import Command, answer_faults
from deploy.invariants.cases import case_faults
from deploy.invariants.counts import figure_faults
from deploy.invariants.databases import Address, Asked, databases
from deploy.invariants.idle_state import find_waiting, is_idle
from deploy.invariants.replicas import replica_faults
from deploy.invariants.streams import stream_faults
from deploy.invariants.sums import sum_faults


async def violations(
    services: Mapping[str, Asked], bootstrap: str = "", history: Sequence[Command] | None = None
) -> list[str]:
    """Return one sentence per violation.

    `bootstrap` is the broker's address, or empty if events travel without Kafka. `history` is needed for I1 only.
    """
    faults = await answer_faults(services, history) if history is not None else []
    faults += await stream_faults(services, bootstrap) + await replica_faults(services)
    faults += await case_faults(services) + await sum_faults(services)
    return faults + await figure_faults(services)


__all__ = ["Address", "Asked", "Command", "databases", "find_waiting", "is_idle", "violations"]
