"""The case: its states, the one table of its moves, its history, and who acted in which stage (chain.md 4)."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field

from services.graduation.tables import Sha256, Table, is_sha256
from shared.contracts.kinds import Bansos, ExitReason
from shared.database.tables import Col, Fields
from shared.fields import Asked, Wilayah
from shared.transitions import guard_moves, moves_condition, require_move


class GraduasiState(StrEnum):
    """Where a case stands."""

    TERIDENTIFIKASI = "TERIDENTIFIKASI"
    DIASESMEN = "DIASESMEN"
    SIAP = "SIAP"
    BELUM_SIAP = "BELUM_SIAP"
    DIKECUALIKAN = "DIKECUALIKAN"
    PERNYATAAN_DITANDATANGANI = "PERNYATAAN_DITANDATANGANI"
    DIUSULKAN = "DIUSULKAN"
    DIVERIFIKASI_KETIM = "DIVERIFIKASI_KETIM"
    DIMUSYAWARAHKAN = "DIMUSYAWARAHKAN"
    DISETUJUI_DINSOS = "DISETUJUI_DINSOS"
    DITETAPKAN = "DITETAPKAN"
    MASA_SANGGAH = "MASA_SANGGAH"
    DISANGGAH = "DISANGGAH"
    EFEKTIF = "EFEKTIF"
    PEMANTAUAN = "PEMANTAUAN"
    SELESAI = "SELESAI"
    DIKEMBALIKAN = "DIKEMBALIKAN"
    DITOLAK = "DITOLAK"
    DITUNDA = "DITUNDA"
    DIBATALKAN = "DIBATALKAN"
    DIPULIHKAN = "DIPULIHKAN"


S = GraduasiState
UNDER_REVIEW = frozenset({S.DIUSULKAN, S.DIVERIFIKASI_KETIM, S.DIMUSYAWARAHKAN, S.DISETUJUI_DINSOS})
BEFORE_DITETAPKAN = UNDER_REVIEW | {
    S.TERIDENTIFIKASI,
    S.DIASESMEN,
    S.SIAP,
    S.BELUM_SIAP,
    S.DIKECUALIKAN,
    S.PERNYATAAN_DITANDATANGANI,
    S.DIKEMBALIKAN,
}
BEFORE_EFEKTIF = BEFORE_DITETAPKAN | {S.DITETAPKAN, S.MASA_SANGGAH}
EFFECTIVE = frozenset({S.EFEKTIF, S.PEMANTAUAN, S.SELESAI})
DETERMINED = frozenset({S.DITETAPKAN, S.MASA_SANGGAH, S.EFEKTIF, S.PEMANTAUAN, S.SELESAI})
FORWARD: Mapping[GraduasiState, frozenset[GraduasiState]] = MappingProxyType(
    {
        S.TERIDENTIFIKASI: frozenset({S.DIASESMEN, S.DIUSULKAN}),
        S.DIASESMEN: frozenset({S.SIAP, S.BELUM_SIAP, S.DIKECUALIKAN}),
        S.BELUM_SIAP: frozenset({S.DIASESMEN}),
        S.SIAP: frozenset({S.PERNYATAAN_DITANDATANGANI}),
        S.PERNYATAAN_DITANDATANGANI: frozenset({S.DIUSULKAN}),
        S.DIUSULKAN: frozenset({S.DIVERIFIKASI_KETIM}),
        S.DIVERIFIKASI_KETIM: frozenset({S.DIMUSYAWARAHKAN, S.DISETUJUI_DINSOS}),
        S.DIMUSYAWARAHKAN: frozenset({S.DISETUJUI_DINSOS}),
        S.DISETUJUI_DINSOS: frozenset({S.DITETAPKAN}),
        S.DITETAPKAN: frozenset({S.MASA_SANGGAH}),
        S.MASA_SANGGAH: frozenset({S.EFEKTIF, S.DISANGGAH}),
        S.DISANGGAH: frozenset({S.MASA_SANGGAH, S.EFEKTIF, S.DIPULIHKAN}),
        S.EFEKTIF: frozenset({S.PEMANTAUAN, S.DISANGGAH}),
        S.PEMANTAUAN: frozenset({S.SELESAI, S.DISANGGAH}),
        S.DIKEMBALIKAN: frozenset({S.DIASESMEN, S.DIUSULKAN}),
        S.DITUNDA: BEFORE_EFEKTIF | {S.DIBATALKAN},
    }
)


def _moves(state: GraduasiState) -> frozenset[GraduasiState]:
    """Return the row of one state: the way forward, and the side states it may leave to."""
    found = FORWARD.get(state, frozenset[GraduasiState]())
    if state in UNDER_REVIEW:
        found |= {S.DIKEMBALIKAN, S.DITOLAK}
    if state in BEFORE_EFEKTIF:
        found |= {S.DITUNDA}
    if state in BEFORE_DITETAPKAN:
        found |= {S.DIBATALKAN}
    if state in DETERMINED:
        found |= {S.DIPULIHKAN}
    return found


TRANSITIONS: Mapping[GraduasiState, frozenset[GraduasiState]] = MappingProxyType(
    {state: _moves(state) for state in S}
)
"""Every move that exists, of chain.md 4; the database refuses any other."""


class Outcome(StrEnum):
    """How the monitoring ended: the family stood on its own feet, or fell back; or there was nobody to visit.

    TIDAK_DIPANTAU is said of an exit whose policy has no months: of the dead nobody may say that they stood.
    """

    BERTAHAN = "BERTAHAN"
    KAMBUH = "KAMBUH"
    TIDAK_DIPANTAU = "TIDAK_DIPANTAU"


class Stage(StrEnum):
    """The stages of a case; no person acts in two of one case."""

    USUL = "USUL"
    VERIFIKASI = "VERIFIKASI"
    MUSYAWARAH = "MUSYAWARAH"
    PERSETUJUAN = "PERSETUJUAN"
    PENETAPAN = "PENETAPAN"
    SANGGAH = "SANGGAH"


STANDING = sa.text("state NOT IN ('DITOLAK', 'DIBATALKAN', 'DIPULIHKAN')")
"""The rows of the index that lets one case be open or in effect on a kepesertaan, whoever opens one meanwhile."""
ENDED_WITHOUT = frozenset({S.DITOLAK, S.DIBATALKAN, S.DIPULIHKAN})
"""A case that ended so left the kepesertaan as it was: another may open."""


class OpeningTerms(Fields):
    """A case to open: which kepesertaan would end, and why."""

    kpm_id: Col[UUID] = Field(index=True)
    kepesertaan_id: Col[UUID]
    exit_reason: Col[Annotated[ExitReason, Asked("SEJAHTERA_MANDIRI")]]


class GraduasiView(OpeningTerms):
    """A case."""

    graduasi_id: Col[UUID] = Field(primary_key=True)
    bansos: Col[Bansos]
    # Where the family lives: a standing case goes with it, and who decides goes by this.
    kode_wilayah: Col[Wilayah]
    policy_version: Col[int]
    state: Col[GraduasiState]
    since_on: Col[date]
    outcome: Col[Outcome | None] = Field(default=None)
    version: Col[int]


class Graduasi(GraduasiView, Table, table=True):
    """One case: the ending of one kepesertaan of one family, for one reason, under one policy version."""

    __table_args__ = (
        sa.CheckConstraint("(state = 'SELESAI') = (outcome IS NOT NULL)", name="outcome_at_the_end"),
        sa.CheckConstraint(
            "(state = 'DITUNDA') = (postponed_from IS NOT NULL)", name="postponed_from_a_state"
        ),
        sa.CheckConstraint("version >= 1", name="version_counts_up"),
        sa.Index("uq_graduasi_standing", "kepesertaan_id", unique=True, postgresql_where=STANDING),
        sa.Index(None, "state", "graduasi_id"),
        sa.Index(None, "kode_wilayah", "graduasi_id"),
        sa.Index(
            "ix_graduasi_waiting_for_ministry",
            "since_on",
            "graduasi_id",
            postgresql_where=sa.text("state IN ('DISETUJUI_DINSOS', 'DITUNDA')"),
        ),
        sa.Index(
            "ix_graduasi_waiting_in_area",
            "kode_wilayah",
            "state",
            postgresql_where=sa.text(
                "state IN ('DIUSULKAN', 'DIVERIFIKASI_KETIM', 'DIMUSYAWARAHKAN', 'DISETUJUI_DINSOS', 'DITUNDA')"
            ),
        ),
        guard_moves(TRANSITIONS),
    )

    # Where it was opened: that office may read what became of it.
    opened_in: Col[Wilayah]
    policy_id: Col[UUID] = Field(foreign_key="policy.policy_id")
    # What the case stands on now; those rows are never deleted, and name the case by foreign keys themselves.
    asesmen_id: Col[UUID | None] = Field(default=None)
    pernyataan_id: Col[UUID | None] = Field(default=None)
    usul_id: Col[UUID | None] = Field(default=None)
    postponed_from: Col[GraduasiState | None] = Field(default=None)
    opened_by: Col[str] = Field(index=True)
    opened_at: Col[datetime]

    def become(self, wanted: GraduasiState, on: date, *, resuming: bool = False) -> None:
        """Move to `wanted` as of the business date `on`, and count the version up.

        Raises:
            IllegalTransition: chain.md 4 has no such move; what was postponed goes back only by being resumed,
                and only to the state it left.
        """
        self.expect(wanted, resuming=resuming)
        self.postponed_from = self.state if wanted is S.DITUNDA else None
        self.state, self.since_on, self.version = wanted, on, self.version + 1

    def expect(self, wanted: GraduasiState, *, resuming: bool = False) -> None:
        """Refuse early what `become` would refuse; raise IllegalTransition."""
        require_move({self.state: self._reachable(resuming=resuming)}, self.state, wanted, "graduasi")

    def _reachable(self, *, resuming: bool) -> frozenset[GraduasiState]:
        left = self.postponed_from
        if left is None:
            return frozenset() if resuming else TRANSITIONS[self.state]
        if resuming:
            return frozenset({left})
        return frozenset({S.DIBATALKAN}) if left in BEFORE_DITETAPKAN else frozenset()


class HistoryItem(Fields):
    """One move of a case."""

    history_id: Col[Annotated[int, sa.BigInteger()]] = Field(
        default=None, primary_key=True, sa_column_args=[sa.Identity(always=True)]
    )
    from_state: Col[GraduasiState]
    to_state: Col[GraduasiState]
    person: Col[str]
    role: Col[str]
    at: Col[datetime]
    reason: Col[str | None]
    evidence_sha256: Col[Sha256 | None]
    policy_version: Col[int]


class GraduasiHistory(HistoryItem, Table, table=True):
    """Every move of a case: from, to, who, when, why, on what evidence, under which policy. Append-only."""

    __table_args__ = (
        sa.CheckConstraint(moves_condition(TRANSITIONS, "from_state", "to_state"), "move_legal"),
        is_sha256("evidence_sha256"),
        sa.Index(None, "graduasi_id", "history_id"),
    )

    graduasi_id: Col[UUID] = Field(foreign_key="graduasi.graduasi_id")
    kode_wilayah: Col[Wilayah]
    sub: Col[str]


def _one_stage_each(name: str, who: str) -> ExcludeConstraint[tuple[str, str]]:
    return ExcludeConstraint(
        ("graduasi_id", "="),
        (who, "="),
        ("stage", "<>"),
        name=name,
        using="gist",
        where=sa.text("four_people"),
    )


class StageView(Fields):
    """Who acted in which stage; people are ids."""

    stage: Col[Stage]
    person: Col[str]
    role: Col[str]
    at: Col[datetime]


class StageAct(StageView, Table, table=True):
    """Who acted in which stage of a case. The exclusions keep one person, and one account, out of two. Append-only."""

    __table_args__ = (
        _one_stage_each("ex_stage_act_four_people", "person"),
        _one_stage_each("ex_stage_act_four_accounts", "sub"),
        sa.Index(None, "person", "graduasi_id"),
        sa.Index(None, "graduasi_id", "person"),
    )

    stage_act_id: Col[Annotated[int, sa.BigInteger()]] = Field(
        default=None, primary_key=True, sa_column_args=[sa.Identity(always=True)]
    )
    graduasi_id: Col[UUID] = Field(foreign_key="graduasi.graduasi_id")
    kode_wilayah: Col[Wilayah]
    sub: Col[str]
    four_people: Col[bool]
