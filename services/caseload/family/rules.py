"""Pure functions on a family's members: ages, komponen, facts and plausibility.

What is refused and what is a warning is in docs/domain.md#plausibility.
"""

from calendar import isleap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from uuid import UUID

from services.caseload.family.models import Relation
from shared.contracts.kinds import KomponenKind, Sex
from shared.privacy import Nik
from shared.privacy.numbers import NumberWarning
from shared.text import name_key

USUAL_AGES = MappingProxyType(
    {
        KomponenKind.ANAK_USIA_DINI.value: (0, 6),
        KomponenKind.ANAK_SD.value: (5, 15),
        KomponenKind.ANAK_SMP.value: (10, 18),
        KomponenKind.ANAK_SMA.value: (13, 23),
    }
)
"""Ages in full years, both included, that are usual for a komponen. Another age is a warning."""
CONTRADICTIONS = MappingProxyType(
    {
        (Relation.SUAMI.value, Sex.P.value): "HUSBAND_NOT_MALE",
        (Relation.ISTRI.value, Sex.L.value): "WIFE_NOT_FEMALE",
    }
)
WARNED_FIELDS = MappingProxyType(
    {
        NumberWarning.SEX_DIFFERS: "sex",
        NumberWarning.BIRTH_DATE_DIFFERS: "birth_date",
        NumberWarning.BIRTH_DATE_IMPOSSIBLE: "nik",
    }
)
"""The column that a warning on a NIK names."""
PREGNANT_FROM, PREGNANT_TO = 10, 60
REFUSED = frozenset({"PREGNANT_IMPOSSIBLE", "PENGURUS_TOO_YOUNG"})
"""What cannot be. The other codes are warnings, because rule and practice differ."""

# Code, then the sentences in English and Indonesian. Values are never repeated.
WARNINGS = MappingProxyType(
    {
        "SEX_DIFFERS": (
            "The sex is not the one in the NIK. Check both.",
            "Jenis kelamin tidak sama dengan yang ada dalam NIK. Periksa keduanya.",
        ),
        "BIRTH_DATE_DIFFERS": (
            "The date of birth is not the one in the NIK. Day and month may be swapped.",
            "Tanggal lahir tidak sama dengan yang ada dalam NIK. Mungkin hari dan bulan tertukar.",
        ),
        "BIRTH_DATE_IMPOSSIBLE": (
            "Digits 7 to 12 of the NIK are not a date. Compare it with the card.",
            "Angka ke-7 sampai ke-12 NIK bukan tanggal. Cocokkan dengan kartu.",
        ),
        "ISSUE_DATE_IMPOSSIBLE": (
            "Digits 7 to 12 of the No. KK are not a date. Compare it with the card.",
            "Angka ke-7 sampai ke-12 No. KK bukan tanggal. Cocokkan dengan kartu.",
        ),
        "HUSBAND_NOT_MALE": (
            "SUAMI is recorded as a woman. Check relation and sex.",
            "SUAMI tercatat sebagai perempuan. Periksa relation dan sex.",
        ),
        "WIFE_NOT_FEMALE": (
            "ISTRI is recorded as a man. Check relation and sex.",
            "ISTRI tercatat sebagai laki-laki. Periksa relation dan sex.",
        ),
        "SEVERAL_HEADS": (
            "More than one member is KEPALA_KELUARGA. Check the family card.",
            "Lebih dari satu anggota tercatat KEPALA_KELUARGA. Periksa kartu keluarga.",
        ),
        "KOMPONEN_AGE_UNUSUAL": (
            "The age does not fit the komponen. Check komponen and birth_date.",
            "Usia tidak sesuai dengan komponen. Periksa komponen dan birth_date.",
        ),
        "PENGURUS_YOUNG": (
            "The pengurus is not an adult. Check whether an adult lives in the family.",
            "Pengurus belum dewasa. Periksa apakah ada orang dewasa dalam keluarga.",
        ),
        "OWNER_YOUNG": (
            "The owner of the business is not an adult. Check usaha and birth_date.",
            "Pemilik usaha belum dewasa. Periksa usaha dan birth_date.",
        ),
    }
)
Finding = tuple[int, str, str]
"""The index of a member, the field and the code."""


@dataclass(frozen=True, slots=True)
class Ages:
    """Age limits in years: able to earn from `able_from` up to `able_below`, lansia from `lansia_from`.

    A child below `without_nik_below` may be recorded without a NIK.
    """

    able_from: int
    able_below: int
    lansia_from: int
    without_nik_below: int


