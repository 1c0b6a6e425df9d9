"""Routes that draft, approve, activate and withdraw policies."""

from typing import Any
from uuid import UUID

from services.graduation.policy import queries
from services.graduation.policy.commands import versions
from services.graduation.policy.models.draft import PolicyDraft
from services.graduation.policy.routes.versions import PolicyFullView
from services.graduation.review.routes import Approval
from shared.access import Permission
from shared.fields import Body, Day, WrittenReason
from shared.http import CurrentActor, Router, Session, may
from shared.remedies import one_of, operation, to_call
from shared.roles import MINISTRY, STAFF

router = Router(tag="policy")
# Before its day a version is withdrawn. From then on the next one replaces it, and its cases are cancelled.
ACTIVATED = one_of(
    to_call("withdraw_policy", MINISTRY), to_call("draft_policy", MINISTRY), to_call("cancel_graduasi", STAFF)
)


class PolicyActivation(Body):
    """The day from which the version is in force, today or later."""

    valid_from: Day


@router.post("/policy", status_code=201, response_model=PolicyFullView)
@may(
    Permission.POLICY_DRAFT,
    key_required=True,
    max_body=64 * 1024,
    undo=operation("withdraw_policy", MINISTRY),
)
async def draft_policy(body: PolicyDraft, session: Session, actor: CurrentActor) -> dict[str, Any]:
    """Draft the next version.

    It has no effect until two others have approved it and it is activated.
    """
    policy = await versions.draft_policy(session, actor, body)
    return await queries.read_policy_version(session, policy.policy_id)


@router.post("/policy/{policy_id}/approval", status_code=201, response_model=PolicyFullView)
@may(Permission.POLICY_APPROVE, key_required=True, undo=operation("withdraw_policy", MINISTRY))
async def approve_policy(
    policy_id: UUID, body: Approval, session: Session, actor: CurrentActor
) -> dict[str, Any]:
    """Approve a draft. Two different people approve, neither of them the drafter."""
    await versions.approve_policy(session, actor, policy_id, body.note)
    return await queries.read_policy_version(session, policy_id)


@router.post("/policy/{policy_id}/activation", status_code=201, response_model=PolicyFullView)
@may(Permission.POLICY_APPROVE, key_required=True, undo=ACTIVATED)
async def activate_policy(
    policy_id: UUID, body: PolicyActivation, session: Session, actor: CurrentActor
) -> dict[str, Any]:
    """Put an approved version in force from a day.

    The previous version ends on that day.
    Open cases keep the version under which they were opened.
    """
    await versions.activate_policy(session, actor, policy_id, body.valid_from)
    return await queries.read_policy_version(session, policy_id)


@router.post("/policy/{policy_id}/withdrawal", status_code=201, response_model=PolicyFullView)
@may(Permission.POLICY_WITHDRAW, key_required=True, undo=operation("draft_policy", MINISTRY))
async def withdraw_policy(
    policy_id: UUID, body: WrittenReason, session: Session, actor: CurrentActor
) -> dict[str, Any]:
    """Withdraw a version that is not in force yet.

    The version before a planned one continues.
    """
    await versions.withdraw_policy(session, actor, policy_id, body.reason)
    return await queries.read_policy_version(session, policy_id)
