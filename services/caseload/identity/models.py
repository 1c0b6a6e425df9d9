from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from services.caseload.tables import At, Recorded, Table
from shared.database import text_enum
from shared.errors import IllegalTransition


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


class Sealing(Table):
    """An identity sealed to one recipient for one thing: by whose consent, under which key, and when."""

    __tablename__ = "sealing"

    recipient: Mapped[str] = mapped_column(primary_key=True)
    for_id: Mapped[UUID] = mapped_column(primary_key=True)
    kpm_id: Mapped[UUID] = mapped_column(index=True)
    consent_id: Mapped[UUID]
    partner_id: Mapped[UUID]
    text_version: Mapped[int]
    state: Mapped[SealingState] = mapped_column(text_enum(SealingState))
    key_id: Mapped[str | None]
    sealed_at: Mapped[At | None]
    withdrawn_at: Mapped[At | None]
    recorded_at: Mapped[Recorded]

    def become(self, wanted: SealingState) -> None:
        """Take a state.

        Raises:
            IllegalTransition: `SEALING_MOVES` has no such move.
        """
        if wanted not in SEALING_MOVES[self.state]:
            raise IllegalTransition(noun="sealing", current=self.state, wanted=wanted)
        self.state = wanted
