"""NIK and No. KK, with the dates that they contain."""

from datetime import date
from enum import StrEnum

from shared.errors import InvalidInput
from shared.privacy.masked_number import Masked

FEMALE_DAY_OFFSET = 40


class BirthDateImpossible(InvalidInput):
    """422: digits 7 to 12 are no birth date.

    For women the day is increased by 40.
    """

    en = "Digits 7 to 12 are not a date of birth."
    id = "Angka ke-7 sampai ke-12 bukan tanggal lahir."


class IssueDateImpossible(InvalidInput):
    """422: digits 7 to 12 of a No. KK are no date of issue."""

    en = "Digits 7 to 12 are not a date of issue."
    id = "Angka ke-7 sampai ke-12 bukan tanggal terbit."


class NikWarning(StrEnum):
    """A difference between a NIK and the record.

    It is never a reason to refuse, because a NIK is not corrected.
    """

    SEX_DIFFERS = "SEX_DIFFERS"
    BIRTH_DATE_DIFFERS = "BIRTH_DATE_DIFFERS"


class Nik(Masked):
    """Nomor Induk Kependudukan: PPKKCC of first registration, DDMMYY of birth, serial.

    For women the day is increased by 40. A valid number is well formed: there is no check digit, and its area
    is not where the person lives now.
    """

    __slots__ = ()
    noun = "NIK"

    @property
    def female(self) -> bool:
        """Whether the number was issued for a woman."""
        return int(self._digits[6:8]) > FEMALE_DAY_OFFSET

    def birth_date(self, recorded: date | None = None) -> date:
        """Return the birth date in the number, in the century nearest to the recorded date.

        Without a recorded date it is in the 1900s, if the date exists there.
        """
        possible = possible_dates(self._digits, FEMALE_DAY_OFFSET)
        if recorded is None:
            return possible[0]
        return min(possible, key=lambda day: abs((day - recorded).days))

    def warnings(self, *, sex: str | None = None, birth_date: date | None = None) -> list[NikWarning]:
        """Return the differences from the record: sex "L" or "P", and the birth date."""
        warnings = []
        if sex is not None and (sex.upper() in {"P", "F", "PEREMPUAN", "FEMALE"}) != self.female:
            warnings.append(NikWarning.SEX_DIFFERS)
        if birth_date is not None and self.birth_date(birth_date) != birth_date:
            warnings.append(NikWarning.BIRTH_DATE_DIFFERS)
        return warnings

    @staticmethod
    def _check_date(digits: str) -> None:
        if not possible_dates(digits, FEMALE_DAY_OFFSET):
            raise BirthDateImpossible


class NoKk(Masked):
    """Nomor Kartu Keluarga: PPKKCC, DDMMYY of issue, serial.

    It changes with the family, and is never its key.
    """

    __slots__ = ()
    noun = "No. KK"

    @staticmethod
    def _check_date(digits: str) -> None:
        if not possible_dates(digits, 0):
            raise IssueDateImpossible


def possible_dates(digits: str, day_offset: int) -> list[date]:
    """Return the dates of digits 7 to 12, in the 1900s and in the 2000s."""
    day, month, year = int(digits[6:8]), int(digits[8:10]), int(digits[10:12])
    day = day - day_offset if day > day_offset else day
    dates = []
    for century in (1900, 2000):
        try:
            dates.append(date(century + year, month, day))
        except ValueError:
            continue
    return dates
