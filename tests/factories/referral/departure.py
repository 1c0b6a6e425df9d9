"""Members who die or leave, and families and businesses that end, as caseload's events."""

from typing import Any
from uuid import UUID

from shared.contracts.caseload import KpmRegistered, KpmUpdated
from shared.contracts.kinds import FamilyEndReason
from tests.factories.referral.events import TODAY, Family, family_facts


def updated(family: Family, **changes: Any) -> KpmUpdated:
    """Return the event of changed facts of the family."""
    facts = next(fact for fact in family_facts(family) if isinstance(fact, KpmRegistered))
    return KpmUpdated(**facts.model_dump() | changes)


def left(family: Family, *members: UUID, **changes: Any) -> KpmUpdated:
    """Return the event after members died or left. The family stays."""
    return updated(family, former_members=list(members), **changes)


def ended(family: Family) -> KpmUpdated:
    """Return the event after the only member died."""
    reason = FamilyEndReason.MENINGGAL
    return left(family, *family.persons, pengurus_id=None, members=0, ended_on=TODAY, end_reason=reason)
