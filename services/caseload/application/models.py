"""Applications of families that left a bansos (docs/case-lifecycle.md#applications). An application is not an appeal."""

from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.caseload.application.errors import ADVICE
from services.caseload.tables import RECORDED, Table
from shared.contracts.kinds import Bansos
from shared.database.tables import Col, Fields
from shared.deadlines import END, Owner, Waits
from shared.field_classes import PRIBADI, SPESIFIK
from shared.fields import KNOWN, Day, Paragraph, Sha256
from shared.roles import Role
from shared.transitions import guard_moves, require_move
from shared.updates import track_updates


class UsulanGround(StrEnum):
    """Why a family applies again.

    SANGGAH_TERLAMBAT: its objection came after the term. KAMBUH: it has relapsed.
    """

    SANGGAH_TERLAMBAT = "SANGGAH_TERLAMBAT"
    KAMBUH = "KAMBUH"
    LAINNYA = "LAINNYA"


class UsulanState(StrEnum):
    """State of an application. It is decided once."""

    LODGED = "LODGED"
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"


USULAN_MOVES = MappingProxyType(
    {
        UsulanState.LODGED: frozenset({UsulanState.ACCEPTED, UsulanState.REFUSED}),
        UsulanState.ACCEPTED: frozenset[UsulanState](),
        UsulanState.REFUSED: frozenset[UsulanState](),
    }
)


WAITS = Waits(
    dict.fromkeys(UsulanState, END) | {UsulanState.LODGED: Owner(Role.DINSOS_KABKOTA)}, since="lodged_on"
)


class UsulanFacts(Fields):
    """Family, bansos, ground and day of an application."""

    kpm_id: Col[UUID] = Field(foreign_key="kpm.kpm_id", index=True)
    bansos: Col[Annotated[Bansos, KNOWN]]
    ground: Col[UsulanGround]
    lodged_on: Col[Day]
    evidence_sha256: Col[Sha256 | None] = Field(default=None)


class UsulanTerms(UsulanFacts):
    """An application with its reason, which is stored sealed."""

    reason: Paragraph


class UsulanView(UsulanFacts):
    """An application. `kepesertaan_id` is the new membership of an accepted one."""

    usulan_id: Col[UUID] = Field(primary_key=True)
    lodged_by: Col[str]
    state: Col[UsulanState]
    decided_by: Col[str | None] = Field(default=None)
    decided_on: Col[date | None] = Field(default=None)
    kepesertaan_id: Col[UUID | None] = Field(default=None, foreign_key="kepesertaan.kepesertaan_id")
    version: Col[int]


class UsulanItem(UsulanView):
    """A listed application with its reason, and that of its decision.

    `own_reason` is the reason for the account that lodged the application, whatever its role.
    """

    reason: Annotated[str, SPESIFIK]
    own_reason: str | None
    decision_reason: Annotated[str | None, PRIBADI]


class Usulan(UsulanView, Table, table=True):
    """An application for a new membership in a bansos.

    Both reasons are sealed with the row's id.
    """

    __table_args__ = (
        *track_updates("usulan_id"),
        sa.Index(
            "uq_usulan_open", "kpm_id", "bansos", unique=True, postgresql_where=sa.text("state = 'LODGED'")
        ),
        sa.Index("ix_usulan_state", "state", "usulan_id"),
        sa.CheckConstraint(
            "(state = 'LODGED') = (decided_by IS NULL) AND (state = 'LODGED') = (decided_by_sub IS NULL)",
            "decision_has_decider",
        ),
        sa.CheckConstraint("decided_by <> lodged_by AND decided_by_sub <> lodged_by_sub", "two_persons"),
        sa.CheckConstraint("(state = 'ACCEPTED') = (kepesertaan_id IS NOT NULL)", "accepted_has_membership"),
        guard_moves(USULAN_MOVES, waits=WAITS),
    )

    reason_sealed: Col[bytes]
    lodged_by_sub: Col[str]
    decided_by_sub: Col[str | None] = Field(default=None)
    decision_reason_sealed: Col[bytes | None] = Field(default=None)
    changed_at: Col[datetime]
    recorded_at: Col[datetime] = RECORDED

    def transition_to(self, state: UsulanState) -> None:
        """Move the application to a state and increment the version.

        Raises:
            IllegalTransition: `USULAN_MOVES` has no such move.
        """
        require_move(USULAN_MOVES, self.state, state, "usulan", advice=ADVICE)
        self.state, self.version = state, self.version + 1
