"""Pure functions of a family's members: ages, komponen and the facts that events carry."""

from calendar import isleap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from shared.contracts.kinds import KomponenKind


@dataclass(frozen=True, slots=True)
class Ages:
    """From what age one is able to earn, up to which, and from which one is lansia (policy as data)."""

    able_from: int
    able_below: int
    lansia_from: int


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


def changes_on(members: Iterable[Mapping[str, Any]], ages: Ages, today: date) -> date | None:
    """Return the first day after today on which a komponen ends or an age of the rule is reached; None: none does."""
    now, years = today.isoformat(), (ages.able_from, ages.able_below, ages.lansia_from)
    days: list[str] = []
    for member in members:
        days += [end for _, end in member["komponen"] if end]
        born, rest = int(member["birth"][:4]), member["birth"][4:]
        days += [f"{born + age:04}{rest}" for age in years]
    return parse_day(min((day for day in days if day > now), default=None))


def parse_day(text: str | None) -> date | None:
    """Return a day; who was born on 29 February is a year older on 1 March where there is none."""
    if text and text.endswith("02-29") and not isleap(int(text[:4])):
        return date(int(text[:4]), 3, 1)
    return date.fromisoformat(text) if text else None


def is_able(member: Mapping[str, Any], ages: Ages, today: date) -> bool:
    """Whether a member can earn: of the age, and not severely disabled."""
    disabled = any(
        kind == KomponenKind.DISABILITAS_BERAT and (end is None or end > today.isoformat())
        for kind, end in member["komponen"]
    )
    return not disabled and ages.able_from <= age(member["birth"], today) < ages.able_below
