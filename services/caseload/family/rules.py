"""Pure functions on a family's members: ages, komponen and the facts in events."""

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
    """Age limits in years: able to earn from `able_from` up to `able_below`, lansia from `lansia_from`."""

    able_from: int
    able_below: int
    lansia_from: int


def age(born: str, today: date) -> int:
    """Return the age in full years."""
    year, month_day = int(born[:4]), (int(born[5:7]), int(born[8:10]))
    return today.year - year - ((today.month, today.day) < month_day)


def facts_of(
    kpm_id: UUID,
    kode_wilayah: str,
    members: Sequence[Mapping[str, Any]],
    desil: Iterable[tuple[str, str, int]],
    ages: Ages,
    today: date,
    last_end: str | None = None,
) -> dict[str, Any]:
    """Return the fields of `KpmFacts` from staged members.

    Without a member, the family has ended. `desil` has [scope, snapshot, value] of each desil. `last_end` is the last end of komponen that have ended, which
    `members` do not list.
    """
    pengurus = next((member for member in members if member["pengurus"]), None)
    komponen = [(kind, end) for member in members for kind, end in member["komponen"]]
    current = Counter(kind for kind, end in komponen if end is None or end > today.isoformat())
    ends = [end for _, end in komponen] + ([last_end] if last_end else [])
    return {
        "kpm_id": str(kpm_id),
        "kode_wilayah": kode_wilayah,
        "members": len(members),
        "able_productive": sum(is_able(member, ages, today) for member in members),
        "lansia": sum(age(member["birth"], today) >= ages.lansia_from for member in members),
        "disabilitas": current[KomponenKind.DISABILITAS_BERAT.value],
        "komponen": dict(sorted(current.items())),
        "last_komponen_ends_on": max(ends) if ends and None not in ends else None,
        "desil": [{"scope": s, "value": value, "snapshot": snapshot} for s, snapshot, value in sorted(desil)],
        "p2k2_invited": 0,
        "p2k2_attended": 0,
        "pengurus_sex": pengurus and pengurus["sex"],
        "pengurus_birth_year": pengurus and int(pengurus["birth"][:4]),
        "pengurus_married": pengurus and pengurus["married"],
        "pengurus_id": pengurus and pengurus.get("id"),
        "former_members": [],
        "ended_on": None,
        "end_reason": None,
    }


def next_change_day(members: Iterable[Mapping[str, Any]], ages: Ages, today: date) -> date | None:
    """Return the next day on which a komponen ends or an age limit is reached."""
    after, years = today.isoformat(), (ages.able_from, ages.able_below, ages.lansia_from)
    days: list[str] = []
    for member in members:
        days += [end for _, end in member["komponen"] if end]
        born, rest = int(member["birth"][:4]), member["birth"][4:]
        days += [f"{born + age:04}{rest}" for age in years]
    return parse_day(min((day for day in days if day > after), default=None))


def parse_day(text: str | None) -> date | None:
    """Return the date of an ISO text.

    29 February of a year without it becomes 1 March.
    """
    if text and text.endswith("02-29") and not isleap(int(text[:4])):
        return date(int(text[:4]), 3, 1)
    return date.fromisoformat(text) if text else None


def is_able(member: Mapping[str, Any], ages: Ages, today: date) -> bool:
    """Return whether a member can earn: in the age range and not severely disabled."""
    disabled = any(
        kind == KomponenKind.DISABILITAS_BERAT and (end is None or end > today.isoformat())
        for kind, end in member["komponen"]
    )
    return not disabled and ages.able_from <= age(member["birth"], today) < ages.able_below
