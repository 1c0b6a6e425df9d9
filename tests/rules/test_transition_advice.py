"""The refusal of an act in the wrong state has what to do first."""

from collections.abc import Mapping
from typing import Any

import pytest

from services.caseload.application.errors import ADVICE as USULAN
from services.caseload.application.models import USULAN_MOVES
from services.graduation.case.errors import ADVICE as CASE
from services.graduation.case.models import TRANSITIONS as CASE_TRANSITIONS
from services.referral.rujukan.errors import ADVICE as OFFER
from services.referral.rujukan.models import TRANSITIONS as OFFER_TRANSITIONS
from shared.errors import IllegalTransition, Words
from shared.transitions import Advice, require_move

MACHINES = [(CASE_TRANSITIONS, CASE), (USULAN_MOVES, USULAN), (OFFER_TRANSITIONS, OFFER)]


def find_faults(moves: Mapping[Any, Any], advice: Advice) -> list[str]:
    """Return the states without a sentence, and the sentences in one language only."""
    states = {str(state) for state in moves}
    texts = (advice.now, advice.acts)
    missing = [f"{state} has no sentence" for words in texts for state in sorted(states ^ words.keys())]
    untranslated = [str(one) for words in texts for one in words.values() if one.id == one]
    return missing + untranslated


@pytest.mark.parametrize(("moves", "advice"), MACHINES)
def test_each_state_has_advice_in_both_languages(moves: Mapping[Any, Any], advice: Advice) -> None:
    assert find_faults(moves, advice) == []


@pytest.mark.parametrize(("moves", "advice"), MACHINES)
def test_each_refused_move_has_its_advice(moves: Mapping[Any, Any], advice: Advice) -> None:
    for current, following in moves.items():
        for target in moves.keys() - following:
            with pytest.raises(IllegalTransition) as refused:
                require_move(moves, current, target, "case", advice)
            for language, act in (("en", advice.acts[target]), ("id", advice.acts[target].id)):
                sentence = refused.value.sentence(language)
                assert sentence.endswith(str(act))
                assert "cannot become" not in sentence


def test_missing_or_untranslated_sentence_is_detected() -> None:
    planted = Advice({"LODGED": Words("wait", "wait")}, USULAN.acts)
    assert find_faults(USULAN_MOVES, planted) == [
        "ACCEPTED has no sentence",
        "REFUSED has no sentence",
        "wait",
    ]
