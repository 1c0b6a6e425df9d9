"""Tables of the sanggah and its decision (docs/case-lifecycle.md#objections)."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.graduation.tables import Sha256, Table, is_sha256
from shared.database.tables import Col, Fields
from shared.deadlines import END, Owner, Waits
from shared.field_classes import PRIBADI, SPESIFIK
from shared.fields import ActingRole, Day, DocumentNumber, RequestOnly, Sentence, Wilayah
from shared.privacy import Nik
from shared.roles import Role
from shared.transitions import guard_moves, require_move
from shared.updates import track_updates


class SanggahState(StrEnum):
    """State of a sanggah. A decision is final.

    GUGUR: the SK was undone before a decision, by another sanggah or because the only member died. SALAH_CATAT: it
    was recorded in error, and another one may have the same lodger, date and paper.
    """

    DIAJUKAN = "DIAJUKAN"
    DITERIMA = "DITERIMA"
    DITOLAK = "DITOLAK"
    GUGUR = "GUGUR"
    SALAH_CATAT = "SALAH_CATAT"


SANGGAH_MOVES: Mapping[SanggahState, frozenset[SanggahState]] = MappingProxyType(
    {SanggahState.DIAJUKAN: frozenset(SanggahState) - {SanggahState.DIAJUKAN}}
)
"""All allowed moves of a sanggah. The database refuses any other."""
WAITS = Waits(
    dict.fromkeys(SanggahState, END) | {SanggahState.DIAJUKAN: Owner(Role.DINSOS_KABKOTA)}, since="typed_on"
)


class LodgedBy(StrEnum):
    """Who objects: the family, its representative, or another citizen."""

    KELUARGA = "KELUARGA"
    KUASA = "KUASA"
    MASYARAKAT = "MASYARAKAT"


class SanggahChannel(StrEnum):
    """The desk or line that received the sanggah and records it."""

    DESA = "DESA"
    PUSKESOS = "PUSKESOS"
    DINSOS = "DINSOS"
    PENDAMPING = "PENDAMPING"
    CEK_BANSOS = "CEK_BANSOS"
    CALL_CENTER = "CALL_CENTER"
    WHATSAPP = "WHATSAPP"


class SanggahGround(StrEnum):
    """The coded ground of a sanggah. Its note is stored in this service only."""

    DATA_TIDAK_SESUAI = "DATA_TIDAK_SESUAI"
    KEADAAN_BERUBAH = "KEADAAN_BERUBAH"
    TIDAK_BERSEDIA = "TIDAK_BERSEDIA"
    PROSEDUR_TIDAK_BENAR = "PROSEDUR_TIDAK_BENAR"
    LAINNYA = "LAINNYA"


RegisterNumber = Annotated[DocumentNumber, RequestOnly("0123/SANGGAH/2026")]


class PaperTerms(Fields):
    """A sanggah on paper, without its note.

    `lodged_on` is the date on the paper, which must be in the term.
    """

    lodged_on: Col[Day]
    lodged_by: Col[Annotated[LodgedBy, RequestOnly("KELUARGA")]]
    channel: Col[Annotated[SanggahChannel, RequestOnly("PUSKESOS")]]
    ground: Col[Annotated[SanggahGround, RequestOnly("KEADAAN_BERUBAH")]]
    evidence_sha256: Col[Sha256]


class SanggahTerms(PaperTerms):
    """A sanggah on paper, with a note, which is stored sealed."""

    note: Sentence | None = None


class SanggahLodging(SanggahTerms):
    """A sanggah on paper with the number that identifies its lodger.

    Of the number only a keyed hash is stored. `lodger_nik` is the NIK of the lodger, `register_no` the number in the
    register of the desk. Without both, the family itself or the paper identifies the lodger.
    """

    lodger_nik: Nik | None = None
    register_no: RegisterNumber | None = None


class SanggahFacts(PaperTerms):
    """A sanggah without its note. `typed_by` is an id.

    `suspends`: the exit is suspended until the decision. It is not after the refusal of a sanggah with the same ground.
    """

    sanggah_id: Col[UUID] = Field(primary_key=True)
    graduasi_id: Col[UUID] = Field(foreign_key="graduasi.graduasi_id")
    kpm_id: Col[UUID]
    kode_wilayah: Col[Wilayah]
    state: Col[SanggahState]
    typed_by: Col[str]
    typed_on: Col[date]
    suspends: Col[bool]


class SanggahView(SanggahFacts):
    """A sanggah."""

    note: Annotated[str | None, SPESIFIK]


class Sanggah(SanggahFacts, Table, table=True):
    """One sanggah: who objects to a case, and the date on the paper.

    `lodged_on`, the date on the paper, must be in the term; `typed_on` may be later. `evidence_sha256` is its first scan.

    Only its state and its area change. The note is sealed with its id.
    """

    __table_args__ = (
        *track_updates("sanggah_id"),
        is_sha256("evidence_sha256"),
        sa.Index(
            "uq_sanggah_one_lodging",
            *("graduasi_id", "lodged_by", "lodger_ref", "lodged_on"),
            unique=True,
            postgresql_where=sa.text("state <> 'SALAH_CATAT'"),
        ),
        sa.UniqueConstraint("sanggah_id", "typed_by", "typed_by_sub", name="uq_sanggah_typed_by"),
        sa.Index(
            "uq_sanggah_open",
            "graduasi_id",
            "suspends",
            unique=True,
            postgresql_where=sa.text("state = 'DIAJUKAN'"),
        ),
        sa.Index(
            "ix_sanggah_open_in_area",
            "kode_wilayah",
            "lodged_on",
            "sanggah_id",
            postgresql_where=sa.text("state = 'DIAJUKAN'"),
        ),
        sa.Index(None, "state", "lodged_on", "sanggah_id"),
        guard_moves(SANGGAH_MOVES, waits=WAITS),
    )

    # Keyed hash of the lodger's NIK or of the number in the desk's register.
    lodger_ref: Col[bytes]
    note_sealed: Col[bytes | None] = Field(default=None)
    typed_by_sub: Col[str]
    at: Col[datetime]

    def transition_to(self, state: SanggahState) -> None:
        """Move the sanggah to a state.

        Raises:
            IllegalTransition: `SANGGAH_MOVES` has no such move.
        """
        require_move(SANGGAH_MOVES, self.state, state, "sanggah")
        self.state = state


class ScanView(Fields):
    """A scan of a sanggah. `added_by` is an id."""

    evidence_sha256: Col[Sha256]
    added_by: Col[str]
    added_on: Col[date]


class SanggahScan(ScanView, Table, table=True):
    """A scan of a sanggah, the first one too. Append-only.

    A scan belongs to one sanggah of a case, not counting those recorded in error.
    """

    __table_args__ = (
        is_sha256("evidence_sha256"),
        sa.UniqueConstraint("sanggah_id", "evidence_sha256"),
    )

    scan_id: Col[UUID] = Field(primary_key=True)
    sanggah_id: Col[UUID] = Field(foreign_key="sanggah.sanggah_id", index=True)
    graduasi_id: Col[UUID] = Field(foreign_key="graduasi.graduasi_id")
    kode_wilayah: Col[Wilayah]
    added_by_sub: Col[str]
    at: Col[datetime]


class SanggahDecisionFacts(Fields):
    """Who decided, and when. `decided_by` is an id."""

    decided_on: Col[date]
    decided_by: Col[str]
    role: Col[ActingRole]


class SanggahDecisionView(SanggahDecisionFacts):
    """Who decided, when and why."""

    reason: Annotated[str, PRIBADI]


class SanggahDecision(SanggahDecisionFacts, Table, table=True):
    """The decision of a sanggah, never by the person who recorded it. Append-only.

    The reason is sealed with the id of the sanggah.
    """

    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["sanggah_id", "typed_by", "typed_by_sub"],
            ["sanggah.sanggah_id", "sanggah.typed_by", "sanggah.typed_by_sub"],
        ),
        sa.CheckConstraint("decided_by <> typed_by AND decided_by_sub <> typed_by_sub", name="not_by_typist"),
    )

    sanggah_id: Col[UUID] = Field(primary_key=True)
    typed_by: Col[str]
    typed_by_sub: Col[str]
    graduasi_id: Col[UUID] = Field(foreign_key="graduasi.graduasi_id")
    kode_wilayah: Col[Wilayah]
    decided_by_sub: Col[str]
    reason_sealed: Col[bytes]
    at: Col[datetime]
