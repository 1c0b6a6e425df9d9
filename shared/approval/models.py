"""The columns of a request that another person approves, and its states."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from shared.database.tables import Col, Fields
from shared.deadlines import END, Until, Waits
from shared.fields import Sha256, Wilayah
from shared.transitions import guard_moves, require_move
from shared.updates import track_updates
from shared.validity import DaysFields


class ApprovalKind(StrEnum):
    """What is requested.

    ANNULMENT: an SK is undone without an objection. DISMISSAL: a pendamping is dismissed. DEATH_REVERSAL,
    STATUS_REVERSAL, MEMBERSHIP_VOID, MONITORING_REVERSAL: a death, a status of a pendamping, a membership, or a result
    that decided a monitoring was recorded in error. SK_CORRECTION: an SK has a wrong number, date or scan.
    BACK_PAY_CORRECTION: the decision of an annulment on a withheld tahap is wrong.
    """

    ANNULMENT = "ANNULMENT"
    DISMISSAL = "DISMISSAL"
    DEATH_REVERSAL = "DEATH_REVERSAL"
    STATUS_REVERSAL = "STATUS_REVERSAL"
    MEMBERSHIP_VOID = "MEMBERSHIP_VOID"
    MONITORING_REVERSAL = "MONITORING_REVERSAL"
    SK_CORRECTION = "SK_CORRECTION"
    BACK_PAY_CORRECTION = "BACK_PAY_CORRECTION"


class ApprovalState(StrEnum):
    """State of a request. Nothing has happened before it is APPROVED.

    LAPSED: an approval was refused because the act is no longer possible.
    """

    REQUESTED = "REQUESTED"
    APPROVED = "APPROVED"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
    LAPSED = "LAPSED"


APPROVAL_MOVES: Mapping[ApprovalState, frozenset[ApprovalState]] = MappingProxyType(
    {ApprovalState.REQUESTED: frozenset(ApprovalState) - {ApprovalState.REQUESTED}}
)
"""All allowed moves of a request. The database refuses any other."""
WAITS = Waits(
    {ApprovalState.REQUESTED: Until("expires_on")}
    | dict.fromkeys(APPROVAL_MOVES[ApprovalState.REQUESTED], END),
    since="(requested_at AT TIME ZONE 'Asia/Jakarta')::date",
)


class ApprovalTerms(Fields):
    """The scan on which the second person decides."""

    evidence_sha256: Sha256 | None = None


class ApprovalRequestFields(Fields):
    """A request, without its texts.

    `body_sha256` is the hash of the canonical JSON of the requested act. `requested_by` and `decided_by`
    are ids of persons. `expires_on` is the first day on which it cannot be approved any more. `refused_as` is the title
    of the refusal that made it LAPSED.
    """

    approval_request_id: Col[UUID] = Field(primary_key=True)
    kind: Col[ApprovalKind]
    subject_id: Col[UUID]
    # Where it is visible. Without an area only for the whole country.
    kode_wilayah: Col[Wilayah | None] = Field(default=None)
    body_sha256: Col[Sha256]
    evidence_sha256: Col[Sha256]
    state: Col[ApprovalState]
    requested_by: Col[str]
    requested_at: Col[datetime]
    decided_by: Col[str | None] = Field(default=None)
    closed_at: Col[datetime | None] = Field(default=None)
    expires_on: Col[date]
    refused_as: Col[str | None] = Field(default=None)


class ApprovalRequestColumns(ApprovalRequestFields):
    """A request, with the accounts of both persons. Only its decision changes.

    The request of the act, with its reason, and the reason of the decision are sealed with its id.
    """

    body_sealed: Col[bytes]
    requested_by_sub: Col[str]
    decided_by_sub: Col[str | None] = Field(default=None)
    decision_reason_sealed: Col[bytes | None] = Field(default=None)

    def close(self, state: ApprovalState, at: datetime) -> None:
        """Move an open request to its last state.

        Raises:
            IllegalTransition: it is not open.
        """
        require_move(APPROVAL_MOVES, self.state, state, "approval request")
        self.state, self.closed_at = state, at


def approval_constraints() -> tuple[Any, ...]:
    """Return the table arguments: two persons, two accounts, one open request per act and subject."""
    is_open = sa.text("state = 'REQUESTED'")
    return (
        *track_updates(),
        sa.CheckConstraint(
            "body_sha256 ~ '^[0-9a-f]{64}$' AND evidence_sha256 ~ '^[0-9a-f]{64}$'", "sha256_form"
        ),
        sa.CheckConstraint(
            "decided_by <> requested_by AND decided_by_sub <> requested_by_sub", "decided_by_another_person"
        ),
        sa.CheckConstraint(
            "(state IN ('APPROVED', 'REFUSED')) = (decided_by IS NOT NULL AND decided_by_sub IS NOT NULL)",
            "decided_by_somebody",
        ),
        sa.CheckConstraint("(state = 'REQUESTED') = (closed_at IS NULL)", "closed_once"),
        sa.CheckConstraint("(state = 'LAPSED') = (refused_as IS NOT NULL)", "lapsed_for_a_refusal"),
        sa.Index("uq_approval_request_open", "kind", "subject_id", unique=True, postgresql_where=is_open),
        sa.Index(None, "state", "approval_request_id"),
        sa.Index(None, "subject_id"),
        guard_moves(APPROVAL_MOVES, waits=WAITS),
    )


class ApprovalRuleFields(DaysFields):
    """Within how many days a request can be approved, from a day on."""
