"""Access to a service's database without row security."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import asyncpg


class Asked(Protocol):
    """A service's database that can be queried without row security."""

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
    """Return the databases of the four services by their addresses."""
    return {service: Address(dsn) for service, dsn in dsns.items()}
