"""Table of the families that have ended (docs/case-lifecycle.md#end-of-a-family)."""

from datetime import date
from typing import Annotated
from uuid import UUID

from sqlmodel import Field

from services.graduation.case.models import Outcome
from services.graduation.tables import Table
from shared.contracts.kinds import FamilyEndReason
from shared.database import text_enum
from shared.database.tables import Col


class FamilyEnd(Table, table=True):
    """A family that has ended. A reversal of the end deletes the row.

    The reaction to caseload's event writes it, so that commands see the end before the replica has it.
    """

    kpm_id: Col[UUID] = Field(primary_key=True)
    ended_on: Col[date]
    end_reason: Col[Annotated[FamilyEndReason, text_enum(FamilyEndReason, replica=True)]]
    # The event that ended the family, which is the reason of what follows, and its day.
    event_id: Col[UUID]
    recorded_on: Col[date]


def outcome_of(reason: FamilyEndReason) -> Outcome:
    """Return the outcome of a case that is in effect when the family ends."""
    return Outcome(reason.value) if reason in FamilyEndReason.known() else Outcome.TIDAK_DIPANTAU
