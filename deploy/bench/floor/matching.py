"""Match families against forty programs with a bare loop.

The floor is a bare Python loop over plain tuples that asks the same comparisons, program by program, and stops at the
first that fails: what one writes in an hour, in the same process and language, and without a database's help or noise.
Both start from the same families, and must come to the same programs. Prints families a second, of each turn.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from deploy.bench import catalogue
from services.referral.matching.rules.fitting import Fitting
from services.referral.matching.rules.matching import ACTUAL, Family
from services.referral.program.models import RuleField, RuleOp, RuleView, Strength
from services.referral.replicas.models import KpmFacts, UsahaFacts
from shared.contracts.kinds import Sex, UsahaSector

ON = date(2026, 6, 1)
SEED = 4
FIELDS = list(RuleField)
Predicate = Callable[[tuple[Any, ...]], bool]


def programs() -> list[list[RuleView]]:
    """Return the rules of each program of the file."""
    _, published = catalogue.read()
    return [
        [RuleView(number=number, **rule) for number, rule in enumerate(one["rules"], 1)] for one in published
    ]


def a_family(chance: random.Random) -> Family:
    """Return a family as caseload may tell of it; every third without a business."""
    area = f"33.24.{chance.randrange(1, 21):02d}.{chance.randrange(2001, 2020)}"
    kpm = KpmFacts(
        kode_wilayah=area,
        members=chance.randrange(1, 8),
        able_productive=chance.randrange(4),
        lansia=chance.randrange(2),
        disabilitas=int(chance.random() < 0.05),
        komponen={"ANAK_SD": chance.randrange(2), "ANAK_USIA_DINI": chance.randrange(2)},
        desil=[{"scope": "NAS", "value": chance.randrange(1, 8), "snapshot": "2026-Q1"}],
        pengurus_sex=chance.choice([Sex.L, Sex.P]),
        pengurus_birth_year=chance.randrange(1955, 2004),
    )
    aid = frozenset({"KUR_SUPERMIKRO"}) if chance.random() < 0.05 else frozenset[str]()
    return Family(kpm, [a_usaha(chance)] if chance.random() < 0.67 else [], ON, aid)


def a_usaha(chance: random.Random) -> UsahaFacts:
    """Return a business of a family's."""
    return UsahaFacts(
        owner_sex=chance.choice([Sex.L, Sex.P]),
        owner_birth_year=chance.randrange(1955, 2006),
        owner_married=chance.random() < 0.8,
        sector=chance.choice(UsahaSector.known()),
        started_on=ON - timedelta(days=chance.randrange(1, 2500)),
        omzet_rp=chance.randrange(500_000, 20_000_000, 50_000),
        has_nib=chance.random() < 0.3,
        has_letter=chance.random() < 0.4,
    )


def plain(family: Family) -> tuple[Any, ...]:
    """Return the family's facts as a bare tuple, in the order of `FIELDS`, and last whether the owner is married."""
    usaha = family.usaha[0] if family.usaha else None
    facts = [ACTUAL[field](family, usaha) for field in FIELDS]
    return (*facts, usaha is not None and usaha.owner_married)


def predicate(rule: RuleView) -> Predicate:
    """Return a rule as one comparison on a plain tuple."""
    place, value = FIELDS.index(rule.field), rule.value
    if rule.op is RuleOp.GE_OR_MARRIED:
        return lambda facts: facts[place] is not None and (facts[-1] or facts[place] >= value)
    compare: dict[RuleOp, Callable[[Any], bool]] = {
        RuleOp.GE: lambda fact: fact >= value,
        RuleOp.LE: lambda fact: fact <= value,
        RuleOp.EQ: lambda fact: fact == value,
        RuleOp.IN: lambda fact: fact in value,
        RuleOp.WITHIN: lambda fact: any(fact.startswith(area) for area in value),
        RuleOp.ANY_OF: lambda fact: not fact.isdisjoint(value),
        RuleOp.NONE_OF: lambda fact: fact.isdisjoint(value),
    }
    test = compare[rule.op]
    return lambda facts: facts[place] is not None and test(facts[place])


def bare(families: Sequence[tuple[Any, ...]], wanted: Sequence[Sequence[Predicate]]) -> list[int]:
    """Match by a loop in a loop in a loop; return the programs that fit as bits."""
    found = []
    for facts in families:
        mask = 0
        for number, predicates in enumerate(wanted):
            if all(test(facts) for test in predicates):
                mask |= 1 << number
        found.append(mask)
    return found


def measure(count: int, turns: int) -> dict[str, list[float]]:
    """Measure both in turns.

    Raises:
        RuntimeError: they did not come to the same programs.
    """
    chance, listed = random.Random(SEED), programs()  # noqa: S311  # families for a figure, not secrets
    families = [a_family(chance) for _ in range(count)]
    tuples = [plain(family) for family in families]
    wanted = [[predicate(rule) for rule in rules if rule.strength is Strength.HARD] for rules in listed]
    speeds: dict[str, list[float]] = {"ours": [], "floor": []}
    for _ in range(turns):
        fitting = Fitting(listed)  # made anew: what it remembers is part of the work
        began = time.perf_counter()
        ours = [fitting.mask(family) for family in families]
        between = time.perf_counter()
        loop = bare(tuples, wanted)
        ended = time.perf_counter()
        if ours != loop:
            message = "the loop and the fitting do not come to the same programs"
            raise RuntimeError(message)
        speeds["ours"].append(count / (between - began))
        speeds["floor"].append(count / (ended - between))
    return speeds


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    print(json.dumps(measure(asked["families"], asked["turns"])))
