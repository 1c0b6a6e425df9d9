"""Texts that people write, sealed in columns named `<name>_sealed` with the id of their row."""

from collections.abc import Iterable, Mapping
from typing import Any

from shared.privacy.vault import Vault


def seal_texts(
    vault: Vault, texts: Mapping[str, str | None], *, table: str, row_id: object
) -> dict[str, Any]:
    """Return the sealed columns of texts by name, NULL for an absent text."""
    return {
        f"{name}_sealed": vault.seal(text, table=table, column=name, row_id=row_id) if text else None
        for name, text in texts.items()
    }


def open_texts(
    vault: Vault, row: Mapping[str, Any], names: Iterable[str], *, table: str, row_id: object
) -> dict[str, Any]:
    """Return the row with texts in place of their sealed columns."""
    columns = {f"{name}_sealed": name for name in names}
    texts = {
        name: vault.open(row[column], table=table, column=name, row_id=row_id) if row[column] else None
        for column, name in columns.items()
    }
    return {name: value for name, value in row.items() if name not in columns} | texts
