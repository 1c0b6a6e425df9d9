"""Ids by the thousand: the driver's own UUID class, made, compared and written four times as fast."""

from uuid import UUID

from asyncpg.pgproto import pgproto
from uuid_utils import uuid7 as made


def new_id() -> UUID:
    """Return a new id in order of time."""
    return pgproto.UUID(made().bytes)
