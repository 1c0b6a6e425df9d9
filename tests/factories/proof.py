"""Proofs: how many cases a test has tried, and how many violated the rule.

`make prove` runs them in full size and prints them as a table. `make test` tries a share of the cases.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass

IN_FULL = os.environ.get("PILAR_PROVE") == "full"
PROPERTY = "proof"


@dataclass(frozen=True, slots=True)
class Proof:
    """Counts the cases of one rule: `prove("rows of another area", cases, violations)`."""

    record: Callable[[str, object], None]

    def __call__(self, rule: str, cases: int, violations: int) -> None:
        """Record tried cases and those that violated the rule."""
        self.record(PROPERTY, [rule, cases, violations])
