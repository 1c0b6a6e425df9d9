"""What a job lists of rows: refusals, warnings and changes, without any value."""

from collections.abc import Iterator
from typing import Any

from services.caseload.intake.commands.recorded_data import Staged
from services.caseload.intake.errors import ROW_REFUSALS
from services.caseload.intake.rules.notes import ROW_CHANGES, ROW_WARNINGS
from services.caseload.intake.rules.words import ALLOWED, FORMS
from shared.jobs import RowError
from shared.words import Words


def refusal(row_no: int, column: str | None, code: str, **values: Any) -> RowError:
    """Return a row's refusal with its sentences, without the value."""
    values = {"allowed": ALLOWED.get(column or "", ""), "form": FORMS.get(column or "", "")} | values
    en, indonesian = (sentence.format(**values) for sentence in ROW_REFUSALS[code])
    return RowError(row_no, column, code, Words(en, indonesian))


def warning(row_no: int, column: str | None, code: str) -> RowError:
    """Return a warning on a row that is taken."""
    return RowError(row_no, column, code, Words(*ROW_WARNINGS[code]), kind="WARNING")


def row_warnings(family: Staged) -> Iterator[RowError]:
    """Yield the warnings that the validation of the rows of a family has given."""
    for row, data in zip(family.rows, family.data, strict=True):
        for column, code in data.get("warnings", ()):
            yield warning(row["row_no"], column, code)


def change(row_no: int, column: str | None, code: str, **ids: Any) -> RowError:
    """Return a change of a recorded family, with ids and without values."""
    params = {name: str(value) for name, value in ids.items()}
    return RowError(row_no, column, code, Words(*ROW_CHANGES[code]), params, kind="CHANGE")
