"""Persons named in consents."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.departure.queries import read_former_members
from services.referral.rujukan.models import RujukanProgram
from services.referral.signature.models import ConsentPerson


async def read_persons(session: AsyncSession, rujukan_program_id: UUID) -> Sequence[ConsentPerson]:
    """Return the persons named in the consent to an offer, the signer first."""
    statement = sa.select(ConsentPerson).where(ConsentPerson.rujukan_program_id == rujukan_program_id)
    return (await session.scalars(statement.order_by(ConsentPerson.role.desc()))).all()


def ids_of(persons: Sequence[ConsentPerson]) -> list[UUID]:
    """Return the ids of the persons, each once, in order."""
    return list(dict.fromkeys(person.anggota_id for person in persons))


async def has_departed(session: AsyncSession, row: RujukanProgram) -> bool:
    """Return whether a person whom the consent names died or left."""
    former = (await read_former_members(session, [row.kpm_id])).get(row.kpm_id, set[UUID]())
    return not former.isdisjoint(ids_of(await read_persons(session, row.rujukan_program_id)))
