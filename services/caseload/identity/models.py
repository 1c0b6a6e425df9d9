from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from sqlmodel import Field

from services.caseload.tables import RECORDED, Table
from shared.database.tables import Col
from shared.transitions import guard_moves, require_move


class SealingState(StrEnum):
    """CONSENTED: agreed, nothing sealed yet; SEALED: on its way; WITHDRAWN: nothing more is sealed."""

    CONSENTED = "CONSENTED"
    SEALED = "SEALED"
    WITHDRAWN = "WITHDRAWN"


# Taken back is not for ever: a new consent begins anew.
SEALING_MOVES = MappingProxyType(
    {
        SealingState.CONSENTED: frozenset({SealingState.SEALED, SealingState.WITHDRAWN}),
        SealingState.SEALED: frozenset({SealingState.WITHDRAWN}),
        SealingState.WITHDRAWN: frozenset({SealingState.CONSENTED}),
    }
)


class Sealing(Table, table=True):
    """An identity sealed to one recipient for one thing: by whose consent, under which key, and when."""

    __table_args__ = guard_moves(SEALING_MOVES)

    recipient: Col[str] = Field(primary_key=True)
    for_id: Col[UUID] = Field(primary_key=True)
    kpm_id: Col[UUID] = Field(index=True)
    consent_id: Col[UUID]
    partner_id: Col[UUID]
    text_version: Col[int]
    state: Col[SealingState]
    key_id: Col[str | None] = Field(default=None)
    sealed_at: Col[datetime | None] = Field(default=None)
    withdrawn_at: Col[datetime | None] = Field(default=None)
    recorded_at: Col[datetime] = RECORDED

    def become(self, state: SealingState) -> None:
        """Move to a state.

        Raises:
            IllegalTransition: `SEALING_MOVES` has no such move.
        """
        require_move(SEALING_MOVES, self.state, state, "sealing")
        self.state = state
