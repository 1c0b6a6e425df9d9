"""Survey of a file before its families are read."""

from array import array
from collections.abc import Iterator
from itertools import pairwise

from services.caseload.intake.rules.csv_file import BLANK, Header, Record, records
from services.caseload.intake.rules.numbers import DIGITS, plain_numbers, read_numbers
from shared.privacy import Vault

MOST_MEMBERS = 40


class Survey:
    """The numbers of a file's rows, read part by part.

    A card has its rows staged if they are not adjacent or too many, or if one has the NIK of another row. The whole
    file decides on them.
    """

    def __init__(self, header: Header, most_faults: int) -> None:
        """Start at the first row.

        Rows with faulty numbers are kept until they have more than `most_faults` faults.
        """
        self.header, self.most_faults = header, most_faults
        self.offset, self.row_no = header.begins_at, header.first_row
        self.rows = self.faults = 0
        self.faulty: list[Record] = []
        self.cards_to_stage: frozenset[bytes] | None = None
        """The indexes of the cards, None until the whole file is read."""
        self._cards, self._niks = array("q"), array("q")
        self._ended: set[int] = set()
        self._staged: set[int] = set()
        self._card = self._size = 0

    def read(self, content: bytes, vault: Vault, *, last: bool) -> None:
        """Read the complete rows of the part of the file that starts at `offset`."""
        for record in records(content, self.header, self.offset, self.row_no, last=last):
            self.add(record)
            self.offset, self.row_no = record.ends_at, record.row_no + record.lines
        if last:
            cards = (f"{card:0{DIGITS}}" for card in self.list_cards())
            self.cards_to_stage = frozenset(vault.index_many("no_kk", cards))
            del self._cards[:], self._niks[:]
            self._ended.clear()
            self._staged.clear()

    def add(self, record: Record) -> None:
        """Add the numbers of a row.

        A blank or unreadable row also ends the rows of a card.
        """
        card = nik = 0
        if record.fault != BLANK:
            self.rows += 1
            card, nik = map(int, plain_numbers(record) or self.read_others(record))
            if card:
                self._cards.append(card)
                self._niks.append(nik)
        if card != self._card:
            self._ended.add(self._card)
            self._card, self._size = card, 0
            if card in self._ended:
                self._staged.add(card)
        self._size += 1
        if self._size > MOST_MEMBERS:
            self._staged.add(card)

    def read_others(self, record: Record) -> tuple[str, str]:
        """Return the numbers of a row that is not plain, and count its faults.

        A number that is missing is 0.
        """
        row = read_numbers(record)
        if row.faults and self.faults <= self.most_faults:
            self.faulty.append(record)
            self.faults += len(row.faults)
        if row.no_kk is None:
            return "0", "0"
        return row.no_kk.reveal(), row.nik.reveal() if row.nik else "0"

    def list_cards(self) -> set[int]:
        """Return the cards whose rows are to be staged."""
        repeated = set(find_repeated(self._niks))
        of_repeated = (card for card, nik in zip(self._cards, self._niks, strict=True) if nik in repeated)
        return {*self._staged, *of_repeated} - {0}


def find_repeated(numbers: "array[int]") -> Iterator[int]:
    """Yield the numbers that occur more than once. 0 is none."""
    return (one for one, other in pairwise(sorted(numbers)) if one == other and one)
