"""Commands that draft, approve, activate and withdraw policies, and set the credit rule."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.case.models import Stage
from services.graduation.policy.errors import (
    ApprovedByDrafter,
    CandidateReasonsConflict,
    CandidateReasonsTooMany,
    CreditRuleUnknown,
    ExitProposedIsNotScored,
    InstrumentUnfit,
    InstrumentUnknown,
    PolicyAlreadyActivated,
    PolicyAlreadyApproved,
    PolicyNotApproved,
    PolicyWithdrawn,
    StagesMissing,
    StatementWithoutScore,
)
from services.graduation.policy.models.credit_rule import CreditRule, CreditRuleTerms
from services.graduation.policy.models.draft import InstrumentDraft, PolicyDraft
from services.graduation.policy.models.instrument import Indicator, Instrument, InstrumentTerms
from services.graduation.policy.models.policy import (
    POLICY_TRANSITIONS,
    Policy,
    PolicyApproval,
    PolicyState,
    PolicyWithdrawal,
)
from shared.access import Actor
from shared.clock import moment_of
from shared.database import insert, load, refuse_violations, uuid7, write
from shared.dates import require_not_past
from shared.errors import VersionJustSet, VersionNotLatest
from shared.validity import end_previous

DRAFT_REFUSALS = {
    "ck_policy_stages_complete": lambda: StagesMissing("/body/stages"),
    "ck_policy_score_by_an_instrument": lambda: InstrumentUnfit("/body/instrument"),
    "ck_policy_statement_needs_score": lambda: StatementWithoutScore("/body/needs_statement"),
    "ck_policy_exit_proposed_without_a_score": lambda: ExitProposedIsNotScored("/body/opened_by"),
    "ck_policy_enough_reasons": lambda: CandidateReasonsTooMany("/body/candidate_reasons"),
    "ck_policy_komponen_or_reasons": lambda: CandidateReasonsConflict("/body/candidate_komponen_months"),
    "fk_policy_credit_rule_version": lambda: CreditRuleUnknown("/body/credit_rule_version"),
    "uq_policy_exit_reason_version": VersionJustSet,
}
APPROVAL_REFUSALS = {
    "ck_policy_approval_not_by_the_drafter": ApprovedByDrafter,
    "pk_policy_approval": PolicyAlreadyApproved,
    "uq_policy_approval_sub": PolicyAlreadyApproved,
}


async def draft_policy(session: AsyncSession, actor: Actor, draft: PolicyDraft) -> Policy:
    """Draft the next version of an exit reason's policy.

    It has no effect until it is activated.

    Raises:
        InstrumentUnknown, CreditRuleUnknown, StagesMissing, InstrumentUnfit, StatementWithoutScore,
        ExitProposedIsNotScored, CandidateReasonsTooMany, CandidateReasonsConflict
        VersionJustSet: Another request drafted the same version.
    """
    instrument_id = await _resolve_instrument(session, draft)
    last_version = sa.select(sa.func.coalesce(sa.func.max(Policy.version), 0)).where(
        Policy.exit_reason == draft.exit_reason
    )
    row = draft.model_dump(exclude={"instrument_version", "instrument"}) | {
        "stages": [stage for stage in Stage if stage in draft.stages],
        "policy_id": uuid7(),
        "version": (await session.scalar(last_version) or 0) + 1,
        "instrument_id": instrument_id,
        "four_people": True,
        "drafted_by": actor.person,
        "drafted_by_sub": actor.sub,
        "drafted_at": (await moment_of(session)).at,
    }
    with refuse_violations(**DRAFT_REFUSALS):
        # Not by the ORM: its INSERT names every column, but the api role may set only the columns of the content.
        await write(session, Policy(**row))
    return await session.get_one(Policy, row["policy_id"])


async def _resolve_instrument(session: AsyncSession, draft: PolicyDraft) -> UUID | None:
    if draft.instrument is not None:
        return await _insert_instrument(session, draft.instrument)
    if draft.instrument_version is None:
        return None
    statement = sa.select(Instrument.instrument_id).where(Instrument.version == draft.instrument_version)
    instrument_id = await session.scalar(statement)
    if instrument_id is None:
        raise InstrumentUnknown("/body/instrument_version", version=draft.instrument_version)
    return instrument_id


async def _insert_instrument(session: AsyncSession, draft: InstrumentDraft) -> UUID:
    last_version = await session.scalar(sa.select(sa.func.max(Instrument.version)))
    instrument = Instrument(
        instrument_id=uuid7(),
        version=(last_version or 0) + 1,
        **{name: getattr(draft, name) for name in InstrumentTerms.model_fields},
        criteria=len(draft.indicators),
    )
    await insert(session, instrument, uq_instrument_version=VersionJustSet)
    keys = {"instrument_id": instrument.instrument_id, "criteria": instrument.criteria}
    session.add_all(
        Indicator(**keys, position=position, **dict(terms))
        for position, terms in enumerate(draft.indicators, 1)
    )
    await session.flush()
    return instrument.instrument_id


async def approve_policy(session: AsyncSession, actor: Actor, policy_id: UUID, note: str | None) -> Policy:
    """Record one of the two approvals. Constraints require three different people for draft and approvals.

    Raises:
        NotFound, ApprovedByDrafter, PolicyAlreadyApproved, PolicyAlreadyActivated, PolicyWithdrawn
    """
    policy = await load(session, Policy, policy_id, noun="policy")
    now = await moment_of(session)
    require_transition(policy, PolicyState.APPROVED, now.on)
    values = {"policy_id": policy_id, "person": actor.person, "sub": actor.sub, "note": note, "at": now.at}
    values |= {"drafted_by": policy.drafted_by, "drafted_by_sub": policy.drafted_by_sub}
    await insert(session, PolicyApproval(**values), **APPROVAL_REFUSALS)
    if policy.first_approver is None:
        policy.first_approver = actor.person
    else:
        policy.second_approver = actor.person
    return policy


def require_transition(policy: Policy, target: PolicyState, on: date) -> None:
    """Check that the version may move to the target state.

    Raises:
        PolicyWithdrawn, PolicyAlreadyActivated, PolicyAlreadyApproved, PolicyNotApproved
    """
    state = policy.state_on(on)
    if target in POLICY_TRANSITIONS[state]:
        return
    if state is PolicyState.WITHDRAWN:
        raise PolicyWithdrawn(on=policy.withdrawn_on)
    if policy.valid_from is not None:
        raise PolicyAlreadyActivated(on=policy.valid_from)
    raise PolicyNotApproved if state is PolicyState.DRAFT else PolicyAlreadyApproved


async def withdraw_policy(session: AsyncSession, actor: Actor, policy_id: UUID, reason: str) -> Policy:
    """Withdraw a version that is not in force yet.

    Its row, approvals and reason are kept. The version before a planned one then continues until the next one.

    Raises:
        NotFound, PolicyAlreadyActivated, PolicyWithdrawn
    """
    policy = await load(session, Policy, policy_id, noun="policy")
    now = await moment_of(session)
    require_transition(policy, PolicyState.WITHDRAWN, now.on)
    values = {
        "policy_id": policy_id,
        "person": actor.person,
        "sub": actor.sub,
        "reason": reason,
        "planned_from": policy.valid_from,
        "at": now.at,
    }
    await insert(session, PolicyWithdrawal(**values))
    await _cancel_activation(session, policy)
    policy.withdrawn_by, policy.withdrawn_on = actor.person, now.on
    return policy


async def _cancel_activation(session: AsyncSession, policy: Policy) -> None:
    planned_from, next_from = policy.valid_from, policy.valid_to
    if planned_from is None:
        return
    policy.valid_from = policy.valid_to = policy.activated_by = policy.activated_on = None
    await session.flush()
    statement = sa.select(Policy).where(
        Policy.exit_reason == policy.exit_reason, Policy.valid_to == planned_from
    )
    previous = (await session.scalars(statement.with_for_update(key_share=True))).one_or_none()
    if previous is not None:
        previous.valid_to = next_from


async def activate_policy(session: AsyncSession, actor: Actor, policy_id: UUID, valid_from: date) -> Policy:
    """Put an approved version in force from a day.

    The previous version ends on that day.
    Open cases keep the version under which they were opened.

    Raises:
        NotFound, PolicyNotApproved, PolicyAlreadyActivated, PolicyWithdrawn, DateInThePast, VersionNotLatest
    """
    policy = await load(session, Policy, policy_id, noun="policy")
    today = (await moment_of(session)).on
    require_transition(policy, PolicyState.PLANNED, today)
    require_not_past(valid_from, today)
    await _end_previous_version(session, policy, valid_from)
    policy.valid_from, policy.activated_by, policy.activated_on = valid_from, actor.person, today
    with refuse_violations(
        ex_policy_one_at_a_time=lambda: VersionNotLatest("/body/valid_from", on=valid_from)
    ):
        await session.flush()
    return policy


async def _end_previous_version(session: AsyncSession, policy: Policy, valid_from: date) -> None:
    statement = sa.select(Policy).where(
        Policy.exit_reason == policy.exit_reason, Policy.valid_from.is_not(None), Policy.valid_to.is_(None)
    )
    previous = (await session.scalars(statement.with_for_update(key_share=True))).one_or_none()
    if previous is not None:
        # Refused if the previous version starts on `valid_from` or later.
        refusal = VersionNotLatest("/body/valid_from", on=previous.valid_from)
        await end_previous(session, previous, valid_from, refusal)


async def set_credit_rule(session: AsyncSession, actor: Actor, terms: CreditRuleTerms) -> CreditRule:
    """Insert the next version of the credit rule.

    Earlier versions stay for the policies that use them.

    Raises:
        VersionJustSet: Another request inserted the same version.
    """
    last_version = sa.select(sa.func.coalesce(sa.func.max(CreditRule.version), 0))
    row = CreditRule(
        version=(await session.scalar(last_version) or 0) + 1,
        valid_from=(await moment_of(session)).on,
        set_by=actor.sub,
        **dict(terms),
    )
    await insert(session, row, pk_credit_rule=VersionJustSet)
    return row
