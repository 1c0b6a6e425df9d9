"""When an act on an offer is possible, and the states that an answer implies."""

from collections import deque

from services.referral.offer.errors import OfferNotDraft, OfferNotWithdrawn
from services.referral.rujukan.errors import ADVICE, NEXT_ACTS, RujukanNotOpen
from services.referral.rujukan.models import FORWARD, Rujukan, RujukanProgram, RujukanState
from services.referral.supply.errors import DataNotRequested
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


def require_consentable(_: RujukanProgram, rujukan: Rujukan) -> None:
    """Raise RujukanNotOpen unless the family may consent to an offer in the rujukan."""
    if rujukan.state is not RujukanState.TERBUKA:
        raise RujukanNotOpen(state=rujukan.state)


def require_draft(row: RujukanProgram, _: Rujukan | None = None) -> None:
    """Raise OfferNotDraft unless the family may decline the offer."""
    if row.state is not S.DRAF:
        raise OfferNotDraft(state=row.state)


def require_renewable(row: RujukanProgram, rujukan: Rujukan) -> None:
    """Raise RujukanNotOpen or OfferNotWithdrawn unless the offer may be made again."""
    if rujukan.state is RujukanState.DICABUT:
        raise RujukanNotOpen(state=rujukan.state)
    if row.state is not S.DICABUT or row.lapsed_on is not None or row.delivered_on is not None:
        raise OfferNotWithdrawn(state=row.state)


def require_asked(row: RujukanProgram, _: Rujukan | None = None) -> None:
    """Raise DataNotRequested unless the partner waits for data."""
    if row.state is not S.PERLU_DATA:
        raise DataNotRequested(state=row.state)