# Fast path: a third of the time of a family's facts (bench: intake).
@lru_cache(maxsize=100_000)
def age(born: str, today: date) -> int:
    """Return the age in full years, 0 before the first day."""
    year, month_day = int(born[:4]), (int(born[5:7]), int(born[8:10]))
    return max(0, today.year - year - ((today.month, today.day) < month_day))


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

    Without a member, the family has ended. `desil` has [scope, snapshot, value] of each desil. `last_end` is the last
    end of komponen that have ended, which `members` do not list.
    """
    pengurus = next((member for member in members if member["pengurus"]), None)
    komponen = [(kind, end) for member in members for kind, end in member["komponen"]]
    day = today.isoformat()
    current = Counter(kind for kind, end in komponen if end is None or end > day)
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
        "member_ids": [],
        "minor_ids": [],
        "former_members": [],
        "ended_on": None,
        "end_reason": None,
    }


def is_minor(member: Mapping[str, Any], ages: Ages, today: date) -> bool:
    """Return whether a member is a minor. Who is married counts as an adult."""
    return age(member["birth"], today) < ages.able_from and not member["married"]


def next_change_day(members: Iterable[Mapping[str, Any]], ages: Ages, today: date) -> date | None:
    """Return the next day on which a komponen ends or an age limit is reached."""
    after = today.isoformat()
    days = [next_limit_day(member["birth"], ages, after) for member in members]
    days += [end for member in members for _, end in member["komponen"] if end and end > after]
    return parse_day(min(filter(None, days), default=None))


# Fast path: half the time of a family's next change (bench: intake).
@lru_cache(maxsize=100_000)
def next_limit_day(birth: str, ages: Ages, after: str) -> str | None:
    """Return the next day after another on which a person reaches an age limit."""
    born, rest = int(birth[:4]), birth[4:]
    days = [f"{born + age:04}{rest}" for age in (ages.able_from, ages.able_below, ages.lansia_from)]
    return min((day for day in days if day > after), default=None)


def parse_day(text: str | None) -> date | None:
    """Return the date of an ISO text.

    29 February of a year without it becomes 1 March.
    """
    if text and text.endswith("02-29") and not isleap(int(text[:4])):
        return date(int(text[:4]), 3, 1)
    return date.fromisoformat(text) if text else None


def is_able(member: Mapping[str, Any], ages: Ages, today: date) -> bool:
    """Return whether a member can earn: in the age range and not severely disabled."""
    if not ages.able_from <= age(member["birth"], today) < ages.able_below:
        return False
    return not any(
        kind == KomponenKind.DISABILITAS_BERAT and (end is None or end > today.isoformat())
        for kind, end in member["komponen"]
    )


def newborn_key(card: str, name: str, birth: str) -> str:
    """Return what identifies a child without a NIK, from the index of the card."""
    return f"{card}|{name_key(name)}|{birth}"


def find_implausible(members: Sequence[Mapping[str, Any]], ages: Ages, today: date) -> Iterator[Finding]:
    """Yield what does not fit together in a family.

    A member has sex, birth, relation, married, pengurus, komponen ([kind, end]) and, if any, usaha.
    """
    heads = [n for n, member in enumerate(members) if member["relation"] == Relation.KEPALA_KELUARGA]
    for n in heads[1:]:
        yield n, "relation", "SEVERAL_HEADS"
    for n, member in enumerate(members):
        kin = (member["relation"], member["sex"])
        if kin in CONTRADICTIONS:
            yield n, "relation", CONTRADICTIONS[kin]
        years = age(member["birth"], today)
        for kind, _ in member["komponen"]:
            if code := komponen_fault(kind, member["sex"], years, ages):
                yield n, "komponen", code
        if years < ages.able_from and not member["married"]:
            yield from minor_findings(n, member, members, ages, today)


def number_findings(nik: Nik, sex: str, birth: str) -> Iterator[tuple[str, str]]:
    """Yield what differs between a NIK and the person, as field and code."""
    for warning in nik.warnings(sex=sex, birth_date=date.fromisoformat(birth)):
        yield WARNED_FIELDS[warning], warning.value


def minor_findings(
    n: int, member: Mapping[str, Any], members: Sequence[Mapping[str, Any]], ages: Ages, today: date
) -> Iterator[Finding]:
    """Yield what only an adult may be: pengurus, owner of a business."""
    if member["pengurus"]:
        yield n, "pengurus", pengurus_code(members, ages, today)
    if member.get("usaha"):
        yield n, "usaha_sector", "OWNER_YOUNG"


def komponen_fault(kind: str, sex: str, years: int, ages: Ages) -> str | None:
    """Return why a komponen does not fit sex and age, or None."""
    if kind == KomponenKind.IBU_HAMIL:
        return None if sex == Sex.P and PREGNANT_FROM <= years <= PREGNANT_TO else "PREGNANT_IMPOSSIBLE"
    if kind == KomponenKind.LANJUT_USIA:
        return None if years >= ages.lansia_from else "KOMPONEN_AGE_UNUSUAL"
    first, last = USUAL_AGES.get(kind, (0, 200))
    return None if first <= years <= last else "KOMPONEN_AGE_UNUSUAL"


def pengurus_code(members: Sequence[Mapping[str, Any]], ages: Ages, today: date) -> str:
    """Return the code of a minor pengurus, refused if another member is an adult."""
    adult = any(age(member["birth"], today) >= ages.able_from or member["married"] for member in members)
    return "PENGURUS_TOO_YOUNG" if adult else "PENGURUS_YOUNG"
