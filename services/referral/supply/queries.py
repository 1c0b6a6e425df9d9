"""Data that were supplied to partners."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from services.referral.supply.models import DataSupply, SupplyFacts
from services.referral.visibility import select_columns
from shared.privacy import Vault

SUPPLY_ORDER = (DataSupply.notice_id,)


def select_supplies(rujukan_program_id: UUID) -> sa.Select[*tuple[Any, ...]]:
    """Select what was supplied for one offer, sealed."""
    statement = select_columns(DataSupply, [*SupplyFacts.model_fields, "content_sealed"])
    return statement.where(DataSupply.rujukan_program_id == rujukan_program_id)


def open_text(row: Mapping[str, Any], vault: Vault) -> dict[str, Any]:
    """Return what was supplied with its words."""
    sealed = row["content_sealed"]
    place = {"table": "data_supply", "column": "content_sealed", "row_id": row["notice_id"]}
    facts = {name: row[name] for name in SupplyFacts.model_fields}
    return facts | {"text": orjson.loads(vault.open(sealed, **place))["text"] if sealed else None}
