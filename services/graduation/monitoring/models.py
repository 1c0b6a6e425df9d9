"""Tables of the monitoring after an exit."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from pydantic import StrictBool
from sqlmodel import Field

from services.graduation.policy.models.policy import LAST_MONTH
from services.graduation.tables import Sha256, Table, is_sha256
from shared.accompaniment import LateEntryFields
from shared.approval import ApprovalTerms
from shared.contracts.caseload_activity import VoidReason
from shared.contracts.kinds import RelapseCause
from shared.database.tables import Col, Fields
from shared.deadlines import Until, Waits, track_waits
from shared.field_classes import SPESIFIK
from shared.fields import KNOWN, Day, Sentence, Wilayah
from shared.roles import Role
from shared.updates import track_updates

OPEN = sa.text("recorded_on IS NULL AND closed_on IS NULL")


class LateEntryRule(LateEntryFields, Table, table=True):
    """How many days after the visit a result may be entered."""


class MonitoringRule(Table, table=True):
    """Within how many minutes several months are entered together. Written by migrations."""

    __table_args__ = (sa.CheckConstraint("together_minutes >= 0", name="minutes_not_negative"),)

    valid_from: Col[date] = Field(primary_key=True)
    together_minutes: Col[int]


class TaskKind(StrEnum):
    """BULANAN: a month of the monitoring.

    LANJUTAN: a later follow-up. LAPORAN: a check of a reported relapse.
    """

    BULANAN = "BULANAN"
    LANJUTAN = "LANJUTAN"
    LAPORAN = "LAPORAN"


WAITS = Waits(
    dict.fromkeys(TaskKind, Until("due_on", Role.PENDAMPING)),
    state="kind",
    since="opens_on",
    # No result is recorded while a sanggah is open: the tasks move with the case.
    rows="recorded_on IS NULL AND closed_on IS NULL AND NOT EXISTS (SELECT FROM graduasi g"
    " WHERE g.graduasi_id = monitoring_task.graduasi_id AND g.state = 'DISANGGAH')",
)


class Cause(Fields):
    """The cause of a relapse."""

    cause: Col[Annotated[RelapseCause | None, SPESIFIK]] = Field(default=None)


class Evidence(Fields):
    """A photo or paper of the visit, and the day that it shows."""

    evidence_sha256: Col[Sha256 | None] = Field(default=None)
    evidence_on: Col[Day | None] = Field(default=None)


class ReversalTerms(ApprovalTerms):
    """Why a result that decided the monitoring does not count, and its evidence."""

    void_reason: Annotated[VoidReason, KNOWN]
    reason: Sentence


class FindingTerms(Cause, Evidence):
    """The result of a visit after the exit, today if no day is given.

    The note is stored sealed.
    """

    still_out: StrictBool
    visited_on: Day | None = None
    note: Sentence | None = None


class MonitoringTaskFacts(Cause, Evidence):
    """A monthly task, a follow-up, or a check of a reported relapse, without its note."""

    task_id: Col[UUID] = Field(primary_key=True)
    graduasi_id: Col[UUID] = Field(foreign_key="graduasi.graduasi_id", index=True)
    kpm_id: Col[UUID] = Field(index=True)
    kode_wilayah: Col[Wilayah] = Field(index=True)
    kind: Col[TaskKind]
    month: Col[int]
    opens_on: Col[date]
    due_on: Col[date]
    # The day of the visit, and the day on which its result was entered.
    visited_on: Col[date | None] = Field(default=None)
    recorded_on: Col[date | None] = Field(default=None)
    # Set when the exit is annulled or a relapse is confirmed: the task is no longer due.
    closed_on: Col[date | None] = Field(default=None)
    still_out: Col[bool | None] = Field(default=None)
    version: Col[int]


class MonitoringTaskView(MonitoringTaskFacts):
    """A monthly task, a follow-up, or a check of a reported relapse."""

    note: Annotated[str | None, SPESIFIK]


class MonitoringTask(MonitoringTaskFacts, Table, table=True):
    """A visit to the family in a month after the exit.

    The family's pendamping of the day of the visit does it (docs/case-lifecycle.md#monitoring). The note is sealed
    with its id.
    """

    __table_args__ = (
        *track_updates("task_id"),
        sa.CheckConstraint(f"month BETWEEN 1 AND {LAST_MONTH} AND opens_on < due_on", name="month_in_order"),
        sa.CheckConstraint("(recorded_on IS NULL) = (still_out IS NULL)", name="recorded_with_result"),
        sa.CheckConstraint("still_out IS NULL OR still_out OR cause IS NOT NULL", name="cause_of_a_relapse"),
        sa.CheckConstraint("closed_on IS NULL OR recorded_on IS NULL", name="closed_or_recorded"),
        sa.CheckConstraint("evidence_on IS NULL OR evidence_sha256 IS NOT NULL", name="dated_evidence"),
        is_sha256("evidence_sha256"),
        sa.CheckConstraint("NOT confirms_relapse OR still_out IS FALSE", name="relapse_has_result"),
        # One task per month, one open check per case, one relapse per case.
        sa.Index(
            "uq_monitoring_task_graduasi_id_month",
            "graduasi_id",
            "month",
            unique=True,
            postgresql_where=sa.text("kind <> 'LAPORAN'"),
        ),
        sa.Index(
            "uq_monitoring_task_one_check",
            "graduasi_id",
            unique=True,
            postgresql_where=sa.text("kind = 'LAPORAN' AND recorded_on IS NULL AND closed_on IS NULL"),
        ),
        sa.Index(
            "uq_monitoring_task_one_relapse",
            "graduasi_id",
            unique=True,
            postgresql_where=sa.text("confirms_relapse"),
        ),
        sa.Index(None, "due_on", "task_id"),
        sa.Index("ix_monitoring_task_open", "due_on", "task_id", postgresql_where=OPEN),
        sa.Index("ix_monitoring_task_open_by_kpm", "kpm_id", postgresql_where=OPEN),
        sa.Index("ix_monitoring_task_open_in_area", "kode_wilayah", "kind", "due_on", postgresql_where=OPEN),
        track_waits(WAITS),
    )

    note_sealed: Col[bytes | None] = Field(default=None)
    entered_at: Col[datetime | None] = Field(default=None)
    confirms_relapse: Col[bool] = Field(default=None, sa_column_kwargs={"server_default": sa.false()})
    # Who recorded the last result. They stay after a void, so that its author still sees the task.
    pendamping_id: Col[UUID | None] = Field(default=None)
    penugasan_id: Col[UUID | None] = Field(default=None)


class VoidedResultFacts(Cause, Evidence):
    """A result that was voided, as it was recorded, without its note."""

    void_id: Col[UUID] = Field(primary_key=True)
    task_id: Col[UUID] = Field(foreign_key="monitoring_task.task_id")
    graduasi_id: Col[UUID] = Field(foreign_key="graduasi.graduasi_id")
    kpm_id: Col[UUID]
    kode_wilayah: Col[Wilayah]
    kind: Col[TaskKind]
    month: Col[int]
    visited_on: Col[date]
    recorded_on: Col[date]
    still_out: Col[bool]
    voided_on: Col[date]
    voided_by: Col[str]
    void_reason: Col[VoidReason]


class VoidedResultView(VoidedResultFacts):
    """A result that was voided, as it was recorded."""

    note: Annotated[str | None, SPESIFIK]


class VoidedResult(VoidedResultFacts, Table, table=True):
    """A wrong result of a task, which counts nowhere.

    The note is sealed with its id.
    """

    __table_args__ = (sa.Index(None, "task_id", "void_id"), is_sha256("evidence_sha256"))

    note_sealed: Col[bytes | None] = Field(default=None)
    entered_at: Col[datetime]
    pendamping_id: Col[UUID]
    penugasan_id: Col[UUID]
