"""What other services may know of a family: counts, codes, dates (chain.md 6), worked out from its members."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.models import AgeRule
from shared.contracts.kinds import KomponenKind


@dataclass(frozen=True, slots=True)
class Ages:
    """From what age one is able to earn, up to which, and from which one is lansia (policy as data)."""

    able_from: int
    able_below: int
    lansia_from: int


async def ages_on(session: AsyncSession, day: date) -> Ages:
    """Return the rule in force on a day; one always is, by migration."""
    rule = sa.select(AgeRule.able_from, AgeRule.able_below, AgeRule.lansia_from)
    return Ages(*(await session.execute(rule.where(AgeRule.valid.contains(day)))).one())


def age(born: str, today: date) -> int:
    """Return full years."""
    year, month_day = int(born[:4]), (int(born[5:7]), int(born[8:10]))
    return today.year - year - ((today.month, today.day) < month_day)


def facts_of(
    kpm_id: UUID,
    members: Sequence[Mapping[str, Any]],
    desil: Iterable[tuple[str, str, int]],
    ages: Ages,
    today: date,
    last_end: str | None = None,
) -> dict[str, Any]:
    """Return the fields of `KpmFacts` from members as an intake stages them; `desil` as [scope, snapshot, value].

    A komponen that has ended is seen in `last_end` alone. Without a pengurus, until the next is named, that is said.
    """
    pengurus = next((member for member in members if member["pengurus"]), None)
    held = [(kind, end) for member in members for kind, end in member["komponen"]]
    now = Counter(kind for kind, end in held if end is None or end > today.isoformat())
    ends = [end for _, end in held] + ([last_end] if last_end else [])
    return {
        "kpm_id": str(kpm_id),
        "kode_wilayah": members[0]["kode"],
        "members": len(members),
        "able_productive": sum(is_able(member, ages, today) for member in members),
        "lansia": sum(age(member["birth"], today) >= ages.lansia_from for member in members),
        "disabilitas": now[KomponenKind.DISABILITAS_BERAT.value],
        "komponen": dict(sorted(now.items())),
        "last_komponen_ends_on": max(ends) if ends and None not in ends else None,
        "desil": [{"scope": s, "value": value, "snapshot": snapshot} for s, snapshot, value in sorted(desil)],
        "p2k2_invited": 0,
        "p2k2_attended": 0,
        "pengurus_sex": pengurus and pengurus["sex"],
        "pengurus_birth_year": pengurus and int(pengurus["birth"][:4]),
        "pengurus_married": pengurus and pengurus["married"],
    }


def is_able(member: Mapping[str, Any], ages: Ages, today: date) -> bool:
    """Whether a member can earn: of the age, and not severely disabled."""
    disabled = any(kind == KomponenKind.DISABILITAS_BERAT for kind, _ in member["komponen"])
    return not disabled and ages.able_from <= age(member["birth"], today) < ages.able_below
