"""Generated families: intake files, events and placements of any size, the same in every run."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from shared import wilayah
from shared.contracts import caseload, registry
from shared.contracts.kinds import (
    Bansos,
    DampinganPurpose,
    DesilScope,
    Ditjen,
    EmployerStatus,
    PendampingStatus,
    PilarKind,
    Sex,
    SubjectKind,
    UsahaSector,
)
from shared.database import uuid7
from shared.events import Event

AREA = "33.24"
SINCE = date(2025, 1, 1)
FAMILIES_EACH = 150
MEMBERS = 4
HEADER = (
    "no_kk,nik,name,sex,birth_date,relation,married,pengurus,komponen,kode_wilayah,address,phone,bansos,desil,"
    "pendamping_no,usaha_sector,usaha_started_on,usaha_omzet_rp,usaha_nib,usaha_letter"
)

# One series for the whole run, because pendamping_no is unique and several figures register pendamping.
_pendamping_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class PlacedPendamping:
    """A pendamping with a placement in the whole area."""

    pendamping_id: UUID
    penugasan_id: UUID
    number: str

    @classmethod
    def new(cls) -> PlacedPendamping:
        return cls(uuid7(), uuid7(), f"PD-{next(_pendamping_numbers):06}")

    def events(self) -> list[Event]:
        """Return the events that registry would publish for them."""
        kind, pendamping_id = PilarKind.PKH_PENDAMPING, self.pendamping_id
        return [
            registry.PendampingRegistered(
                pendamping_id=pendamping_id,
                pendamping_no=self.number,
                subject=SubjectKind.PERSON,
                status=PendampingStatus.AKTIF,
                from_on=SINCE,
            ),
            registry.PenugasanStarted(
                pendamping_id=pendamping_id,
                penugasan_id=self.penugasan_id,
                kind=kind,
                ditjen=Ditjen.LINJAMSOS,
                employer_status=EmployerStatus.PPPK,
                valid_from=SINCE,
            ),
            registry.WilayahTugasPlaced(
                pendamping_id=pendamping_id,
                wilayah_tugas_id=uuid7(),
                penugasan_id=self.penugasan_id,
                kode_wilayah=AREA,
                valid_from=SINCE,
            ),
        ]


def desa() -> list[str]:
    """Return the codes of the area's villages."""
    return [village for district in wilayah.children(AREA) for village in wilayah.children(district)]


def kpm_facts(kpm_id: UUID, kode_wilayah: str, able: int = 2) -> dict[str, object]:
    """Return a family's data at a realistic size, with two komponen and three desil snapshots."""
    snapshots = ((3, "2025-Q3"), (4, "2025-Q4"), (5, "2026-Q1"))
    desil = [caseload.Desil(scope=DesilScope.NAS, value=v, snapshot=s) for v, s in snapshots]
    return {
        "kpm_id": kpm_id,
        "kode_wilayah": kode_wilayah,
        "members": MEMBERS,
        "able_productive": able,
        "lansia": 0,
        "disabilitas": 0,
        "komponen": {"ANAK_SD": 1, "ANAK_SMA": 1},
        "last_komponen_ends_on": date(2031, 7, 1),
        "desil": desil,
        "pengurus_sex": Sex.P,
        "pengurus_birth_year": 1987,
        "pengurus_married": True,
    }


def siap_family_events(
    kpm_id: UUID, kepesertaan_id: UUID, kode: str, pendamping: PlacedPendamping
) -> list[Event]:
    """Return the events of a family that an assessment finds SIAP.

    It has had a warung since 2023, and its desil has risen.
    """
    where = {"kpm_id": kpm_id, "kode_wilayah": kode}
    facts = kpm_facts(kpm_id, kode) | {"komponen": {}, "last_komponen_ends_on": None}
    return [
        caseload.KpmRegistered.model_validate(facts),
        caseload.UsahaRecorded(
            **where,
            usaha_id=uuid7(),
            owner_sex=Sex.P,
            owner_birth_year=1987,
            owner_married=True,
            sector=UsahaSector.PERDAGANGAN,
            started_on=date(2023, 3, 1),
            omzet_rp=9_000_000,
            has_nib=False,
            has_letter=True,
        ),
        caseload.KepesertaanStarted(
            **where, kepesertaan_id=kepesertaan_id, bansos=Bansos.PKH, valid_from=date(2019, 1, 1)
        ),
        caseload.DampinganStarted(
            **where,
            dampingan_id=uuid7(),
            pendamping_id=pendamping.pendamping_id,
            penugasan_id=pendamping.penugasan_id,
            kind=PilarKind.PKH_PENDAMPING,
            purpose=DampinganPurpose.PENDAMPINGAN,
            valid_from=SINCE,
        ),
    ]


def make_intake_file(rows: int, first: int, pendamping: list[PlacedPendamping]) -> bytes:
    """Return an intake file of `rows` rows, one per member. Family numbers start at `first`."""
    villages = desa()
    lines = [HEADER]
    for number in range(first, first + rows // MEMBERS):
        lines += family_rows(
            number, villages[number % len(villages)], pendamping[number // FAMILIES_EACH % len(pendamping)]
        )
    return ("\n".join(lines) + "\n").encode()


def family_rows(number: int, kode: str, pendamping: PlacedPendamping) -> Iterator[str]:
    """Yield the rows of a father, a mother (the pengurus) and two children.

    Every fourth family has a business.
    """
    card = f"{kode[:8].replace('.', '')}{day_of(number, 2010, 12):%d%m%y}{number % 9999 + 1:04}"
    head = f"Jl. Melati No. {number},081{number:09},PKH:2019-02-01|SEMBAKO:2020-01-01,NAS:3:2025-Q3|NAS:4:2025-Q4"
    usaha = ",PERDAGANGAN,2023-03-01,4500000,,YA" if number % 4 == 0 else ",,,,,"
    people = (
        ("L", day_of(number, 1982, 5), "KEPALA_KELUARGA", "YA", ""),
        ("P", day_of(number, 1987, 5), "ISTRI", "YA", ""),
        ("P", day_of(number, 2010, 3), "ANAK", "TIDAK", "ANAK_SMA:2028-07-01"),
        ("L", day_of(number, 2015, 3), "ANAK", "TIDAK", "ANAK_SD:2027-07-01"),
    )
    for place, (sex, born, relation, married, komponen) in enumerate(people):
        nik = nik_of(kode, born, sex, number)
        own = (
            f"YA,{komponen},{kode},{head},{pendamping.number}{usaha}"
            if place == 1
            else (f"TIDAK,{komponen},{kode},,,,,,,,,,")
        )
        yield f"{card},{nik},Warga {number} {place},{sex},{born},{relation},{married},{own}"


def day_of(number: int, year: int, years: int) -> date:
    """Return a day in the `years` years from the start of `year`.

    Steps of seven days spread the days over the range.
    """
    return date(year, 1, 1) + timedelta(days=number * 7 % (years * 365))


def nik_of(kode: str, born: date, sex: str, number: int) -> str:
    """Return a NIK: district, birth date (40 is added to a woman's day), serial number."""
    day = born.day + (40 if sex == "P" else 0)
    return f"{kode[:8].replace('.', '')}{day:02}{born:%m%y}{number % 9999 + 1:04}"
