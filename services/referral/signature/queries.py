"""Persons named in consents."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.departure.queries import read_former_members
from services.referral.replicas.models import Usaha
from services.referral.rujukan.models import UNSENT_STATES, RujukanProgram
from services.referral.signature.models import ConsentPerson, PersonRole


async def read_persons(session: AsyncSession, rujukan_program_id: UUID) -> Sequence[ConsentPerson]:
    """Return the persons named in the consent to an offer, the signer first."""
    statement = sa.select(ConsentPerson).where(ConsentPerson.rujukan_program_id == rujukan_program_id)
    return (await session.scalars(statement.order_by(ConsentPerson.role.desc()))).all()


def ids_of(persons: Sequence[ConsentPerson]) -> list[UUID]:
    """Return the ids of the persons, each once, in order."""
    return list(dict.fromkeys(person.anggota_id for person in persons))


async def uses_usaha(session: AsyncSession, row: RujukanProgram) -> bool:
    """Return whether the consent names the owner of the business."""
    return PersonRole.OWNER in {person.role for person in await read_persons(session, row.rujukan_program_id)}


async def must_lapse(session: AsyncSession, row: RujukanProgram) -> bool:
    """Return whether a named person has left, or the business ended before the sending."""
    former = (await read_former_members(session, [row.kpm_id])).get(row.kpm_id, set[UUID]())
    if not former.isdisjoint(ids_of(await read_persons(session, row.rujukan_program_id))):
        return True
    ended = sa.select(Usaha.usaha_id).where(Usaha.usaha_id == row.usaha_id, Usaha.ended_on.is_not(None))
    unsent = row.state in UNSENT_STATES and await session.scalar(ended) is not None
    return unsent and await uses_usaha(session, row)
