"""Refusals of a NIK or No. KK that is already recorded."""

from uuid import UUID

from services.caseload.family.errors import NoKkKnown
from services.caseload.member.errors import NikKnown, NumberNotAccepted
from shared.access import Actor, Permission
from shared.errors import DomainError


def refusal_of_nik(actor: Actor, kpm_id: UUID, owner: UUID | None) -> DomainError:
    """Return the refusal of a NIK that is already recorded.

    Only an actor who may look up the owner gets the real reason. `owner` is the family that has the NIK, None outside
    the actor's areas.
    """
    may_know = may_look_up_owner(actor, kpm_id, owner)
    return NikKnown("/body/nik") if may_know else NumberNotAccepted("/body/nik")


def refusal_of_no_kk(actor: Actor, kpm_id: UUID, owner: UUID | None) -> DomainError:
    """Return the refusal of a No. KK that is already recorded, as in `refusal_of_nik`."""
    may_know = may_look_up_owner(actor, kpm_id, owner)
    return NoKkKnown("/body/no_kk") if may_know else NumberNotAccepted("/body/no_kk")


def may_look_up_owner(actor: Actor, kpm_id: UUID, owner: UUID | None) -> bool:
    """Return whether this family has the number, or the actor may look it up."""
    return owner == kpm_id or (owner is not None and actor.may(Permission.KPM_LOOK_UP))
