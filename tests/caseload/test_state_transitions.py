"""State machines allow exactly the moves of their tables."""

from collections.abc import Mapping
from enum import StrEnum
from itertools import product
from typing import Any

import pytest

from services.caseload.application.models import USULAN_MOVES, Usulan, UsulanState
from services.caseload.exit_proposal.models import PROPOSAL_MOVES, ExitProposal, ExitProposalState
from services.caseload.identity.models import SEALING_MOVES, Sealing, SealingState
from services.caseload.membership.models import CASE_MOVES, CaseMark, CaseState
from shared.errors import IllegalTransition

MACHINES: list[tuple[Any, type[StrEnum], Mapping[Any, frozenset[Any]]]] = [
    (CaseMark, CaseState, CASE_MOVES),
    (ExitProposal, ExitProposalState, PROPOSAL_MOVES),
    (Sealing, SealingState, SEALING_MOVES),
    (Usulan, UsulanState, USULAN_MOVES),
]
MOVES = [
    (model, before, after, after in moves[before])
    for model, states, moves in MACHINES
    for before, after in product(states, states)
]


@pytest.mark.parametrize(
    ("model", "before", "after", "legal"), MOVES, ids=lambda value: getattr(value, "__name__", str(value))
)
def test_only_moves_of_the_table_are_allowed(model: Any, before: Any, after: Any, legal: bool) -> None:
    row = model(state=before, version=1) if model is Usulan else model(state=before)
    if legal:
        row.transition_to(after)
        assert row.state is after
    else:
        with pytest.raises(IllegalTransition):
            row.transition_to(after)
        assert row.state is before


@pytest.mark.parametrize(("model", "states", "moves"), MACHINES)
def test_table_has_each_state(model: Any, states: type[StrEnum], moves: Any) -> None:
    assert model.__tablename__
    assert set(moves) == set(states)


def test_case_mark_moves_only_forward() -> None:
    order = [CaseState.OPEN, CaseState.CLOSED, CaseState.DETERMINED, CaseState.EFFECTIVE, CaseState.ANNULLED]
    legal = {
        (before, after) for before, after in product(order, order) if order.index(before) < order.index(after)
    }
    assert {(before, after) for before, moves in CASE_MOVES.items() for after in moves} == legal
