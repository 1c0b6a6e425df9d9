"""New applications of families that had left: never an appeal, and accepted a new membership (chain.md 2)."""

from datetime import date
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.caseload.tables import At, KpmRef, Made, Recorded, Table
from shared.contracts.kinds import Bansos
from shared.database import text_enum
from shared.errors import IllegalTransition


class UsulanGround(StrEnum):
    """Why a family applies anew: its objection came after the term, it has fallen back, or something else."""

    SANGGAH_TERLAMBAT = "SANGGAH_TERLAMBAT"
    KAMBUH = "KAMBUH"
    LAINNYA = "LAINNYA"


class UsulanState(StrEnum):
    """LODGED until decided, once."""

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


class Usulan(Table):
    """An application to be a member of a bansos again. What was said and why it was decided are sealed for its own id."""

    __tablename__ = "usulan"
    __table_args__ = (
        sa.Index(
            "uq_usulan_open", "kpm_id", "bansos", unique=True, postgresql_where=sa.text("state = 'LODGED'")
        ),
        sa.Index("ix_usulan_state", "state", "usulan_id"),
        sa.CheckConstraint(
            "(state = 'LODGED') = (decided_by IS NULL) AND (state = 'LODGED') = (decided_by_sub IS NULL)",
            name="decided_by_somebody",
        ),
        sa.CheckConstraint("decided_by <> lodged_by AND decided_by_sub <> lodged_by_sub", name="two_persons"),
        sa.CheckConstraint(
            "(state = 'ACCEPTED') = (kepesertaan_id IS NOT NULL)", name="accepted_is_a_membership"
        ),
    )

    usulan_id: Mapped[Made]
    kpm_id: Mapped[KpmRef] = mapped_column(index=True)
    bansos: Mapped[Bansos] = mapped_column(text_enum(Bansos))
    ground: Mapped[UsulanGround] = mapped_column(text_enum(UsulanGround))
    reason_sealed: Mapped[bytes]
    evidence_sha256: Mapped[str | None]
    lodged_on: Mapped[date]
    lodged_by: Mapped[str]
    lodged_by_sub: Mapped[str]
    state: Mapped[UsulanState] = mapped_column(text_enum(UsulanState))
    decided_by: Mapped[str | None]
    decided_by_sub: Mapped[str | None]
    decided_on: Mapped[date | None]
    decision_reason_sealed: Mapped[bytes | None]
    kepesertaan_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("kepesertaan.kepesertaan_id"))
    version: Mapped[int]
    changed_at: Mapped[At]
    recorded_at: Mapped[Recorded]

    def expect(self, wanted: UsulanState) -> None:
        """Refuse early what `become` would refuse; raise IllegalTransition."""
        if wanted not in USULAN_MOVES[self.state]:
            raise IllegalTransition(noun="usulan", current=self.state, wanted=wanted)

    def become(self, wanted: UsulanState) -> None:
        """Be decided; raise IllegalTransition where it was already."""
        self.expect(wanted)
        self.state, self.version = wanted, self.version + 1
