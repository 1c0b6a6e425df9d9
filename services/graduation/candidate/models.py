"""What may make a family a candidate, in columns that a list of a million families can be ordered by."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.graduation.tables import Area, Key, Table
from shared.contracts.kinds import Bansos
from shared.database import text_enum

UNRANKED = 11
"""A rank is 11 less the desil: 1 is the best off, 11 is not ranked yet."""


class Candidate(Table):
    """One membership with what caseload last told of its family; facts alone, the policy of the day judges them."""

    __tablename__ = "candidate"
    __table_args__ = (
        sa.Index("ix_candidate_kpm_id", "kpm_id"),
        sa.Index("ix_candidate_rank_nas", "kabkota", "rank_nas", "kepesertaan_id"),
        sa.Index("ix_candidate_rank_prov", "kabkota", "rank_prov", "kepesertaan_id"),
        sa.Index("ix_candidate_rank_kabkota", "kabkota", "rank_kabkota", "kepesertaan_id"),
        sa.Index(
            "ix_candidate_komponen_end",
            "kabkota",
            "last_komponen_ends_on",
            "kepesertaan_id",
            postgresql_where=sa.text("last_komponen_ends_on IS NOT NULL"),
        ),
        {"schema": "replica_kpm"},
    )

    kepesertaan_id: Mapped[Key]
    kpm_id: Mapped[UUID]
    kode_wilayah: Mapped[Area]
    kabkota: Mapped[Area]
    bansos: Mapped[Bansos] = mapped_column(text_enum(Bansos, replica=True))
    member_since: Mapped[date]
    member_until: Mapped[date | None]
    able_productive: Mapped[int] = mapped_column(sa.Integer)
    last_komponen_ends_on: Mapped[date | None]
    rank_nas: Mapped[int] = mapped_column(sa.Integer)
    rank_prov: Mapped[int] = mapped_column(sa.Integer)
    rank_kabkota: Mapped[int] = mapped_column(sa.Integer)
    usaha_since: Mapped[date | None]
