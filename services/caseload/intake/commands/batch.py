"""Rows of a file, checked and sealed together."""

from collections.abc import Sequence
from typing import Any

from services.caseload.family.rules import newborn_key
from services.caseload.intake.commands.findings import refusal
from services.caseload.intake.rules.csv_file import Record
from services.caseload.intake.rules.row import Row, read_record
from shared import clock
from shared.jobs import RowError
from shared.privacy import Vault

SEALED_ROW = (
    *("row_no", "no_kk_index", "nik_index", "ok", "digest", "no_kk_sealed", "nik_sealed", "name_sealed"),
    *("address_sealed", "phone_sealed", "nib_sealed", "data"),
)
"""The values of a sealed row. `data` has no personal data."""


class Batch:
    """Rows of a file, with what is listed of them.

    Each value is sealed on its own.
    """

    def __init__(self, vault: Vault, moment: clock.Moment) -> None:
        """Start empty."""
        self.vault, self.today, self.latest = vault, moment.on, moment.latest_on
        self.rows: list[tuple[Record, Row]] = []
        self.errors: list[RowError] = []
        self.bad = self.lost = 0

    def read(self, record: Record) -> Row:
        """Return the checked row of a record."""
        return read_record(record, self.today, self.latest)

    def add(self, record: Record, row: Row) -> None:
        """Add a row.

        A row without a readable No. KK is refused without its family.
        """
        if row.warnings:
            # They are listed only if the family is accepted, which another step may decide.
            row.data["warnings"] = row.warnings
        if row.faults:
            self.bad += 1
            self.errors += [refusal(record.row_no, column or None, code) for column, code in row.faults]
        if row.no_kk is None:
            self.lost += 1
        else:
            self.rows.append((record, row))

    def sealed(self) -> list[tuple[Any, ...]]:
        """Return the rows as values in the order of `SEALED_ROW`."""
        rows = [row for _, row in self.rows]
        numbers = [row.no_kk.reveal() for row in rows if row.no_kk]
        # Fast path: a card is hashed once for all its rows (bench: intake).
        cards = list(dict.fromkeys(numbers))
        indexes = dict(zip(cards, self.vault.index_many("no_kk", cards), strict=True))
        no_kk = [indexes[number] for number in numbers]
        card = [index.hex() for index in no_kk]
        nik = [self.person_index(row, place) for row, place in zip(rows, card, strict=True)]
        person = [index.hex() if index else None for index in nik]
        columns = (
            [record.row_no for record, _ in self.rows],
            no_kk,
            nik,
            [not row.faults for row in rows],
            self.vault.index_many("intake", ["\x1f".join(record.fields) for record, _ in self.rows]),
            self.seal(
                "kpm_no_kk", "no_kk", card, [row.no_kk if row.data.get("pengurus") else None for row in rows]
            ),
            self.seal("kpm_anggota", "nik", person, [row.nik for row in rows]),
            self.seal("kpm_anggota", "name", person, [row.name for row in rows]),
            self.seal("kpm", "address", card, [row.address if row.leads else None for row in rows]),
            self.seal("kpm", "phone", card, [row.phone if row.leads else None for row in rows]),
            self.seal("usaha", "nib", person, [row.nib for row in rows]),
            [row.data for row in rows],
        )
        return list(zip(*columns, strict=True))

    def person_index(self, row: Row, card: str) -> bytes | None:
        """Return the index of the NIK, or of a child without one."""
        if row.nik:
            return self.vault.index("nik", row.nik)
        if row.faults:
            return None
        return self.vault.index("newborn", newborn_key(card, row.name, row.data["birth"]))

    def seal(
        self, table: str, column: str, row_ids: Sequence[str | None], texts: Sequence[Any]
    ) -> list[bytes | None]:
        """Seal a column. Blank values and values without a row id become None."""
        indexes = [n for n, text in enumerate(texts) if text and row_ids[n]]
        values = self.vault.seal_many([(row_ids[n], texts[n]) for n in indexes], table=table, column=column)
        sealed: list[bytes | None] = [None] * len(texts)
        for n, value in zip(indexes, values, strict=True):
            sealed[n] = value
        return sealed
