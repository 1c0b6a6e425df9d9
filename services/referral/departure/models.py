"""Members who died or left their family."""

from datetime import date
from uuid import UUID

from sqlmodel import Field

from services.referral.tables import Table
from shared.database.tables import Col


class FormerMember(Table, table=True):
    """A member who died or left the family, with the event that reported it.

    The row is deleted when a later event has the person as a member again.
    """

    kpm_id: Col[UUID] = Field(primary_key=True)
    anggota_id: Col[UUID] = Field(primary_key=True)
    event_id: Col[UUID]
    noted_on: Col[date]
