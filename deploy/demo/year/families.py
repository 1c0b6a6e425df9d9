"""The 462 families of scenario 1: 342 in kelurahan A, 120 in kelurahan B, fourteen of them with a case in this year."""

from __future__ import annotations

from deploy.demo.families import Maker, as_csv, graduating_family

A, B = "33.24.15.1001", "33.24.15.1002"
IN_A, IN_B = 342, 120
SERIALS = (9600, 9998)
# Five graduate by themselves in A, two in B; one is refused, two are still under review when the year ends.
READY_A, READY_B = ("A1", "A2", "A3", "A4", "A5"), ("B1", "B2")
REFUSED, LATE = "A6", ("A7", "A8")
NATURAL, ALONE, MOVING = ("A9", "A10"), "A11", "A12"
CASES = (*READY_A, *READY_B, REFUSED, *LATE, *NATURAL, ALONE, MOVING)


def nik_of(name: str) -> str:
    """The pengurus' number: a serial that no office has issued, one for each family with a case."""
    born = "430251" if name == ALONE else "521187"
    return f"332415{born}{9501 + CASES.index(name)}"


def year_csv(pendamping_no: str) -> bytes:
    """The file, the same each time; every family under the pendamping of this number."""
    maker = Maker(pendamping_no, SERIALS)
    rows = [row for name in CASES for row in family_of(maker, name)]
    in_b = sum(name.startswith("B") for name in CASES)
    plain = [A] * (IN_A - len(CASES) + in_b) + [B] * (IN_B - in_b)
    rows += [row | {"pendamping_no": pendamping_no} for kode in plain for row in maker.family(kode)]
    return as_csv(rows)


def family_of(maker: Maker, name: str) -> list[dict[str, str]]:
    """One of the fourteen. The last komponen of those that leave naturally has ended on 1 June."""
    kode = B if name.startswith("B") else A
    komponen = "ANAK_SMA:2026-06-01" if name in NATURAL else "ANAK_SD:2030-07-01"
    rows = graduating_family(maker, kode, nik_of(name), komponen=komponen)
    return [alone(rows[0])] if name == ALONE else rows


def alone(mother: dict[str, str]) -> dict[str, str]:
    """A widow who lives by herself: when she dies, nobody is left in the family."""
    own = {"relation": "KEPALA_KELUARGA", "married": "TIDAK", "komponen": "LANJUT_USIA"}
    kept = {key: value for key, value in mother.items() if not key.startswith("usaha")}
    return kept | own | {"birth_date": "1951-02-03"}
