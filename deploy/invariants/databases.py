"""A service's database, asked past row security: of the kit's running services, or of any deployment's addresses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import asyncpg


class Asked(Protocol):
    """A service's database, to be asked past row security."""

    async def sql(self, statement: str, *values: Any) -> list[asyncpg.Record]: ...


@dataclass(frozen=True, slots=True)
class Address:
    """A database by its address."""

    dsn: str

    async def sql(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.dsn)
        try:
            return await connection.fetch(statement, *values)
        finally:
            await connection.close()


def databases(dsns: Mapping[str, str]) -> dict[str, Address]:
    """The four services' databases by their addresses."""
    return {service: Address(dsn) for service, dsn in dsns.items()}
