"""The states that an answer implies."""

from collections import deque

from services.referral.rujukan.errors import ADVICE, NEXT_ACTS
from services.referral.rujukan.models import FORWARD
from shared.contracts.rujukan_kinds import RujukanProgramState
from shared.errors import IllegalTransition

S = RujukanProgramState
IMPLIED = frozenset({S.TERKIRIM, S.DITERIMA_SISTEM, S.DIPROSES})


def steps_to(current: RujukanProgramState, target: RujukanProgramState) -> list[RujukanProgramState]:
    """Return the states to pass through to `target`, which is the last one.

    The states in between are those that a partner's answer implies.

    Raises:
        IllegalTransition: `target` cannot be reached from `current`.
    """
    queue = deque([(current, list[RujukanProgramState]())])
    seen = {current}
    while queue:
        state, steps = queue.popleft()
        if target in FORWARD[state]:
            return [*steps, target]
        for following in sorted(FORWARD[state] & IMPLIED - seen):
            seen.add(following)
            queue.append((following, [*steps, following]))
    raise IllegalTransition(
        "referred program",
        current=current,
        target=target,
        remedy=NEXT_ACTS[current],
        advice=ADVICE.of(current, target),
    )
