"""Tables of a case, its transitions and its history (docs/case-lifecycle.md#case-states)."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.graduation.case.errors import ADVICE, remedy_of_move
from services.graduation.tables import CaseReason, HoldReason, Sha256, Table, is_sha256
from shared.contracts.kinds import Bansos, ExitReason
from shared.database.tables import Col, Fields
from shared.deadlines import END, Owner, Until, Waits
from shared.field_classes import PRIBADI
from shared.fields import KNOWN, ActingRole, RequestOnly, Wilayah
from shared.roles import Role
from shared.transitions import guard_moves, moves_condition, require_move
from shared.updates import track_updates


class GraduasiState(StrEnum):
    """State of a case."""

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
BEFORE_PROPOSAL = {S.TERIDENTIFIKASI, S.DIASESMEN, S.SIAP, S.BELUM_SIAP, S.DIKECUALIKAN}
BEFORE_DITETAPKAN = UNDER_REVIEW | BEFORE_PROPOSAL | {S.PERNYATAAN_DITANDATANGANI, S.DIKEMBALIKAN}
BEFORE_EFEKTIF = BEFORE_DITETAPKAN | {S.DITETAPKAN, S.MASA_SANGGAH}
EFFECTIVE = frozenset({S.EFEKTIF, S.PEMANTAUAN, S.SELESAI})
# What was recorded in these states may be recorded again. The last one counts.
REPEATABLE = frozenset({S.PERNYATAAN_DITANDATANGANI, S.DIMUSYAWARAHKAN, S.DIKEMBALIKAN})
DETERMINED = frozenset({S.DITETAPKAN, S.MASA_SANGGAH, S.EFEKTIF, S.PEMANTAUAN, S.SELESAI})
FORWARD: Mapping[GraduasiState, frozenset[GraduasiState]] = MappingProxyType(
    {
        S.TERIDENTIFIKASI: frozenset({S.DIASESMEN, S.DIUSULKAN}),
        S.DIASESMEN: frozenset({S.SIAP, S.BELUM_SIAP, S.DIKECUALIKAN}),
        S.BELUM_SIAP: frozenset({S.DIASESMEN}),
        S.SIAP: frozenset({S.PERNYATAAN_DITANDATANGANI, S.DIASESMEN}),
        S.PERNYATAAN_DITANDATANGANI: frozenset({S.DIUSULKAN, S.DIASESMEN}),
        S.DIUSULKAN: frozenset({S.DIVERIFIKASI_KETIM}),
        S.DIVERIFIKASI_KETIM: frozenset({S.DIMUSYAWARAHKAN, S.DISETUJUI_DINSOS}),
        S.DIMUSYAWARAHKAN: frozenset({S.DISETUJUI_DINSOS}),
        S.DISETUJUI_DINSOS: frozenset({S.DITETAPKAN}),
        S.DITETAPKAN: frozenset({S.MASA_SANGGAH}),
        S.MASA_SANGGAH: frozenset({S.EFEKTIF, S.DISANGGAH}),
        S.DISANGGAH: frozenset({S.MASA_SANGGAH, S.EFEKTIF, S.DIPULIHKAN}),
        S.EFEKTIF: frozenset({S.PEMANTAUAN, S.DISANGGAH}),
        S.PEMANTAUAN: frozenset({S.SELESAI, S.DISANGGAH}),
        # Two people have reversed the result that decided the case.
        S.SELESAI: frozenset({S.PEMANTAUAN}),
        S.DIKEMBALIKAN: frozenset({S.DIASESMEN, S.DIUSULKAN}),
        S.DIKECUALIKAN: frozenset({S.DIASESMEN}),
        # One of these, by the state in which the case was postponed: `_reachable_states`.
        S.DITUNDA: BEFORE_EFEKTIF | {S.DIBATALKAN, S.DITOLAK, S.DIPULIHKAN},
    }
)


def _next_states(state: GraduasiState) -> frozenset[GraduasiState]:
    states = FORWARD.get(state, frozenset[GraduasiState]())
    if state in UNDER_REVIEW:
        states |= {S.DIKEMBALIKAN, S.DITOLAK}
    if state in BEFORE_EFEKTIF:
        states |= {S.DITUNDA}
    if state in BEFORE_DITETAPKAN:
        states |= {S.DIBATALKAN}
    if state in DETERMINED:
        states |= {S.DIPULIHKAN}
    if state in REPEATABLE:
        states |= {state}
    return states


TRANSITIONS: Mapping[GraduasiState, frozenset[GraduasiState]] = MappingProxyType(
    {state: _next_states(state) for state in S}
)
"""All allowed transitions (docs/case-lifecycle.md#case-states). The database refuses any other."""
OF_PENETAPAN = "(SELECT p.{} FROM penetapan p WHERE p.graduasi_id = graduasi.graduasi_id)"
MUSYAWARAH = "(SELECT 'MUSYAWARAH' = ANY (p.stages) FROM policy p WHERE p.policy_id = graduasi.policy_id)"
LAST_TASK = "(SELECT max(t.due_on) FROM monitoring_task t WHERE t.graduasi_id = graduasi.graduasi_id)"
WAITS = Waits(
    dict.fromkeys(S, END)
    | dict.fromkeys(BEFORE_DITETAPKAN, Owner(Role.PENDAMPING))
    | dict.fromkeys((S.DIMUSYAWARAHKAN, S.DISANGGAH, S.DITUNDA), Owner(Role.DINSOS_KABKOTA))
    | {
        S.DIUSULKAN: Owner(Role.KETUA_TIM_KABKOTA),
        S.DIVERIFIKASI_KETIM: Owner(Role.DINSOS_KABKOTA, unless=(MUSYAWARAH, Role.OPERATOR_DESA)),
        S.DISETUJUI_DINSOS: Owner(Role.KEMENSOS),
        S.DITETAPKAN: Until(OF_PENETAPAN.format("announced_on")),
        S.MASA_SANGGAH: Until(OF_PENETAPAN.format("term_ends_on + 1")),
        S.EFEKTIF: Until(OF_PENETAPAN.format("effective_on")),
        S.PEMANTAUAN: Until(f"coalesce({LAST_TASK}, since_on)", Role.PENDAMPING),
    }
)


class Outcome(StrEnum):
    """Result of the monitoring after the exit.

    TIDAK_DIPANTAU: the policy has no monitoring months. MENINGGAL, BERGABUNG: the family ended before it did.
    """

    BERTAHAN = "BERTAHAN"
    KAMBUH = "KAMBUH"
    TIDAK_DIPANTAU = "TIDAK_DIPANTAU"
    MENINGGAL = "MENINGGAL"
    BERGABUNG = "BERGABUNG"


class Stage(StrEnum):
    """Stage of a case. No person acts in two stages of one case."""

    USUL = "USUL"
    VERIFIKASI = "VERIFIKASI"
    MUSYAWARAH = "MUSYAWARAH"
    PERSETUJUAN = "PERSETUJUAN"
    PENETAPAN = "PENETAPAN"
    SANGGAH = "SANGGAH"


NOT_ENDED_WITHOUT_EXIT = sa.text("state NOT IN ('DITOLAK', 'DIBATALKAN', 'DIPULIHKAN')")
FACT_UNDONE = sa.text("fact_undone_on IS NOT NULL AND state <> 'DIPULIHKAN'")
ENDED_WITHOUT_EXIT = frozenset({S.DITOLAK, S.DIBATALKAN, S.DIPULIHKAN})
"""Final states that leave the kepesertaan active, so that another case may be opened on it."""


class OpeningTerms(Fields):
    """A case to open: the kepesertaan that would end, and the reason."""

    kpm_id: Col[UUID] = Field(index=True)
    kepesertaan_id: Col[UUID]
    exit_reason: Col[Annotated[ExitReason, KNOWN, RequestOnly("SEJAHTERA_MANDIRI")]]


class GraduasiView(OpeningTerms):
    """A case."""

    graduasi_id: Col[UUID] = Field(primary_key=True)
    bansos: Col[Bansos]
    # Where the family lives. It follows a move until the case ends without an exit, and decides who may act.
    kode_wilayah: Col[Wilayah]
    policy_version: Col[int]
    state: Col[GraduasiState]
    since_on: Col[date]
    opened_at: Col[datetime]
    outcome: Col[Outcome | None] = Field(default=None)
    # Set on a postponed case that a rule holds. It is resumed only when the rule passes.
    held_for: Col[HoldReason | None] = Field(default=None)
    # The death on which the SK rests was undone on that day.
    fact_undone_on: Col[date | None] = Field(default=None)
    # Whether it was returned for a new assessment. It is not proposed again before that.
    assess_again: Col[bool] = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    version: Col[int]


class Graduasi(GraduasiView, Table, table=True):
    """One case: one kepesertaan of a family, one exit reason, one policy version."""

    __table_args__ = (
        *track_updates("graduasi_id"),
        sa.CheckConstraint("(state = 'SELESAI') = (outcome IS NOT NULL)", name="outcome_at_the_end"),
        sa.CheckConstraint(
            "(state = 'DITUNDA') = (postponed_from IS NOT NULL)", name="postponed_from_a_state"
        ),
        sa.CheckConstraint("state = 'DITUNDA' OR held_for IS NULL", name="held_while_postponed"),
        sa.CheckConstraint("version >= 1", name="version_counts_up"),
        sa.CheckConstraint("state <> 'DIUSULKAN' OR NOT assess_again", name="assessed_before_proposal"),
        sa.Index(
            "uq_graduasi_one_case", "kepesertaan_id", unique=True, postgresql_where=NOT_ENDED_WITHOUT_EXIT
        ),
        sa.Index(None, "state", "graduasi_id"),
        sa.Index(None, "kode_wilayah", "graduasi_id"),
        sa.Index("ix_graduasi_fact_undone", "graduasi_id", postgresql_where=FACT_UNDONE),
        sa.Index(
            "ix_graduasi_waiting_for_ministry",
            *("since_on", "graduasi_id"),
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
        guard_moves(TRANSITIONS, waits=WAITS),
    )

    # Where the case was opened. The offices of that area may still read it after the family has moved.
    opened_in: Col[Wilayah]
    policy_id: Col[UUID] = Field(foreign_key="policy.policy_id")
    # The current assessment, statement and proposal. No foreign key: those rows refer to the case by their own.
    asesmen_id: Col[UUID | None] = Field(default=None)
    pernyataan_id: Col[UUID | None] = Field(default=None)
    usul_id: Col[UUID | None] = Field(default=None)
    postponed_from: Col[GraduasiState | None] = Field(default=None)
    opened_by: Col[str]

    def transition_to(self, target: GraduasiState, on: date, *, resuming: bool = False) -> None:
        """Move to the target state as of business date `on` and increment the version.

        Raises:
            IllegalTransition: There is no such transition, or a postponed case is not resumed to its former state.
        """
        self.require_transition(target, resuming=resuming)
        self.postponed_from = self.state if target is S.DITUNDA else None
        self.held_for = self.held_for if target is S.DITUNDA else None
        self.assess_again = self.assess_again and target is not S.DIASESMEN
        self.state, self.since_on, self.version = target, on, self.version + 1

    def require_transition(self, target: GraduasiState, *, resuming: bool = False) -> None:
        """Raise IllegalTransition if `transition_to` would, without changing the case."""
        moves = {self.state: self._reachable_states(resuming=resuming)}
        remedy = remedy_of_move(self.state, target, self.postponed_from)
        require_move(moves, self.state, target, "case", remedy, ADVICE)

    def _reachable_states(self, *, resuming: bool) -> frozenset[GraduasiState]:
        if self.postponed_from is None:
            return frozenset() if resuming else TRANSITIONS[self.state]
        if resuming:
            return frozenset({self.postponed_from})
        if self.postponed_from in UNDER_REVIEW:
            return frozenset({S.DIKEMBALIKAN, S.DITOLAK, S.DIBATALKAN})
        return frozenset({S.DIBATALKAN if self.postponed_from in BEFORE_DITETAPKAN else S.DIPULIHKAN})


class HistoryFields(Fields):
    """The opening of a case or one transition, without its note."""

    history_id: Col[Annotated[int, sa.BigInteger()]] = Field(
        default=None, primary_key=True, sa_column_args=[sa.Identity(always=True)]
    )
    from_state: Col[GraduasiState | None]
    to_state: Col[GraduasiState]
    reason_code: Col[CaseReason]
    sub: Col[str]
    role: Col[ActingRole]
    pendamping_id: Col[UUID | None]
    at: Col[datetime]
    evidence_sha256: Col[Sha256 | None]
    policy_version: Col[int]


class GraduasiHistoryItem(HistoryFields):
    """The opening of a case, with no `from_state`, or one transition."""

    reason: Annotated[str | None, PRIBADI]


class GraduasiHistory(HistoryFields, Table, table=True):
    """The opening and every transition of a case, with who, when and why. Append-only.

    The reason is sealed with the id of the case, because the id of the row follows from the insert.
    """

    __table_args__ = (
        sa.CheckConstraint(
            moves_condition(TRANSITIONS, "from_state", "to_state", first={S.TERIDENTIFIKASI}), "move_legal"
        ),
        is_sha256("evidence_sha256"),
        sa.Index(None, "graduasi_id", "history_id"),
    )

    graduasi_id: Col[UUID] = Field(foreign_key="graduasi.graduasi_id")
    kode_wilayah: Col[Wilayah]
    person: Col[str]
    reason_sealed: Col[bytes | None] = Field(default=None)
