"""NIK and No. KK, with the dates that they contain."""

from datetime import date
from enum import StrEnum

from shared.privacy.masked_number import Masked

FEMALE_DAY_OFFSET = 40


class NumberWarning(StrEnum):
    """What is odd about a NIK or No. KK.

    It is never a reason to refuse, because such numbers exist and are not issued again.
    """

    SEX_DIFFERS = "SEX_DIFFERS"
    BIRTH_DATE_DIFFERS = "BIRTH_DATE_DIFFERS"
    BIRTH_DATE_IMPOSSIBLE = "BIRTH_DATE_IMPOSSIBLE"
    ISSUE_DATE_IMPOSSIBLE = "ISSUE_DATE_IMPOSSIBLE"


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

    def birth_date(self, recorded: date) -> date | None:
        """Return the birth date in the number, in the century nearest to the recorded date.

        It is None if digits 7 to 12 are no date.
        """
        possible = possible_dates(self._digits, FEMALE_DAY_OFFSET)
        return min(possible, key=lambda day: abs((day - recorded).days), default=None)

    def warnings(self, *, sex: str | None = None, birth_date: date | None = None) -> list[NumberWarning]:
        """Return the differences from the record: sex "L" or "P", and the birth date."""
        possible = possible_dates(self._digits, FEMALE_DAY_OFFSET)
        if not possible:
            return [NumberWarning.BIRTH_DATE_IMPOSSIBLE]
        warnings = []
        if sex is not None and (sex.upper() in {"P", "F", "PEREMPUAN", "FEMALE"}) != self.female:
            warnings.append(NumberWarning.SEX_DIFFERS)
        if birth_date is not None and birth_date not in possible:
            warnings.append(NumberWarning.BIRTH_DATE_DIFFERS)
        return warnings


class NoKk(Masked):
    """Nomor Kartu Keluarga: PPKKCC, DDMMYY of issue, serial.

    It changes with the family, and is never its key.
    """

    __slots__ = ()
    noun = "No. KK"

    def warnings(self) -> list[NumberWarning]:
        """Return whether digits 7 to 12 are no date of issue."""
        return [] if possible_dates(self._digits, 0) else [NumberWarning.ISSUE_DATE_IMPOSSIBLE]


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
