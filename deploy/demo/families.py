"""CSV files of synthetic families in Kabupaten Kendal, for scenarios 1, 2 and 8.

Each NIK and No. KK has a serial of 9000 and above, which no office has issued in these areas.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from deploy.demo import names
from shared import wilayah

KENDAL = "33.24"
DESA = "33.24.09.2011"
MOTHER_NIK = "3324075211879001"
SNAPSHOTS = ("2025-Q3", "2025-Q4", "2026-Q1")
COLUMNS = (
    *("no_kk", "nik", "name", "sex", "birth_date", "relation", "married", "pengurus", "komponen"),
    *("kode_wilayah", "address", "phone", "bansos", "desil", "pendamping_no"),
    *("usaha_sector", "usaha_started_on", "usaha_omzet_rp", "usaha_nib", "usaha_letter"),
)
SECTORS = ("MAKANAN", "PERDAGANGAN", "JASA", "PERTANIAN", "PETERNAKAN", "KERAJINAN")
BAD_FAMILIES = 3
DUSUN = ("Krajan", "Karanganyar", "Sidomulyo", "Kauman", "Gondang", "Tegalsari", "Kebonagung", "Ngemplak")
TODAY = date(2026, 3, 1)
# The age in years at which each komponen of a child ends.
SCHOOLS = {"ANAK_USIA_DINI": 7, "ANAK_SD": 13, "ANAK_SMP": 16, "ANAK_SMA": 19}
YOUNGEST_MOTHER, OLDEST_MOTHER = 19, 42
# The year in which the child of a graduating family was born, by its komponen.
BORN = {"ANAK_SD": 2017, "ANAK_SMP": 2012, "ANAK_SMA": 2008}


@dataclass(slots=True)
class FamilyGenerator:
    """A generator of rows. The same seed generates the same file."""

    pendamping_no: str
    # Each file has its own serials, so that no person is in two files.
    serials: tuple[int, int] = (9002, 9499)
    rng: random.Random = field(default_factory=lambda: random.Random(2026))  # noqa: S311  # repeatable, not a secret
    taken: set[str] = field(default_factory=set[str])
    villages: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        self.villages = [
            desa for kecamatan in wilayah.children(KENDAL) for desa in wilayah.children(kecamatan)
        ]

    def number(self, kode_wilayah: str, day: date, *, woman: bool = False) -> str:
        """Return sixteen digits that are unique in this file."""
        while True:
            digits = f"{kode_wilayah[:8].replace('.', '')}{day.day + 40 * woman:02}{day:%m%y}{self.rng.randint(*self.serials)}"
            if digits not in self.taken:
                self.taken.add(digits)
                return digits

    def family(self, kode_wilayah: str = "") -> Iterator[dict[str, str]]:
        """Yield the rows of a father, a mother and one to three children.

        They live in the given desa, or in a random one of the kabupaten.
        """
        kode_wilayah = kode_wilayah or self.rng.choice(self.villages)
        shared = {
            "no_kk": self.number(kode_wilayah, self.day(2012, 2022)),
            "kode_wilayah": kode_wilayah,
            "address": self.address(kode_wilayah),
            "bansos": self.bansos(),
            "desil": f"NAS:{self.rng.randint(1, 4)}:{SNAPSHOTS[-1]}",
        }
        born = self.day(1972, 1998)
        mother = self.member(kode_wilayah, born, woman=True, relation="ISTRI", married="YA", pengurus="YA")
        if self.rng.random() < 0.35:
            mother |= {
                "usaha_sector": self.rng.choice(SECTORS),
                "usaha_started_on": str(self.day(2020, 2025)),
                "usaha_omzet_rp": str(self.rng.randrange(1_000_000, 7_000_000, 100_000)),
            }
        yield shared | mother
        older = self.day(born.year - 7, born.year + 1)
        father = {"relation": "KEPALA_KELUARGA", "married": "YA"}
        yield shared | self.member(kode_wilayah, older, woman=False, **father)
        for _ in range(self.rng.randint(1, 3)):
            yield shared | self.child(kode_wilayah, born.year)

    def address(self, kode_wilayah: str) -> str:
        """Return a hamlet with its RT and RW, and the name of the desa."""
        rt, rw = self.rng.randint(1, 9), self.rng.randint(1, 6)
        return f"Dusun {self.rng.choice(DUSUN)} RT {rt:02} RW {rw:02}, {wilayah.name(kode_wilayah)}"

    def member(self, kode_wilayah: str, birth: date, *, woman: bool, **more: str) -> dict[str, str]:
        name = names.child if more["relation"] == "ANAK" else names.adult
        return {
            "nik": self.number(kode_wilayah, birth, woman=woman),
            "name": name(self.rng, woman=woman),
            "sex": "P" if woman else "L",
            "birth_date": str(birth),
            **more,
        }

    def child(self, kode_wilayah: str, mother_born: int) -> dict[str, str]:
        """Return a child of an age that fits the mother's and its komponen."""
        first = max(mother_born + YOUNGEST_MOTHER, TODAY.year - 17)
        birth = self.day(min(first, TODAY.year - 3), min(mother_born + OLDEST_MOTHER, TODAY.year - 1))
        age = (TODAY - birth).days / 365.25
        kind, end = next((kind, end) for kind, end in SCHOOLS.items() if age < end)
        ends = date(birth.year + end, 7, 1)
        woman = self.rng.random() < 0.5
        return self.member(kode_wilayah, birth, woman=woman, relation="ANAK", komponen=f"{kind}:{ends}")

    def bansos(self) -> str:
        return f"PKH:{self.day(2017, 2024)}|SEMBAKO:{self.day(2018, 2024)}"

    def day(self, first: int, last: int) -> date:
        return date(first, 1, 1) + timedelta(days=self.rng.randrange((last - first + 1) * 365))


