"""The answers of the mother of scenario 2 to the instrument of policy version 1."""

from typing import Any

ANSWERS: dict[str, Any] = {
    "INCOME_PER_CAPITA_RP": 1_250_000,
    "INCOME_STABLE_MONTHS": 14,
    "DEBT_BURDEN_PERCENT": 10,
    "SAVINGS_RP": 2_000_000,
    "HOUSE_FLAWS": 0,
    "FLOOR_M2_PER_PERSON": 9,
    "PRODUCTIVE_ASSETS": 2,
    "VULNERABLE_UNCARED": 0,
    "HEALTH_COVER_PLAN": True,
    "CHILDREN_IN_SCHOOL": True,
    "BERSEDIA": True,
}
WITH_EVIDENCE = ("INCOME_PER_CAPITA_RP", "HOUSE_FLAWS")
