"""Members who die or leave, and families and businesses that end, as caseload's events."""

from typing import Any
from uuid import UUID

from shared.contracts.caseload import KpmRegistered, KpmUpdated
from shared.contracts.kinds import FamilyEndReason
from tests.factories.referral.events import TODAY, Family, build_family_facts


def build_kpm_updated(family: Family, **changes: Any) -> KpmUpdated:
    """Return the event of changed facts of the family."""
    facts = next(fact for fact in build_family_facts(family) if isinstance(fact, KpmRegistered))
    return KpmUpdated(**facts.model_dump() | changes)


def build_departure(family: Family, *members: UUID, **changes: Any) -> KpmUpdated:
    """Return the event after members died or left. The family stays."""
    return build_kpm_updated(family, former_members=list(members), **changes)


def build_family_end(family: Family) -> KpmUpdated:
    """Return the event after the only member died."""
    reason = FamilyEndReason.MENINGGAL
    return build_departure(
        family, *family.persons, pengurus_id=None, members=0, ended_on=TODAY, end_reason=reason
    )
