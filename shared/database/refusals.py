"""Raise violations of database constraints as refusals."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database.conflicts import select_existing
from shared.database.rows import constraint_of
from shared.database.tables import Model
from shared.errors import DomainError

Refusal = DomainError | Callable[[], DomainError]


@contextmanager
def refuse_violations(row: Model | None = None, /, **refusals: Refusal) -> Iterator[None]:
    """Raise the refusal of a violated constraint, given by its name. Other errors pass.

    `row` is the new row. With it the refusal can name the row that exists already.
    """
    try:
        yield
    except DBAPIError as error:
        constraint = constraint_of(error)
        refusal = refusals.get(constraint)
        if refusal is None:
            raise
        refusal = refusal if isinstance(refusal, DomainError) else refusal()
        if row is not None and refusal.more_params:
            refusal.existing = select_existing(row, constraint)
        raise refusal from None


async def insert(session: AsyncSession, row: Model, **refusals: Refusal) -> None:
    """Insert the row now. A violated constraint raises the refusal given by its name."""
    session.add(row)
    with refuse_violations(row, **refusals):
        await session.flush()
