"""Why a NIK or No. KK that is recorded already is refused, in full only to who may look it up."""

from uuid import UUID

from services.caseload.family.errors import NoKkKnown
from services.caseload.member.errors import NikKnown, NumberNotAccepted
from shared.access import Actor, Permission
from shared.errors import DomainError


def refusal_of_nik(actor: Actor, kpm_id: UUID, holder: UUID | None) -> DomainError:
    """Return the refusal of a NIK for a family; `holder` is the family that has it, None outside the caller's area."""
    known = may_know(actor, kpm_id, holder)
    return NikKnown("/body/nik") if known else NumberNotAccepted("/body/nik")


def refusal_of_no_kk(actor: Actor, kpm_id: UUID, holder: UUID | None) -> DomainError:
    """Return the refusal of a No. KK for a family; `holder` as above."""
    known = may_know(actor, kpm_id, holder)
    return NoKkKnown("/body/no_kk") if known else NumberNotAccepted("/body/no_kk")


def may_know(actor: Actor, kpm_id: UUID, holder: UUID | None) -> bool:
    """Whether the caller sees the number in this family, or may look it up in the other one."""
    return holder == kpm_id or (holder is not None and actor.may(Permission.KPM_LOOK_UP))
