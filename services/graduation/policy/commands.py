"""How a rule changes: a whole new version is drafted, approved by two others, and activated from a day to come."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.case.models import Stage
from services.graduation.policy.errors import (
    CandidateByNatureAlone,
    CandidateReasonsTooMany,
    CreditRuleUnknown,
    DrafterApproves,
    ExitProposedIsNotScored,
    InstrumentUnfit,
    InstrumentUnknown,
    PolicyAlreadyActivated,
    PolicyAlreadyApproved,
    PolicyNotApproved,
    PolicyWithdrawn,
    StagesMissing,
    StatementWithoutScore,
    TahapClosed,
    TahapOverlaps,
)
from services.graduation.policy.models.calendar import TahapCalendar, TahapTerms
from services.graduation.policy.models.credit_rule import CreditRule, CreditRuleTerms
from services.graduation.policy.models.draft import InstrumentDraft, PolicyDraft
from services.graduation.policy.models.instrument import Indicator, Instrument
from services.graduation.policy.models.policy import (
    POLICY_TRANSITIONS,
    Policy,
    PolicyApproval,
    PolicyState,
    PolicyWithdrawal,
)
from shared import clock
from shared.access import Actor
from shared.clock import moment_of
from shared.database import insert, load, refusing, uuid7, write
from shared.dates import require_ahead
from shared.errors import VersionJustSet, VersionNotLatest
from shared.validity import end_previous

CONTRADICTIONS = {
    "ck_policy_stages_whole": lambda: StagesMissing("/body/stages"),
    "ck_policy_score_by_an_instrument": lambda: InstrumentUnfit("/body/instrument"),
    "ck_policy_statement_on_a_score": lambda: StatementWithoutScore("/body/needs_statement"),
    "ck_policy_exit_proposed_without_a_score": lambda: ExitProposedIsNotScored("/body/opened_by"),
    "ck_policy_reasons_that_can_be_met": lambda: CandidateReasonsTooMany("/body/candidate_reasons"),
    "ck_policy_by_nature_or_by_reasons": lambda: CandidateByNatureAlone("/body/candidate_komponen_months"),
    "fk_policy_credit_rule_version": lambda: CreditRuleUnknown("/body/credit_rule_version"),
    "uq_policy_exit_reason_version": VersionJustSet,
}
TWO_OTHERS = {
    "ck_policy_approval_not_by_the_drafter": DrafterApproves,
    "pk_policy_approval": PolicyAlreadyApproved,
    "uq_policy_approval_sub": PolicyAlreadyApproved,
}


async def draft_policy(session: AsyncSession, actor: Actor, draft: PolicyDraft) -> Policy:
    """Draft the next version of an exit reason's policy; it does nothing until two others approve it.

    Raises:
        InstrumentUnknown, CreditRuleUnknown, StagesMissing, InstrumentUnfit, StatementWithoutScore,
        ExitProposedIsNotScored, CandidateReasonsTooMany, CandidateByNatureAlone, VersionJustSet (somebody drafted the same version)
    """
    instrument_id = await _instrument(session, draft)
    newest = sa.select(sa.func.coalesce(sa.func.max(Policy.version), 0)).where(
        Policy.exit_reason == draft.exit_reason
    )
    row = draft.model_dump(exclude={"instrument_version", "instrument"}) | {
        "stages": [stage for stage in Stage if stage in draft.stages],
        "policy_id": uuid7(),
        "version": (await session.scalar(newest) or 0) + 1,
        "instrument_id": instrument_id,
        "four_people": True,
        "drafted_by": actor.person,
        "drafted_by_sub": actor.sub,
        "drafted_at": (await moment_of(session)).at,
    }
    with refusing(**CONTRADICTIONS):
        # Not by the ORM: its INSERT names every column, and the api role may set those of the content alone.
        await write(session, Policy(**row))
    return await session.get_one(Policy, row["policy_id"])


async def _instrument(session: AsyncSession, draft: PolicyDraft) -> UUID | None:
    if draft.instrument is not None:
        return await _new_instrument(session, draft.instrument)
    if draft.instrument_version is None:
        return None
    named = sa.select(Instrument.instrument_id).where(Instrument.version == draft.instrument_version)
    found = await session.scalar(named)
    if found is None:
        raise InstrumentUnknown("/body/instrument_version", version=draft.instrument_version)
    return found


async def _new_instrument(session: AsyncSession, draft: InstrumentDraft) -> UUID:
    newest = await session.scalar(sa.select(sa.func.max(Instrument.version)))
    made = Instrument(
        instrument_id=uuid7(),
        version=(newest or 0) + 1,
        threshold_percent=draft.threshold_percent,
        exempt_below_able=draft.exempt_below_able,
        source=draft.source,
        criteria=len(draft.indicators),
    )
    await insert(session, made, uq_instrument_version=VersionJustSet)
    head = {"instrument_id": made.instrument_id, "criteria": made.criteria}
    session.add_all(
        Indicator(**head, position=place, **dict(one)) for place, one in enumerate(draft.indicators, 1)
    )
    await session.flush()
    return made.instrument_id


async def approve_policy(session: AsyncSession, actor: Actor, policy_id: UUID, note: str | None) -> Policy:
    """Give one of the two approvals; the constraints hold that three different people have drafted and approved.

    Raises:
        NotFound, DrafterApproves, PolicyAlreadyApproved, PolicyAlreadyActivated, PolicyWithdrawn
    """
    policy = await load(session, Policy, policy_id, noun="policy")
    now = await moment_of(session)
    require_move(policy, PolicyState.APPROVED, now.on)
    given = {"policy_id": policy_id, "person": actor.person, "sub": actor.sub, "note": note, "at": now.at}
    given |= {"drafted_by": policy.drafted_by, "drafted_by_sub": policy.drafted_by_sub}
    await insert(session, PolicyApproval(**given), **TWO_OTHERS)
    if policy.first_approver is None:
        policy.first_approver = actor.person
    else:
        policy.second_approver = actor.person
    return policy


def require_move(policy: Policy, wanted: PolicyState, on: date) -> None:
    """Refuse what the version's state does not allow, in the words of that state.

    Raises:
        PolicyWithdrawn, PolicyAlreadyActivated, PolicyAlreadyApproved, PolicyNotApproved
    """
    state = policy.state_on(on)
    if wanted in POLICY_TRANSITIONS[state]:
        return
    if state is PolicyState.WITHDRAWN:
        raise PolicyWithdrawn(on=policy.withdrawn_on)
    if policy.valid_from is not None:
        raise PolicyAlreadyActivated(on=policy.valid_from)
    raise PolicyNotApproved if state is PolicyState.DRAFT else PolicyAlreadyApproved


async def withdraw_policy(session: AsyncSession, actor: Actor, policy_id: UUID, reason: str) -> Policy:
    """Take back a version that was not activated, approved or not; it stays with its approvals and the reason.

    Raises:
        NotFound, PolicyAlreadyActivated, PolicyWithdrawn
    """
    policy = await load(session, Policy, policy_id, noun="policy")
    now = await moment_of(session)
    require_move(policy, PolicyState.WITHDRAWN, now.on)
    given = {"policy_id": policy_id, "person": actor.person, "sub": actor.sub, "reason": reason, "at": now.at}
    await insert(session, PolicyWithdrawal(**given))
    policy.withdrawn_by, policy.withdrawn_on = actor.person, now.on
    return policy


async def activate_policy(session: AsyncSession, actor: Actor, policy_id: UUID, valid_from: date) -> Policy:
    """Put an approved version in force from a day; the one before ends that day. Open cases keep theirs.

    Raises:
        NotFound, PolicyNotApproved, PolicyAlreadyActivated, PolicyWithdrawn, DateInThePast, VersionNotLatest
    """
    policy = await load(session, Policy, policy_id, noun="policy")
    today = (await moment_of(session)).on
    require_move(policy, PolicyState.PLANNED, today)
    require_ahead(valid_from, today)
    await _end_the_one_before(session, policy, valid_from)
    policy.valid_from, policy.activated_by, policy.activated_on = valid_from, actor.person, today
    with refusing(ex_policy_one_at_a_time=lambda: VersionNotLatest("/body/valid_from", on=valid_from)):
        await session.flush()
    return policy


async def _end_the_one_before(session: AsyncSession, policy: Policy, valid_from: date) -> None:
    """What is in force without an end, ends; where it begins on that day or later there is nothing before it to end."""
    endless = sa.select(Policy).where(
        Policy.exit_reason == policy.exit_reason, Policy.valid_from.is_not(None), Policy.valid_to.is_(None)
    )
    before = (await session.scalars(endless.with_for_update(key_share=True))).one_or_none()
    if before is not None:
        refusal = VersionNotLatest("/body/valid_from", on=before.valid_from)
        await end_previous(session, before, valid_from, refusal)


async def set_credit_rule(session: AsyncSession, actor: Actor, terms: CreditRuleTerms) -> CreditRule:
    """Write the next version down; those before stay for the policies that name them.

    Raises:
        VersionJustSet: somebody wrote the same version at the same time.
    """
    newest = sa.select(sa.func.coalesce(sa.func.max(CreditRule.version), 0))
    row = CreditRule(
        version=(await session.scalar(newest) or 0) + 1,
        valid_from=(await moment_of(session)).on,
        set_by=actor.person,
        **dict(terms),
    )
    await insert(session, row, pk_credit_rule=VersionJustSet)
    return row


async def set_tahap(session: AsyncSession, terms: TahapTerms) -> TahapCalendar:
    """Plan a tahap, or move one that is planned; penetapan already made keep theirs until they take effect.

    Raises:
        TahapOverlaps: another tahap starts on that day. TahapClosed: its cut-off has passed.
        VersionJustSet: somebody planned it at the same time.
    """
    tahap = await session.get(TahapCalendar, (terms.year, terms.number), with_for_update=True)
    if tahap is None:
        tahap = TahapCalendar(**dict(terms))
        session.add(tahap)
    elif tahap.cutoff_on < await clock.today(session):
        raise TahapClosed(tahap=tahap.tahap, on=tahap.cutoff_on)
    tahap.starts_on, tahap.cutoff_on = terms.starts_on, terms.cutoff_on
    with refusing(
        uq_tahap_calendar_starts_on=lambda: TahapOverlaps("/body/starts_on", on=terms.starts_on),
        pk_tahap_calendar=VersionJustSet,
    ):
        await session.flush()
    return tahap
