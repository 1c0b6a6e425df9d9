"""Which of two sources of a thing counts: the later one (docs/case-lifecycle.md#files-of-families)."""

from datetime import date
from typing import Any

from services.caseload.tables import Source


def is_later(file_as_of: date, recorded: Any, prefix: str = "") -> bool:
    """Return whether a file is later than what is recorded.

    A file of the same day replaces what a file has recorded, and nothing that came over HTTP. `prefix` is that of the
    columns of a group, such as `address_`.
    """
    as_of = recorded[f"{prefix}as_of"]
    if as_of is None or as_of < file_as_of:
        return True
    return as_of == file_as_of and recorded[f"{prefix}source"] == Source.FILE
