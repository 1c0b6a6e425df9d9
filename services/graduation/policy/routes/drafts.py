"""How a rule changes over HTTP: drafted whole, approved by two others, activated from a day to come."""

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, StrictBool, StrictInt, model_validator

from services.graduation.case.models import GraduasiState, Stage
from services.graduation.policy import commands, queries
from services.graduation.policy.models.instrument import Check, Source, ValueType
from services.graduation.policy.models.policy import LAST_MONTH, OpenedBy, TermStart, TermUnit
from services.graduation.policy.routes.versions import PolicyFullView
from shared.access import Permission
from shared.contracts.kinds import DesilScope, ExitReason
from shared.errors import BadValue
from shared.fields import Body, Day, Sentence
from shared.http import CurrentActor, Router, Session, may

router = Router(tag="policy")
SIDE_STATES = {
    GraduasiState.DIKEMBALIKAN,
    GraduasiState.DITOLAK,
    GraduasiState.DITUNDA,
    GraduasiState.DIBATALKAN,
}
Months = Annotated[StrictInt, Field(ge=0, le=600)]
MonthsAfter = Annotated[list[Annotated[StrictInt, Field(ge=1, le=LAST_MONTH)]], Field(max_length=12)]
Text = Annotated[str, Field(min_length=3, max_length=300)]


class IndicatorDraft(Body):
    """One criterion: what is asked or known, what passes, what it weighs, whether it needs evidence."""

    code: Annotated[str, Field(pattern=r"^[A-Z0-9_]{1,40}$", examples=["SAVINGS_RP"])]
    source: Source
    value_type: ValueType
    rule: Check
    passes_at: Annotated[StrictInt, Field(ge=-(10**12), le=10**12, examples=[500_000])]
    weight: Annotated[StrictInt, Field(ge=0, le=1000, examples=[5])]
    knock_out: StrictBool
    evidence_required: StrictBool
    text_en: Text = Field(examples=["Savings, in rupiah"])
    text_id: Text = Field(examples=["Tabungan, dalam rupiah"])


class InstrumentDraft(Body):
    """A new version of the questions, in the order in which they are asked."""

    threshold_percent: Annotated[StrictInt, Field(ge=0, le=100, examples=[70])]
    exempt_below_able: Annotated[StrictInt, Field(ge=0, le=20, examples=[1])]
    source: Text = Field(examples=["Juknis graduasi 2027"])
    indicators: Annotated[list[IndicatorDraft], Field(min_length=1, max_length=60)]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len({one.code for one in self.indicators}) != len(self.indicators):
            raise BadValue("A criterion is named twice.", "Ada kriteria yang disebut dua kali.")
        return self


class PolicyContent(Body):
    """What an exit reason asks for; months and years are full ones, an empty candidate reason is none.

    With no `monitoring_months` nobody is visited after the exit: the case is complete on the day of it.
    """

    opened_by: OpenedBy
    stages: Annotated[list[Stage], Field(min_length=1, max_length=6)] = Field(
        examples=[[s.value for s in Stage]]
    )
    needs_score: StrictBool
    needs_statement: StrictBool
    needs_komponen_ended: StrictBool
    counts: StrictBool
    opens_rujukan: StrictBool
    sanggah_length: Annotated[StrictInt, Field(ge=1, le=400, examples=[30])]
    sanggah_unit: TermUnit
    sanggah_starts_from: TermStart
    monitoring_months: Annotated[StrictInt, Field(ge=0, le=LAST_MONTH, examples=[6])]
    follow_up_months: MonthsAfter = Field(examples=[[12, 24]])
    survival_months: MonthsAfter = Field(examples=[[6, 12, 24]])
    check_days: Annotated[StrictInt, Field(ge=1, le=365, examples=[14])]
    credit_rule_version: Annotated[StrictInt, Field(ge=1, le=10_000, examples=[1])]
    evidence_for: Annotated[list[GraduasiState], Field(max_length=4)] = Field([], examples=[["DIBATALKAN"]])
    candidate_desil_scope: DesilScope | None = None
    candidate_desil_at_least: Annotated[StrictInt, Field(ge=1, le=10)] | None = None
    candidate_usaha_months: Months | None = None
    candidate_program_years: Annotated[StrictInt, Field(ge=0, le=50)] | None = None
    candidate_komponen_months: Months | None = None
    candidate_reasons: Annotated[StrictInt, Field(ge=1, le=4)] = 1

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.candidate_desil_scope is None) != (self.candidate_desil_at_least is None):
            raise BadValue(
                "A desil means nothing without its scope.", "Desil tidak berarti tanpa lingkupnya."
            )
        if self.candidate_desil_scope is DesilScope.UNKNOWN:
            raise BadValue("This desil scope is not known here.", "Lingkup desil ini tidak dikenal.")
        if not SIDE_STATES.issuperset(self.evidence_for):
            raise BadValue(
                "Evidence is asked for DIKEMBALIKAN, DITOLAK, DITUNDA and DIBATALKAN.",
                "Bukti hanya diminta untuk DIKEMBALIKAN, DITOLAK, DITUNDA dan DIBATALKAN.",
            )
        return self


