"""Programs that fit each of many families, as a bit mask.

Each fact of a family is looked up once for all programs. Which programs a value excludes is computed by
`matching.holds` at its first use, and cached.
"""

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from services.referral.matching.rules.matching import ACTUAL, Family, holds
from services.referral.program.models import RuleField, RuleView, Strength
from services.referral.replicas.models import UsahaFacts

USAHA_FIELDS = frozenset(
    {
        RuleField.USAHA_MONTHS,
        RuleField.USAHA_OMZET_RP,
        RuleField.USAHA_SECTOR,
        RuleField.USAHA_REGISTERED,
        RuleField.OWNER_AGE,
        RuleField.OWNER_SEX,
    }
)
# How many values of one fact are cached. Indonesia has 84,000 villages.
CACHE_SIZE = 100_000


class Eligibility:
    """Programs by their hard rules, prepared to judge many families."""

    def __init__(self, programs: Sequence[Sequence[RuleView]]) -> None:
        """Group the hard rules of all programs by the fact that they use."""
        self.everything = (1 << len(programs)) - 1
        hard: dict[RuleField, list[tuple[int, RuleView]]] = {}
        for number, rules in enumerate(programs):
            for rule in rules:
                if rule.strength is Strength.HARD:
                    hard.setdefault(rule.field, []).append((1 << number, rule))
        self._of_family = [
            _lookup(field, rules) for field, rules in hard.items() if field not in USAHA_FIELDS
        ]
        self._of_usaha = [_lookup(field, rules) for field, rules in hard.items() if field in USAHA_FIELDS]

    def mask(self, family: Family) -> int:
        """Return the programs that fit as bits, the first program as the lowest bit.

        A program fits if all its hard rules hold, and those on a usaha hold for the same usaha.
        """
        excluded = 0
        for lookup in self._of_family:
            excluded |= lookup(family, None)
        if excluded == self.everything:
            return 0
        if not self._of_usaha:
            return self.everything & ~excluded
        fits = 0
        for usaha in family.usaha or [None]:
            excluded_here = excluded
            for lookup in self._of_usaha:
                excluded_here |= lookup(family, usaha)
            fits |= ~excluded_here
        return fits & self.everything


def _lookup(
    field: RuleField, rules: Sequence[tuple[int, RuleView]]
) -> Callable[[Family, UsahaFacts | None], int]:
    """Return a function that gives the programs that the value of a fact excludes."""
    actual_of, cache = ACTUAL[field], dict[Hashable, int]()
    uses_marriage = field is RuleField.OWNER_AGE

    def excluded_by(family: Family, usaha: UsahaFacts | None) -> int:
        actual: Any = actual_of(family, usaha)
        married = uses_marriage and usaha is not None and usaha.owner_married
        key = (actual, married) if uses_marriage else actual
        bits = cache.get(key)
        if bits is None:
            if len(cache) >= CACHE_SIZE:
                cache.clear()
            bits = 0
            for bit, rule in rules:
                bits |= 0 if holds(rule, actual, married=married) else bit
            cache[key] = bits
        return bits

    return excluded_by
