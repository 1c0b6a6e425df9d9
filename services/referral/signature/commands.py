"""Name the persons whose identity a consent shares, and check that each has signed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.consent.models import Consent, ConsentTerms
from services.referral.departure.queries import read_former_members
from services.referral.matching.rules.matching import Match
from services.referral.program.models import PayloadField
from services.referral.replicas.models import Kpm, UsahaFacts
from services.referral.signature.errors import PersonHasLeft, SignatureMissing, SignerUnknown
from services.referral.signature.models import ConsentPerson, PersonRole
from shared.errors import NotYetKnown, PengurusMissing
from shared.words import Words

ROLE_WORDS = {
    PersonRole.SIGNER: ("the signer", "penanda tangan"),
    PersonRole.OWNER: ("the owner of the business", "pemilik usaha"),
}


@dataclass(frozen=True, slots=True)
class NamedPerson:
    """A person whose identity is shared, with what decides whether the person is an adult."""

    anggota_id: UUID
    role: PersonRole
    birth_year: int | None
    married: bool

    def is_minor(self, adult_from: int, on: date, *, or_comes_of_age: bool = False) -> bool:
        """Return whether this person is a minor in the whole year.

        With `or_comes_of_age` the year in which the person comes of age counts too: only the year of birth is known.
        """
        if self.birth_year is None or self.married:
            return False
        return on.year - self.birth_year < adult_from + or_comes_of_age

    def find_signer(self, signed: Collection[UUID], guardian: UUID, adult_from: int, on: date) -> UUID | None:
        """Return who signed for this person, or None. `signed` has no minors.

        In the year in which a person comes of age either may sign.
        """
        if self.anggota_id in signed:
            return self.anggota_id
        is_minor = self.is_minor(adult_from, on, or_comes_of_age=True)
        return guardian if is_minor and guardian in signed else None


async def name_persons(
    session: AsyncSession, consent: Consent, fit: Match, given: ConsentTerms, adult_from: int
) -> list[ConsentPerson]:
    """Return the signer, and the owner of the business if the program uses one.

    The caller has locked the offer, so that a departure is either seen here or lapses this consent.
    `adult_from` is the age in years from which a person signs for himself.

    Raises:
        NotYetKnown: No event has told of the owner of the business, or that who signed is a member.
        PengurusMissing, PersonHasLeft, SignerUnknown, SignatureMissing
    """
    kpm = await session.get_one(Kpm, consent.kpm_id)
    former = (await read_former_members(session, [consent.kpm_id])).get(consent.kpm_id, set[UUID]())
    if kpm.pengurus_id is None or kpm.pengurus_id in former:
        raise PengurusMissing
    signed = {*(given.signed_by or [given.signer_id or kpm.pengurus_id])}
    if given.guardian_id is not None:
        signed.add(given.guardian_id)
    if former & (signed | {given.signer_id}):
        raise PersonHasLeft
    if kpm.member_ids and not signed.issubset(kpm.member_ids):
        raise NotYetKnown("anggota", "/body/signed_by")
    usaha = fit.usaha if PayloadField.PERSONS in fit.program.minimum_data else None
    people = _name_people(kpm, usaha, given.signer_id or kpm.pengurus_id)
    guardian = given.guardian_id or kpm.pengurus_id
    # A minor signs for nobody.
    signed -= {
        one.anggota_id for one in (_name_pengurus(kpm), *people) if one.is_minor(adult_from, given.given_on)
    }
    persons: list[ConsentPerson] = []
    for person in people:
        signer = person.find_signer(signed, guardian, adult_from, given.given_on)
        if signer is None:
            raise _signature_missing(people)
        ids = {name: getattr(consent, name) for name in ("consent_id", "rujukan_program_id")}
        named = {"role": person.role, "anggota_id": person.anggota_id, "signed_by": signer}
        persons.append(ConsentPerson(**ids, **named))
    return persons


def _name_pengurus(kpm: Kpm) -> NamedPerson:
    anggota_id, married = kpm.pengurus_id or UUID(int=0), bool(kpm.pengurus_married)
    return NamedPerson(anggota_id, PersonRole.SIGNER, kpm.pengurus_birth_year, married)


def _name_people(kpm: Kpm, usaha: UsahaFacts | None, signer_id: UUID | None) -> list[NamedPerson]:
    pengurus = _name_pengurus(kpm)
    if usaha is None:
        if signer_id != pengurus.anggota_id:
            raise SignerUnknown("/body/signer_id")
        return [pengurus]
    if usaha.owner_id is None:
        raise NotYetKnown("usaha")
    owner = NamedPerson(usaha.owner_id, PersonRole.OWNER, usaha.owner_birth_year, usaha.owner_married)
    if signer_id == pengurus.anggota_id:
        return [pengurus, owner]
    if signer_id != owner.anggota_id:
        raise SignerUnknown("/body/signer_id")
    return [NamedPerson(owner.anggota_id, PersonRole.SIGNER, owner.birth_year, owner.married), owner]


def _signature_missing(people: Sequence[NamedPerson]) -> SignatureMissing:
    who = [
        Words(*(f"{ROLE_WORDS[person.role][language]} {person.anggota_id}" for language in (0, 1)))
        for person in people
    ]
    return SignatureMissing("/body/signed_by", who=who)
