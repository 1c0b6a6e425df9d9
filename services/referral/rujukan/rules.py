"""When an act on an offer is possible, and the states that an answer implies."""

from collections import deque
from dataclasses import dataclass
from datetime import date

from services.referral.consent.errors import ConsentAlreadyGiven
from services.referral.correction.errors import AnswerNotCorrectable, CorrectionTooLate
from services.referral.offer.errors import (
    OfferHasEnded,
    OfferLapsed,
    OfferNotDraft,
    OfferNotWithdrawn,
    OfferWithdrawn,
)
from services.referral.outcome.errors import AidNotDelivered, AidWithdrawn
from services.referral.rujukan.errors import ADVICE, NEXT_ACTS, RujukanNotOpen
from services.referral.rujukan.models import ENDED, FORWARD, PARTNER_ANSWERS, RujukanProgram, RujukanState
from services.referral.supply.errors import DataNotRequested
from shared.contracts.rujukan_kinds import RujukanProgramState
from shared.errors import IllegalTransition

S = RujukanProgramState
# An answer or a delivery in these states is late (docs/case-lifecycle.md#late-facts).
LATE_STATES = frozenset({S.KEDALUWARSA, S.DICABUT})
IMPLIED = frozenset({S.TERKIRIM, S.DITERIMA_SISTEM, S.DIPROSES})


@dataclass(frozen=True, slots=True)
class CorrectionTerm:
    """The days to correct a fact: the last one, and from when they count."""

    until: date
    since: date


@dataclass(frozen=True, slots=True)
class OfferState:
    """The states of an offer and its rujukan, and whether its consent is in force.

    `delivery_term` is None without a delivery, `outcome_term` the longest one of its outcomes.
    """

    state: RujukanProgramState
    lapsed_on: date | None
    delivered_on: date | None
    rujukan_state: RujukanState
    in_force: bool
    withdrawn_on: date | None
    delivery_term: CorrectionTerm | None
    outcome_term: CorrectionTerm | None
    today: date


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


def require_consentable(row: RujukanProgram | OfferState, state: RujukanState) -> None:
    """Refuse a consent unless the offer is a draft. `state` is that of its rujukan.

    Raises:
        RujukanNotOpen, OfferWithdrawn, OfferLapsed, ConsentAlreadyGiven
    """
    if state is not RujukanState.TERBUKA:
        raise RujukanNotOpen(state=state)
    if is_renewable(row):
        raise OfferWithdrawn
    if row.state is S.DICABUT and row.delivered_on is None:
        raise OfferLapsed
    if row.state is not S.DRAF:
        raise ConsentAlreadyGiven


def require_draft(row: RujukanProgram | OfferState) -> None:
    """Raise OfferHasEnded or OfferNotDraft unless the family may decline the offer."""
    if row.state in ENDED:
        raise OfferHasEnded(state=row.state)
    if row.state is not S.DRAF:
        raise OfferNotDraft(state=row.state)


def require_renewable(row: RujukanProgram | OfferState, state: RujukanState) -> None:
    """Raise RujukanNotOpen or OfferNotWithdrawn unless the offer may be made again."""
    if state is RujukanState.DICABUT:
        raise RujukanNotOpen(state=state)
    if not is_renewable(row):
        raise OfferNotWithdrawn(state=row.state)


def is_renewable(row: RujukanProgram | OfferState) -> bool:
    """Return whether the offer was withdrawn before its delivery, and not made again."""
    return row.state is S.DICABUT and row.lapsed_on is None and row.delivered_on is None


def require_asked(row: RujukanProgram | OfferState) -> None:
    """Raise DataNotRequested unless the partner waits for data."""
    if row.state is not S.PERLU_DATA:
        raise DataNotRequested(state=row.state)


def require_answered(row: RujukanProgram | OfferState) -> None:
    """Raise AnswerNotCorrectable unless an answer gave the state."""
    if row.state not in PARTNER_ANSWERS:
        raise AnswerNotCorrectable(state=row.state)


def require_deliverable(row: RujukanProgram | OfferState) -> None:
    """Raise IllegalTransition unless the aid may be delivered. A repeated or late delivery is recorded."""
    if row.delivered_on is None and row.state not in LATE_STATES:
        steps_to(row.state, S.DISALURKAN)


def require_delivered(row: RujukanProgram | OfferState) -> None:
    """Raise AidNotDelivered unless the aid was delivered."""
    if row.delivered_on is None:
        raise AidNotDelivered


def require_in_time(term: CorrectionTerm, today: date) -> None:
    """Raise CorrectionTooLate after the last day of the term."""
    if today > term.until:
        raise CorrectionTooLate(until=term.until, days=(term.until - term.since).days)


def require_delivery_correctable(offer: OfferState) -> None:
    """Raise AidNotDelivered or CorrectionTooLate unless the delivery may be corrected."""
    require_delivered(offer)
    if offer.delivery_term is not None:
        require_in_time(offer.delivery_term, offer.today)


def require_outcome_correctable(offer: OfferState) -> None:
    """Raise AidNotDelivered or CorrectionTooLate if no outcome may be corrected."""
    require_delivered(offer)
    if offer.outcome_term is not None:
        require_in_time(offer.outcome_term, offer.today)


def require_outcomes_asked(row: RujukanProgram | OfferState) -> None:
    """Raise AidNotDelivered or AidWithdrawn unless outcomes of the aid are recorded."""
    require_delivered(row)
    if row.state is S.DICABUT:
        raise AidWithdrawn(on=row.withdrawn_on)
