"""Match families against forty programs with a bare loop.

The floor is a Python loop over tuples that evaluates the same comparisons, program by program, and stops at the
first that fails. It runs in the same process as Pilar's matching and needs no database. Both start from the same
families and must return the same programs. Prints families per second, one value per turn.
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
from services.referral.matching.rules.eligibility import Eligibility
from services.referral.matching.rules.matching import ACTUAL, Family
from services.referral.program.models import RuleField, RuleOp, RuleView, Strength
from services.referral.replicas.models import KpmFacts, UsahaFacts
from shared.contracts.kinds import Sex, UsahaSector

ON = date(2026, 6, 1)
SEED = 4
FIELDS = list(RuleField)
Predicate = Callable[[tuple[Any, ...]], bool]


def programs() -> list[list[RuleView]]:
    """Return the rules of each program of the catalogue."""
    _, published = catalogue.read()
    return [
        [RuleView(number=number, **rule) for number, rule in enumerate(program["rules"], 1)]
        for program in published
    ]


def random_family(chance: random.Random) -> Family:
    """Return a random family. Every third has no business."""
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
    return Family(kpm, [random_usaha(chance)] if chance.random() < 0.67 else [], ON, aid)


def random_usaha(chance: random.Random) -> UsahaFacts:
    """Return a random business."""
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


def facts_of(family: Family) -> tuple[Any, ...]:
    """Return the family's facts in the order of `FIELDS`.

    The last value is whether the owner is married.
    """
    usaha = family.usaha[0] if family.usaha else None
    facts = [ACTUAL[field](family, usaha) for field in FIELDS]
    return (*facts, usaha is not None and usaha.owner_married)


def predicate(rule: RuleView) -> Predicate:
    """Return a rule as one comparison on a tuple of facts."""
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


def match_in_loop(families: Sequence[tuple[Any, ...]], programs: Sequence[Sequence[Predicate]]) -> list[int]:
    """Match in three nested loops. Return the matching programs of each family as bits."""
    masks = []
    for facts in families:
        mask = 0
        for number, predicates in enumerate(programs):
            if all(test(facts) for test in predicates):
                mask |= 1 << number
        masks.append(mask)
    return masks


def measure(count: int, turns: int) -> dict[str, list[float]]:
    """Measure both ways in turns.

    Raises:
        RuntimeError: they do not return the same programs.
    """
    chance, listed = random.Random(SEED), programs()  # noqa: S311  # families for a figure, not secrets
    families = [random_family(chance) for _ in range(count)]
    tuples = [facts_of(family) for family in families]
    predicates = [[predicate(rule) for rule in rules if rule.strength is Strength.HARD] for rules in listed]
    speeds: dict[str, list[float]] = {"ours": [], "floor": []}
    for _ in range(turns):
        eligibility = Eligibility(listed)  # new in each turn, because it caches
        began = time.perf_counter()
        ours = [eligibility.mask(family) for family in families]
        between = time.perf_counter()
        loop = match_in_loop(tuples, predicates)
        ended = time.perf_counter()
        if ours != loop:
            message = "the loop and the eligibility masks do not return the same programs"
            raise RuntimeError(message)
        speeds["ours"].append(count / (between - began))
        speeds["floor"].append(count / (ended - between))
    return speeds


if __name__ == "__main__":
    parameters = json.load(sys.stdin)
    print(json.dumps(measure(parameters["families"], parameters["turns"])))
