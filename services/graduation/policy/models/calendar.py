from typing import Annotated

import sqlalchemy as sa
from annotated_types import Interval
from pydantic import StrictInt
from sqlmodel import Field

from services.graduation.tables import Table
from shared.database.tables import Authored, Col, Fields
from shared.deadlines import Until, Waits, track_waits
from shared.fields import Day, RequestOnly
from shared.roles import Role

# From the cut-off of the third last tahap on, only TAHAP_WARNED_AT are left, and the last one waits for the next.
TAHAP_WARNED_AT = 2
WAITS = Waits(
    {
        "LAST": Until(
            "coalesce((SELECT t.cutoff_on FROM tahap_calendar t ORDER BY t.starts_on DESC OFFSET 2 LIMIT 1),"
            " (SELECT min(t.cutoff_on) FROM tahap_calendar t))",
            Role.KEMENSOS,
        )
    },
    state="'LAST'",
    rows="starts_on = (SELECT max(t.starts_on) FROM tahap_calendar t)",
)


class TahapTerms(Fields):
    """A payment stage: its start and its cut-off.

    An exit settled by the cut-off takes effect at the start.
    """

    year: Col[Annotated[StrictInt, Interval(ge=2020, le=2100), RequestOnly(2028)]] = Field(primary_key=True)
    number: Col[Annotated[StrictInt, Interval(ge=1, le=4), RequestOnly(1)]] = Field(primary_key=True)
    starts_on: Col[Day]
    cutoff_on: Col[Day]


class TahapView(TahapTerms, Authored):
    """A tahap of the calendar, and who added or last moved it."""


class TahapCalendar(TahapView, Table, table=True):
    """A payment stage: its start and its cut-off (docs/case-lifecycle.md#effective-tahap)."""

    __table_args__ = (
        sa.CheckConstraint("number BETWEEN 1 AND 12", name="number"),
        sa.CheckConstraint("cutoff_on < starts_on", name="cutoff_before_start"),
        sa.UniqueConstraint("starts_on"),
        track_waits(WAITS),
    )

    @property
    def tahap(self) -> str:
        """The tahap as events write it, such as `2026-3`."""
        return f"{self.year}-{self.number}"
