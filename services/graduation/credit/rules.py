"""Which penetapan of families count (docs/case-lifecycle.md#credit)."""

from collections.abc import Iterable
from uuid import UUID

from services.graduation.credit.models import Credit
from services.graduation.policy.models.credit_rule import CreditUnit


def find_counted(standing: Iterable[Credit]) -> set[UUID]:
    """Return the cases that count among credits that are not reversed.

    Of a family and year it is the first penetapan by date and id of the SK, and each one whose rule counts penetapan.
    """
    counted: set[UUID] = set()
    families: set[tuple[UUID, int]] = set()
    for credit in sorted(standing, key=lambda one: (one.sk_on, one.sk_id, one.graduasi_id)):
        family = (credit.kpm_id, credit.year)
        if credit.unit is CreditUnit.PENETAPAN or family not in families:
            counted.add(credit.graduasi_id)
        families.add(family)
    return counted
