"""Programs that fit each of many families, as a bit mask.

Each fact of a family is looked up once for all programs together. What a value of a fact rules out is worked out by
the rules' own comparison (`matching.holds`) when it is first met, and remembered.
"""

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from services.referral.matching.rules.matching import ACTUAL, Family, holds
from services.referral.program.models import RuleField, RuleView, Strength
from services.referral.replicas.models import UsahaFacts

OF_USAHA = frozenset(
    {
        RuleField.USAHA_MONTHS,
        RuleField.USAHA_OMZET_RP,
        RuleField.USAHA_SECTOR,
        RuleField.USAHA_REGISTERED,
        RuleField.OWNER_AGE,
        RuleField.OWNER_SEX,
    }
)
# How many values of one fact are remembered; a country has 84,000 villages.
REMEMBERED = 100_000


class Fitting:
    """Programs by their rules, prepared for many families. Hard rules alone decide."""

    def __init__(self, programs: Sequence[Sequence[RuleView]]) -> None:
        """Sort the hard rules of all programs by the fact at which they look."""
        self.everything = (1 << len(programs)) - 1
        hard: dict[RuleField, list[tuple[int, RuleView]]] = {}
        for number, rules in enumerate(programs):
            for rule in rules:
                if rule.strength is Strength.HARD:
                    hard.setdefault(rule.field, []).append((1 << number, rule))
        self._of_family = [_lookup(field, rules) for field, rules in hard.items() if field not in OF_USAHA]
        self._of_usaha = [_lookup(field, rules) for field, rules in hard.items() if field in OF_USAHA]

    def mask(self, family: Family) -> int:
        """Return the programs that fit, the first one the lowest bit: all hard rules hold, for one and the same usaha."""
        out = 0
        for excluded in self._of_family:
            out |= excluded(family, None)
        if out == self.everything:
            return 0
        if not self._of_usaha:
            return self.everything & ~out
        fits = 0
        for usaha in family.usaha or [None]:
            without = out
            for excluded in self._of_usaha:
                without |= excluded(family, usaha)
            fits |= ~without
        return fits & self.everything


def _lookup(
    field: RuleField, rules: Sequence[tuple[int, RuleView]]
) -> Callable[[Family, UsahaFacts | None], int]:
    """Return what gives the programs that a family's value of a fact rules out."""
    actual_of, known = ACTUAL[field], dict[Hashable, int]()
    marries = field is RuleField.OWNER_AGE

    def excluded(family: Family, usaha: UsahaFacts | None) -> int:
        actual: Any = actual_of(family, usaha)
        married = marries and usaha is not None and usaha.owner_married
        key = (actual, married) if marries else actual
        found = known.get(key)
        if found is None:
            if len(known) >= REMEMBERED:
                known.clear()
            found = 0
            for bit, rule in rules:
                found |= 0 if holds(rule, actual, married=married) else bit
            known[key] = found
        return found

    return excluded
