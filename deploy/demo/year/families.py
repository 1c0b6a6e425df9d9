"""The 462 families of scenario 1, fourteen of them with a case.

342 live in kelurahan A and 120 in kelurahan B.
"""

from __future__ import annotations

from deploy.demo.families import FamilyGenerator, as_csv, graduating_family

A, B = "33.24.15.1001", "33.24.15.1002"
IN_A, IN_B = 342, 120
SERIALS = (9600, 9998)
# SEJAHTERA_MANDIRI: five graduate in A, two in B, one is refused, two are still under review at the end.
READY_A, READY_B = ("A1", "A2", "A3", "A4", "A5"), ("B1", "B2")
REFUSED, LATE = "A6", ("A7", "A8")
NATURAL, WIDOW, MOVING = ("A9", "A10"), "A11", "A12"
CASES = (*READY_A, *READY_B, REFUSED, *LATE, *NATURAL, WIDOW, MOVING)


def nik_of(name: str) -> str:
    """Return the pengurus' NIK, with a serial that no office has issued."""
    born = "430251" if name == WIDOW else "521187"
    return f"332415{born}{9501 + CASES.index(name)}"


def year_csv(pendamping_no: str) -> bytes:
    """Return the intake file, with all families under one pendamping."""
    maker = FamilyGenerator(pendamping_no, SERIALS)
    rows = [row for name in CASES for row in family_of(maker, name)]
    in_b = sum(name.startswith("B") for name in CASES)
    without_case = [A] * (IN_A - len(CASES) + in_b) + [B] * (IN_B - in_b)
    rows += [
        row | {"pendamping_no": pendamping_no}
        for kode_wilayah in without_case
        for row in maker.family(kode_wilayah)
    ]
    return as_csv(rows)


def family_of(maker: FamilyGenerator, name: str) -> list[dict[str, str]]:
    """Return the rows of one of the fourteen families.

    In the families of NATURAL the last komponen ends on 1 June.
    """
    kode_wilayah = B if name.startswith("B") else A
    komponen = "ANAK_SMA:2026-06-01" if name in NATURAL else "ANAK_SD:2030-07-01"
    rows = graduating_family(maker, kode_wilayah, nik_of(name), komponen=komponen)
    return [widow(rows[0])] if name == WIDOW else rows


def widow(mother: dict[str, str]) -> dict[str, str]:
    """Return a widow who lives alone, with one membership: her death ends the family."""
    own = {"relation": "KEPALA_KELUARGA", "married": "TIDAK", "komponen": "LANJUT_USIA"}
    own |= {"bansos": "PKH:2019-02-01"}
    without_usaha = {key: value for key, value in mother.items() if not key.startswith("usaha")}
    return without_usaha | own | {"birth_date": "1951-02-03"}
