from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.graduation.policy.models.credit_rule import CreditUnit
from services.graduation.tables import Table
from shared.contracts.kinds import ExitReason
from shared.database.tables import Col, Fields
from shared.deadlines import END, Waits
from shared.fields import Wilayah
from shared.transitions import guard_moves, require_move


class CreditState(StrEnum):
    """State of a credit.

    FAMILY_COUNTED: another penetapan of the family counts in this year. It is granted if that one is undone.
    """

    GRANTED = "GRANTED"
    FAMILY_COUNTED = "FAMILY_COUNTED"
    REVERSED = "REVERSED"


S = CreditState
CREDIT_MOVES: Mapping[CreditState, frozenset[CreditState]] = MappingProxyType(
    {
        S.GRANTED: frozenset({S.FAMILY_COUNTED, S.REVERSED}),
        S.FAMILY_COUNTED: frozenset({S.GRANTED, S.REVERSED}),
    }
)
"""All allowed moves of a credit. The database refuses any other."""


class CreditView(Fields):
    """What a penetapan counts, for whom and in which year."""

    state: Col[CreditState]
    pendamping_id: Col[UUID]
    penugasan_id: Col[UUID]
    year: Col[int]
    kode_wilayah: Col[Wilayah]
    rule_version: Col[int] = Field(foreign_key="credit_rule.version")
    granted_on: Col[date | None] = Field(default=None)
    reversed_on: Col[date | None] = Field(default=None)


class Credit(CreditView, Table, table=True):
    """The credit of a penugasan for a penetapan, in a year.

    A reversal keeps the row. `granted_on` is null while it has never counted.
    """

    __table_args__ = (
        sa.UniqueConstraint("graduasi_id"),
        sa.Index(
            "uq_credit_one_per_family",
            *("kpm_id", "year"),
            unique=True,
            postgresql_where=sa.text("state = 'GRANTED' AND unit = 'FAMILY_AND_YEAR'"),
        ),
        sa.Index(None, "kpm_id", "year"),
        sa.CheckConstraint("reversed_on >= granted_on", name="reversed_after_granted"),
        sa.CheckConstraint(
            "(state = 'GRANTED') = (granted_on IS NOT NULL AND reversed_on IS NULL)", name="granted_with_day"
        ),
        guard_moves(CREDIT_MOVES, waits=Waits(dict.fromkeys(CreditState, END))),
    )

    credit_id: Col[UUID] = Field(primary_key=True)
    graduasi_id: Col[UUID] = Field(foreign_key="graduasi.graduasi_id")
    kpm_id: Col[UUID]
    exit_reason: Col[ExitReason]
    # Copied from rule and SK, for the index and the order of the family's penetapan.
    unit: Col[CreditUnit]
    sk_on: Col[date]
    sk_id: Col[UUID] = Field(foreign_key="sk.sk_id")

    def transition_to(self, state: CreditState, on: date) -> None:
        """Move the credit to a state as of a business date.

        Raises:
            IllegalTransition: `CREDIT_MOVES` has no such move.
        """
        require_move(CREDIT_MOVES, self.state, state, "credit")
        self.state = state
        if state is S.GRANTED:
            self.granted_on, self.reversed_on = on, None
        elif self.granted_on is not None or state is S.REVERSED:
            self.reversed_on = on
