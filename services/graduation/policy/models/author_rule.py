from datetime import date

from sqlmodel import Field

from services.graduation.tables import Table
from shared.contracts.kinds import PendampingStatus
from shared.database.tables import Col

ANY_REASON = "*"


class AuthorRule(Table, table=True):
    """A status of its author with which an assessment is no ground for a decision.

    Written by migrations.
    `reason` is the code that registry recorded with the status. The texts continue "The pendamping ...".
    """

    status: Col[PendampingStatus] = Field(primary_key=True)
    reason: Col[str] = Field(primary_key=True)
    valid_from: Col[date] = Field(primary_key=True)
    valid_to: Col[date | None]
    text_en: Col[str]
    text_id: Col[str]