def graduating_family(
    maker: FamilyGenerator, kode_wilayah: str, nik: str, *, komponen: str = "ANAK_SD:2030-07-01"
) -> list[dict[str, str]]:
    """Return a family that an assessment finds SIAP.

    It has desil 3 to 5 and a business with a letter. `nik` is the pengurus'.
    """
    shared = {
        "no_kk": maker.number(kode_wilayah, date(2012, 3, 15)),
        "kode_wilayah": kode_wilayah,
        "address": maker.address(kode_wilayah),
        "phone": "081200009002",
        "bansos": "PKH:2019-02-01|SEMBAKO:2019-02-01",
        "desil": "|".join(f"NAS:{3 + place}:{snapshot}" for place, snapshot in enumerate(SNAPSHOTS)),
        "pendamping_no": maker.pendamping_no,
    }
    maker.taken.add(nik)
    name = names.adult(maker.rng, woman=True)
    own = {"nik": nik, "name": name, "sex": "P", "birth_date": "1987-11-12", "relation": "ISTRI"}
    usaha = {"usaha_sector": "PERDAGANGAN", "usaha_started_on": "2023-03-01", "usaha_omzet_rp": "9000000"}
    mother = own | usaha | {"usaha_letter": "YA", "married": "YA", "pengurus": "YA"}
    father = maker.member(
        kode_wilayah, date(1984, 8, 5), woman=False, relation="KEPALA_KELUARGA", married="YA"
    )
    birth = date(BORN.get(komponen.partition(":")[0], 2008), 4, 20)
    child = maker.member(kode_wilayah, birth, woman=True, relation="ANAK", komponen=komponen)
    return [shared | member for member in (mother, father, child)]


SCENARIO_MEMBERS = (
    {
        "nik": MOTHER_NIK,
        "name": "Siti Aminah",
        "sex": "P",
        "birth_date": "1987-11-12",
        "relation": "ISTRI",
        "married": "YA",
        "pengurus": "YA",
        "usaha_sector": "PERDAGANGAN",
        "usaha_started_on": "2023-03-01",
        "usaha_omzet_rp": "9000000",
        "usaha_letter": "YA",
    },
    {
        "nik": "3324070508849001",
        "name": "Agus Santoso",
        "sex": "L",
        "birth_date": "1984-08-05",
        "relation": "KEPALA_KELUARGA",
        "married": "YA",
    },
    {
        "nik": "3324076004089001",
        "name": "Putri Lestari",
        "sex": "P",
        "birth_date": "2008-04-20",
        "relation": "ANAK",
        "komponen": "ANAK_SMA:2026-07-01",
    },
    {
        "nik": "3324071109159001",
        "name": "Rizky Santoso",
        "sex": "L",
        "birth_date": "2015-09-11",
        "relation": "ANAK",
        "komponen": "ANAK_SD:2028-07-01",
    },
)


def scenario_family(pendamping_no: str) -> list[dict[str, str]]:
    """Return the mother of scenario 2, her husband and two children (docs/domain.md#scenarios)."""
    shared = {
        "no_kk": "3324071503129001",
        "kode_wilayah": DESA,
        "address": "Dusun Krajan RT 02 RW 03, Brangsong",
        "phone": "081200009001",
        "bansos": "PKH:2019-02-01|SEMBAKO:2019-02-01|PBI:2019-02-01",
        "desil": "|".join(
            f"NAS:{value}:{snapshot}" for value, snapshot in zip((3, 4, 5), SNAPSHOTS, strict=True)
        ),
        "pendamping_no": pendamping_no,
    }
    return [shared | member for member in SCENARIO_MEMBERS]


def bad_rows(maker: FamilyGenerator) -> Iterator[dict[str, str]]:
    """Yield three families that must be refused.

    One NIK is in a spreadsheet's number format, one village does not exist, one birth date is in the future.
    """
    faults = ({"nik": "3,32408E+15"}, {"kode_wilayah": "33.24.99.9999"}, {"birth_date": "2199-01-01"})
    for fault in faults:
        first, *rest = maker.family()
        yield first | fault
        yield from rest


def family_csv(pendamping_no: str, families: int) -> bytes:
    """Return a file with `families` good families, scenario 2's included, and three bad ones."""
    maker = FamilyGenerator(pendamping_no)
    rows = [row for _ in range(families - 1) for row in maker.family()]
    rows[len(rows) // 2 : len(rows) // 2] = bad_rows(maker)
    return as_csv([*scenario_family(pendamping_no), *rows])


def as_csv(rows: list[dict[str, str]]) -> bytes:
    """Return the rows as CSV with the columns of docs/api-frontend.md#intake-file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
