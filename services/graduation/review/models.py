from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from annotated_types import MaxLen
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field

from services.graduation.case.models import Stage
from services.graduation.tables import Sha256, Table, is_sha256
from shared.database.tables import Col, Fields
from shared.fields import ActingRole, Day, DocumentNumber, RequestOnly, Sentence, Wilayah
from shared.roles import Role

MAX_NAMED = 200


class RefusalGround(StrEnum):
    """The coded ground of a refusal."""

    BELUM_LAYAK = "BELUM_LAYAK"
    BUKTI_LEMAH = "BUKTI_LEMAH"
    DATA_TIDAK_SESUAI = "DATA_TIDAK_SESUAI"
    LAINNYA = "LAINNYA"


class CancellationGround(StrEnum):
    """The coded ground of a cancellation."""

    KELUARGA_MENARIK_DIRI = "KELUARGA_MENARIK_DIRI"
    DASAR_GUGUR = "DASAR_GUGUR"
    LAINNYA = "LAINNYA"


class WithdrawalGround(StrEnum):
    """The coded ground of a cancellation by a withdrawn exit proposal."""

    USULAN_DITARIK = "USULAN_DITARIK"


class Grounds(Fields):
    """A reason, and its evidence, which the policy may require."""

    reason: Sentence
    evidence_sha256: Sha256 | None = None


class MusyawarahTerms(Fields):
    """The berita acara of the village's musyawarah."""

    berita_acara_no: Col[Annotated[DocumentNumber, RequestOnly("BA/014/V/2026")]]
    held_on: Col[Day]
    evidence_sha256: Col[Sha256]
    # The cases that it names. One berita acara may serve several families of one desa if it names all of them.
    graduasi_ids: Col[Annotated[list[UUID], sa.ARRAY(sa.Uuid()), MaxLen(MAX_NAMED)]] = Field(
        default_factory=list
    )


class Musyawarah(MusyawarahTerms, Table, table=True):
    """The musyawarah of a village on a case, with its berita acara. Append-only."""

    __table_args__ = (is_sha256("evidence_sha256"),)

    musyawarah_id: Col[UUID] = Field(primary_key=True)
    graduasi_id: Col[UUID] = Field(foreign_key="graduasi.graduasi_id", index=True)
    kode_wilayah: Col[Wilayah]
    at: Col[datetime]


def _exclude_second_stage(name: str, column: str) -> ExcludeConstraint[tuple[str, str]]:
    return ExcludeConstraint(
        ("graduasi_id", "="),
        (column, "="),
        ("stage", "<>"),
        name=name,
        using="gist",
        where=sa.text("four_people"),
    )


class StageFields(Fields):
    """Which account acted in which stage, and when."""

    stage: Col[Stage]
    sub: Col[str]
    role: Col[ActingRole]
    at: Col[datetime]


class StageView(StageFields):
    """Who acted in which stage."""

    pendamping_id: UUID | None


class StageAct(StageFields, Table, table=True):
    """Who acted in which stage of a case. Append-only.

    The exclusion constraints stop one person or one account from acting in two stages.
    """

    __table_args__ = (
        _exclude_second_stage("ex_stage_act_four_people", "person"),
        _exclude_second_stage("ex_stage_act_four_accounts", "sub"),
        sa.Index(None, "graduasi_id", "person"),
        sa.Index("ix_stage_act_proposers", "sub", "person", postgresql_where=sa.text("stage = 'USUL'")),
    )

    stage_act_id: Col[Annotated[int, sa.BigInteger()]] = Field(
        default=None, primary_key=True, sa_column_args=[sa.Identity(always=True)]
    )
    graduasi_id: Col[UUID] = Field(foreign_key="graduasi.graduasi_id")
    kode_wilayah: Col[Wilayah]
    person: Col[str]
    four_people: Col[bool]

    @property
    def pendamping_id(self) -> UUID | None:
        """The person, if it is a pendamping."""
        # An older event of an exit proposal names no account, so that `sub` is the pendamping too.
        is_pendamping = self.person != self.sub or self.role == Role.PENDAMPING
        return UUID(self.person) if is_pendamping else None
