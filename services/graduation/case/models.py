"""The case: its states, the one table of its moves, its history, and who acted in which stage (chain.md 4)."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.graduation.tables import Area, At, Key, Sha256, Table, is_sha256
from shared.contracts.kinds import Bansos, ExitReason
from shared.database import text_enum
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


class Graduasi(Table):
    """One case: the ending of one kepesertaan of one family, for one reason, under one policy version."""

    __tablename__ = "graduasi"
    __table_args__ = (
        sa.CheckConstraint("(state = 'SELESAI') = (outcome IS NOT NULL)", name="outcome_at_the_end"),
        sa.CheckConstraint(
            "(state = 'DITUNDA') = (postponed_from IS NOT NULL)", name="postponed_from_a_state"
        ),
        sa.CheckConstraint("version >= 1", name="version_counts_up"),
        sa.Index("uq_graduasi_standing", "kepesertaan_id", unique=True, postgresql_where=STANDING),
        sa.Index("ix_graduasi_kpm_id", "kpm_id"),
        sa.Index("ix_graduasi_state_graduasi_id", "state", "graduasi_id"),
        sa.Index("ix_graduasi_kode_wilayah_graduasi_id", "kode_wilayah", "graduasi_id"),
        sa.Index("ix_graduasi_opened_by", "opened_by"),
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

    graduasi_id: Mapped[Key]
    kpm_id: Mapped[UUID]
    kepesertaan_id: Mapped[UUID]
    bansos: Mapped[Bansos] = mapped_column(text_enum(Bansos))
    exit_reason: Mapped[ExitReason] = mapped_column(text_enum(ExitReason))
    # Where the family lives: a standing case goes with it, and who decides goes by this.
    kode_wilayah: Mapped[Area]
    # Where it was opened: that office may read what became of it.
    opened_in: Mapped[Area]
    policy_id: Mapped[UUID] = mapped_column(sa.ForeignKey("policy.policy_id"))
    policy_version: Mapped[int] = mapped_column(sa.Integer)
    # What the case stands on now; those rows are never deleted, and name the case by foreign keys themselves.
    asesmen_id: Mapped[UUID | None]
    pernyataan_id: Mapped[UUID | None]
    usul_id: Mapped[UUID | None]
    state: Mapped[GraduasiState] = mapped_column(text_enum(GraduasiState))
    since_on: Mapped[date]
    postponed_from: Mapped[str | None]
    outcome: Mapped[Outcome | None] = mapped_column(text_enum(Outcome))
    opened_by: Mapped[str]
    opened_at: Mapped[At]
    version: Mapped[int] = mapped_column(sa.Integer)

    def become(self, wanted: GraduasiState, on: date, *, resuming: bool = False) -> None:
        """Move to `wanted` as of the business date `on`, and count the version up.

        Raises:
            IllegalTransition: chain.md 4 has no such move; what was postponed goes back only by being resumed,
                and only to the state it left.
        """
        self.expect(wanted, resuming=resuming)
        self.postponed_from = self.state.value if wanted is S.DITUNDA else None
        self.state, self.since_on, self.version = wanted, on, self.version + 1

    def expect(self, wanted: GraduasiState, *, resuming: bool = False) -> None:
        """Refuse early what `become` would refuse; raise IllegalTransition."""
        require_move({self.state: self._reachable(resuming=resuming)}, self.state, wanted, "graduasi")

    def _reachable(self, *, resuming: bool) -> frozenset[GraduasiState]:
        if self.state is not S.DITUNDA:
            return frozenset() if resuming else TRANSITIONS[self.state]
        left = GraduasiState(str(self.postponed_from))
        if resuming:
            return frozenset({left})
        return frozenset({S.DIBATALKAN}) if left in BEFORE_DITETAPKAN else frozenset()


class GraduasiHistory(Table):
    """Every move of a case: from, to, who, when, why, on what evidence, under which policy. Append-only."""

    __tablename__ = "graduasi_history"
    __table_args__: Any = (
        sa.CheckConstraint(moves_condition(TRANSITIONS, "from_state", "to_state"), "move_legal"),
        is_sha256("evidence_sha256"),
        sa.Index("ix_graduasi_history_graduasi_id_history_id", "graduasi_id", "history_id"),
    )

    history_id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    graduasi_id: Mapped[UUID] = mapped_column(sa.ForeignKey("graduasi.graduasi_id"))
    kode_wilayah: Mapped[Area]
    from_state: Mapped[str]
    to_state: Mapped[str]
    person: Mapped[str]
    sub: Mapped[str]
    role: Mapped[str]
    at: Mapped[At]
    reason: Mapped[str | None]
    evidence_sha256: Mapped[Sha256 | None]
    policy_version: Mapped[int] = mapped_column(sa.Integer)


class StageAct(Table):
    """Who acted in which stage of a case. The exclusions keep one person, and one account, out of two. Append-only."""

    __tablename__ = "stage_act"
    __table_args__: Any = (
        ExcludeConstraint(
            ("graduasi_id", "="),
            ("person", "="),
            ("stage", "<>"),
            name="ex_stage_act_four_people",
            using="gist",
            where=sa.text("four_people"),
        ),
        ExcludeConstraint(
            ("graduasi_id", "="),
            ("sub", "="),
            ("stage", "<>"),
            name="ex_stage_act_four_accounts",
            using="gist",
            where=sa.text("four_people"),
        ),
        sa.Index("ix_stage_act_person_graduasi_id", "person", "graduasi_id"),
        sa.Index("ix_stage_act_graduasi_id_person", "graduasi_id", "person"),
    )

    stage_act_id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    graduasi_id: Mapped[UUID] = mapped_column(sa.ForeignKey("graduasi.graduasi_id"))
    kode_wilayah: Mapped[Area]
    stage: Mapped[Stage] = mapped_column(text_enum(Stage))
    person: Mapped[str]
    sub: Mapped[str]
    role: Mapped[str]
    four_people: Mapped[bool]
    at: Mapped[At]
