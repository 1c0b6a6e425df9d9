"""Access to a family outside the caller's scope in an emergency (docs/case-lifecycle.md#emergency-access)."""

from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from annotated_types import Interval
from sqlmodel import Field

from services.caseload.emergency_access.errors import ADVICE
from services.caseload.tables import RECORDED, Table
from shared.database.tables import Col, Fields
from shared.deadlines import END, Owner, Waits
from shared.field_classes import SPESIFIK
from shared.fields import Paragraph, RequestOnly, Wilayah
from shared.roles import Role
from shared.transitions import guard_moves, require_move
from shared.updates import track_updates

LONGEST_HOURS = 72


class EmergencyState(StrEnum):
    """State of an emergency access. It is reviewed once."""

    OPENED = "OPENED"
    JUSTIFIED = "JUSTIFIED"
    UNJUSTIFIED = "UNJUSTIFIED"


EMERGENCY_MOVES = MappingProxyType(
    {
        EmergencyState.OPENED: frozenset({EmergencyState.JUSTIFIED, EmergencyState.UNJUSTIFIED}),
        EmergencyState.JUSTIFIED: frozenset[EmergencyState](),
        EmergencyState.UNJUSTIFIED: frozenset[EmergencyState](),
    }
)
WAITS = Waits(
    dict.fromkeys(EmergencyState, END) | {EmergencyState.OPENED: Owner(Role.DINSOS_KABKOTA)},
    since="opened_on",
)


class EmergencyTerms(Fields):
    """Why the family must be read now, and for how many hours."""

    reason: Paragraph
    hours: Annotated[int, Interval(ge=1, le=LONGEST_HOURS), RequestOnly(24)]


class EmergencyFacts(Fields):
    """Who may read which family, until when, and the review.

    `kode_wilayah` is its area at the opening.
    """

    akses_darurat_id: Col[UUID] = Field(primary_key=True)
    kpm_id: Col[UUID] = Field(foreign_key="kpm.kpm_id", index=True)
    kode_wilayah: Col[Wilayah]
    opened_by: Col[str]
    opened_on: Col[date]
    opened_at: Col[datetime]
    expires_at: Col[datetime]
    state: Col[EmergencyState]
    reviewed_by: Col[str | None] = Field(default=None)
    reviewed_on: Col[date | None] = Field(default=None)
    version: Col[int]


class EmergencyView(EmergencyFacts):
    """An emergency access with its reason and the words of its review."""

    reason: Annotated[str, SPESIFIK]
    review: Annotated[str | None, SPESIFIK]


class AksesDarurat(EmergencyFacts, Table, table=True):
    """One person's access to one family outside their scope.

    Both texts are sealed with the row's id.
    """

    __table_args__ = (
        *track_updates(),
        sa.Index("ix_akses_darurat_area", "kode_wilayah", "akses_darurat_id"),
        sa.Index("ix_akses_darurat_open", "opened_by_sub", "kpm_id", "expires_at"),
        sa.CheckConstraint(
            "(state = 'OPENED') = (reviewed_by IS NULL) AND num_nulls(reviewed_by, reviewed_by_sub, reviewed_on,"
            " review_sealed) IN (0, 4)",
            "review_has_reviewer",
        ),
        sa.CheckConstraint("reviewed_by <> opened_by AND reviewed_by_sub <> opened_by_sub", "two_persons"),
        sa.CheckConstraint("expires_at > opened_at", "ends_after_opening"),
        guard_moves(EMERGENCY_MOVES, waits=WAITS),
    )

    reason_sealed: Col[bytes]
    opened_by_sub: Col[str]
    reviewed_by_sub: Col[str | None] = Field(default=None)
    review_sealed: Col[bytes | None] = Field(default=None)
    recorded_at: Col[datetime] = RECORDED

    def transition_to(self, state: EmergencyState) -> None:
        """Move the access to a state and increment the version.

        Raises:
            IllegalTransition: `EMERGENCY_MOVES` has no such move.
        """
        require_move(EMERGENCY_MOVES, self.state, state, "akses darurat", advice=ADVICE)
        self.state, self.version = state, self.version + 1