class PolicyDraft(PolicyContent):
    """The whole next version of an exit reason's policy; with a new instrument, or the version of one, if it scores."""

    exit_reason: ExitReason = Field(examples=["SEJAHTERA_MANDIRI"])
    reason: Sentence
    instrument_version: Annotated[StrictInt, Field(ge=1, le=100_000)] | None = None
    instrument: InstrumentDraft | None = None

    @model_validator(mode="after")
    def _one_instrument(self) -> Self:
        if self.exit_reason is ExitReason.UNKNOWN:
            raise BadValue("This exit reason is not known here.", "Alasan keluar ini tidak dikenal.")
        if self.instrument is not None and self.instrument_version is not None:
            raise BadValue(
                "An instrument is new, or one that exists.",
                "Instrumen itu baru, atau yang sudah ada; bukan keduanya.",
            )
        return self


class PolicyApproval(Body):
    """One of two approvals."""

    note: Sentence | None = None


class PolicyWithdrawal(Body):
    """Why a version is taken back before it was activated."""

    reason: Sentence


class PolicyActivation(Body):
    """From which day it is in force: today or later."""

    valid_from: Day


@router.post("/policy", status_code=201, response_model=PolicyFullView)
@may(Permission.POLICY_DRAFT, key_required=True, max_body=64 * 1024)
async def draft_policy(body: PolicyDraft, session: Session, actor: CurrentActor) -> dict[str, Any]:
    """Draft the next version; it does nothing until two others have approved it and it is activated."""
    policy = await commands.draft_policy(session, actor, drafted(body))
    return await queries.policy_version(session, policy.policy_id)


@router.post("/policy/{policy_id}/approval", status_code=201, response_model=PolicyFullView)
@may(Permission.POLICY_APPROVE, key_required=True)
async def approve_policy(
    policy_id: UUID, body: PolicyApproval, session: Session, actor: CurrentActor
) -> dict[str, Any]:
    """Approve a draft: two different people, neither of them who drafted it."""
    await commands.approve_policy(session, actor, policy_id, body.note)
    return await queries.policy_version(session, policy_id)


@router.post("/policy/{policy_id}/activation", status_code=201, response_model=PolicyFullView)
@may(Permission.POLICY_APPROVE, key_required=True)
async def activate_policy(
    policy_id: UUID, body: PolicyActivation, session: Session, actor: CurrentActor
) -> dict[str, Any]:
    """Put an approved version in force from a day; the one before ends then, and open cases keep theirs."""
    await commands.activate_policy(session, actor, policy_id, body.valid_from)
    return await queries.policy_version(session, policy_id)


@router.post("/policy/{policy_id}/withdrawal", status_code=201, response_model=PolicyFullView)
@may(Permission.POLICY_WITHDRAW, key_required=True)
async def withdraw_policy(
    policy_id: UUID, body: PolicyWithdrawal, session: Session, actor: CurrentActor
) -> dict[str, Any]:
    """Take back a version that was not activated: who drafted it, or anybody of Kemensos who will not approve it."""
    await commands.withdraw_policy(session, actor, policy_id, body.reason)
    return await queries.policy_version(session, policy_id)


def drafted(body: PolicyDraft) -> commands.PolicyDraft:
    """Read a draft: the columns of its content, and its instrument."""
    outside = {"exit_reason", "instrument_version", "instrument"}
    new = body.instrument
    return commands.PolicyDraft(
        exit_reason=body.exit_reason,
        content=body.model_dump(exclude=outside),
        instrument_version=body.instrument_version,
        instrument=commands.InstrumentDraft(**new.model_dump()) if new else None,
    )
