from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.caseload.tables import RECORDED, Table
from shared.database.tables import Col
from shared.deadlines import END, CoveredBy, Waits
from shared.transitions import guard_moves, require_move


class SealingState(StrEnum):
    """State of a sealing.

    CONSENTED: consent given, nothing sealed yet. SEALED: sealed and emitted. WITHDRAWN: nothing more is sealed.
    """

    CONSENTED = "CONSENTED"
    SEALED = "SEALED"
    WITHDRAWN = "WITHDRAWN"


# WITHDRAWN is not final: a new consent moves the sealing back to CONSENTED.
SEALING_MOVES = MappingProxyType(
    {
        SealingState.CONSENTED: frozenset({SealingState.SEALED, SealingState.WITHDRAWN}),
        SealingState.SEALED: frozenset({SealingState.WITHDRAWN}),
        SealingState.WITHDRAWN: frozenset({SealingState.CONSENTED}),
    }
)


# A sealing that waits is of an offer that waits in referral.
WAITS = Waits(dict.fromkeys(SealingState, END) | {SealingState.CONSENTED: CoveredBy("referral")})


class Sealing(Table, table=True):
    """Identities sealed to one recipient for one rujukan program, with their consent and key.

    `persons` are the members whom the consent names, the signer first.
    """

    __table_args__ = guard_moves(SEALING_MOVES, waits=WAITS)

    recipient: Col[str] = Field(primary_key=True)
    for_id: Col[UUID] = Field(primary_key=True)
    kpm_id: Col[UUID] = Field(index=True)
    consent_id: Col[UUID]
    partner_id: Col[UUID]
    text_version: Col[int]
    persons: Col[Annotated[list[UUID], sa.ARRAY(sa.Uuid())]] = Field(default_factory=list[UUID])
    state: Col[SealingState]
    key_id: Col[str | None] = Field(default=None)
    # The keyed hash of what was sealed last: other values are sealed again.
    digest: Col[bytes | None] = Field(default=None)
    sealed_at: Col[datetime | None] = Field(default=None)
    withdrawn_at: Col[datetime | None] = Field(default=None)
    recorded_at: Col[datetime] = RECORDED

    def transition_to(self, state: SealingState) -> None:
        """Move the sealing to a state.

        Raises:
            IllegalTransition: `SEALING_MOVES` has no such move.
        """
        require_move(SEALING_MOVES, self.state, state, "sealing")
        self.state = state
