"""People who are recorded under another NIK than a request has."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.models import EndReason, KpmAnggota
from services.caseload.member.errors import MemberKnownByName, NikReplaced, RecordedDead
from services.caseload.member.models import JoinTerms, NikHistory
from shared.database import vault_of
from shared.privacy import Vault
from shared.text import name_key


async def require_unknown_person(
    session: AsyncSession, kpm_id: UUID, nik_index: bytes, terms: JoinTerms
) -> None:
    """Require that a person with an unknown NIK is not recorded under another one.

    Raises:
        RecordedDead: the same person died.
        MemberKnownByName: the family has a child without a NIK of this name and date of birth.
        NikReplaced: the NIK is a former one of this person.
    """
    vault, name = vault_of(session), name_key(terms.name)
    own = sa.select(KpmAnggota).where(KpmAnggota.kpm_id == kpm_id, KpmAnggota.birth_on == terms.birth_on)
    for person in (await session.scalars(own)).all():
        if read_name_key(vault, person) == name:
            require_alive(person)
            if person.left_on is None and person.nik_sealed is None:
                raise MemberKnownByName("/body/nik", anggota_id=person.anggota_id)
    numbers = sa.select(NikHistory.anggota_id).where(NikHistory.nik_index == nik_index)
    former = sa.select(KpmAnggota).where(KpmAnggota.anggota_id.in_(numbers))
    for person in (await session.scalars(former)).all():
        if person.birth_on == terms.birth_on or read_name_key(vault, person) == name:
            require_alive(person)
            raise NikReplaced("/body/nik")


def require_alive(person: KpmAnggota) -> None:
    """Raise RecordedDead for a person whose death is recorded."""
    if person.end_reason is EndReason.MENINGGAL:
        raise RecordedDead("/body/nik")


def read_name_key(vault: Vault, person: KpmAnggota) -> str:
    """Return a person's name for comparison."""
    location = {"table": "kpm_anggota", "column": "name", "row_id": person.nik_index.hex()}
    return name_key(vault.open(person.name_sealed, **location))
