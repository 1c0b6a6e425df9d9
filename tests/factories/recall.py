"""Rows that many tests begin with, made once and then copied."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from tests.factories.remedies import TRAIL

if TYPE_CHECKING:
    from tests.factories.database_state import Content, DatabaseState
    from tests.factories.services import Running

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Step:
    """The contents of the databases after a step, and its result."""

    contents: dict[str, Content]
    result: object


@dataclass(slots=True)
class RecalledSteps:
    """The known steps of a process, and those that the running test began with.

    `unchanged` is the number of the next transaction that writes. It is another one after any write.
    """

    known: dict[tuple[Hashable, ...], Step] = field(default_factory=dict[tuple[Hashable, ...], Step])
    taken: tuple[Hashable, ...] = ()
    unchanged: int | None = None
    running: int = 0

    async def begin(self, state: DatabaseState | None) -> None:
        """Count a service that a test borrows.

        The database of the first one shows later whether the test has written something.
        """
        self.running += 1
        if self.running == 1:
            self.taken, self.unchanged = (), await state.read_next_transaction() if state else None

    def end(self) -> None:
        """Count a service that a test returns."""
        self.running -= 1


async def recall(key: Hashable, build: Callable[[], Awaitable[Result]], *services: Running) -> Result:
    """Return the result of `build`, with its rows in the databases of the services.

    The first test that begins with it builds it, the others copy its rows. A test that has written something else
    before builds it itself. The result refers to no service and is not changed. `build` writes in `services` only.
    """
    steps = services[0].cluster.recalled
    states = {one.name: one.reused.initial_state for one in services if one.reused.initial_state}
    if (
        len(states) < len(services)
        or await states[services[0].name].read_next_transaction() != steps.unchanged
    ):
        return await build()
    path, earlier = (*steps.taken, (key, *states)), steps.known.get(steps.taken)
    present = earlier.contents if earlier else {}
    step = steps.known.get(path)
    if step is None:
        result = await build()
        contents = {name: await state.read_content() for name, state in states.items()}
        read = {name: content for name, content in contents.items() if content}
        if len(read) < len(states):
            return result
        step = steps.known[path] = Step(present | read, result)
    else:
        for one in services:
            await states[one.name].copy(step.contents[one.name], present.get(one.name))
            one.database._clock_offset = one.worker._clock_offset = None
        TRAIL.clear()
    steps.taken, steps.unchanged = path, await states[services[0].name].read_next_transaction()
    return step.result
