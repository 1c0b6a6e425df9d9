"""Table of candidates, with indexed columns for the order of its lists."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.graduation.tables import Table
from shared.contracts.kinds import Bansos
from shared.database.tables import Col, Fields
from shared.fields import Wilayah

UNRANKED = 11
"""A rank is 11 minus the desil: 1 is the best off, 11 has no desil yet."""


class CandidateFields(Fields):
    """The membership of a candidate, and the end of the family's last komponen."""

    kepesertaan_id: Col[UUID] = Field(primary_key=True)
    kpm_id: Col[UUID] = Field(index=True)
    kode_wilayah: Col[Wilayah]
    bansos: Col[Bansos]
    last_komponen_ends_on: Col[date | None]


class Candidate(CandidateFields, Table, table=True):
    """One membership with facts of its family.

    The policy in force selects candidates from these rows.
    """

    __table_args__ = (
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

    kabkota: Col[Wilayah]
    member_since: Col[date]
    member_until: Col[date | None]
    # `member_since`, moved back by the months and days of earlier memberships of the bansos.
    counted_since: Col[date]
    able_productive: Col[int]
    lansia: Col[int]
    disabilitas: Col[int]
    rank_nas: Col[int]
    rank_prov: Col[int]
    rank_kabkota: Col[int]
    # The family's oldest business.
    usaha_id: Col[UUID | None] = Field(default=None, index=True)
    usaha_since: Col[date | None]
