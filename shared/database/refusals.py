"""Raise violations of database constraints as refusals."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database.rows import constraint_of
from shared.database.tables import Model
from shared.errors import DomainError

Refusal = DomainError | Callable[[], DomainError]


@contextmanager
def refuse_violations(**refusals: Refusal) -> Iterator[None]:
    """Raise the refusal of a violated constraint, given by its name. Other errors pass."""
    try:
        yield
    except DBAPIError as error:
        refusal = refusals.get(constraint_of(error))
        if refusal is None:
            raise
        raise (refusal if isinstance(refusal, DomainError) else refusal()) from None


async def insert(session: AsyncSession, row: Model, **refusals: Refusal) -> None:
    """Insert the row now. A violated constraint raises the refusal given by its name."""
    session.add(row)
    with refuse_violations(**refusals):
        await session.flush()
