"""Routes of the stages between proposal and SK, and of return, refusal, postponement and cancellation."""

from uuid import UUID

from pydantic import StrictBool

from services.graduation.case.errors import ANOTHER_CASE
from services.graduation.case.models import GraduasiView
from services.graduation.review import commands
from services.graduation.review.models import CancellationGround, Grounds, MusyawarahTerms, RefusalGround
from shared.access import Permission
from shared.fields import Body, Sentence, Sha256
from shared.http import CurrentActor, Router, Session, may
from shared.remedies import one_of, operation, to_call
from shared.roles import FIELD, MINISTRY, OFFICE, VILLAGE

router = Router(tag="review")

RETURN = operation("return_graduasi", OFFICE)
# A resumed case whose term has ended takes effect, and is then annulled.
RESUMED = one_of(to_call("postpone_graduasi", OFFICE), to_call("annul_graduasi", MINISTRY))
ANOTHER = one_of(*ANOTHER_CASE)


class Verification(Body):
    """The verification of a case by name and address."""

    note: Sentence | None = None
    evidence_sha256: Sha256 | None = None


class Deliberation(MusyawarahTerms, Body):
    """The berita acara of the village's musyawarah."""


class Approval(Body):
    """An approval, with a note if there is one."""

    note: Sentence | None = None


class Return(Grounds, Body):
    """A reason, and whether the family is to be assessed again before the next proposal."""

    new_assessment: StrictBool = False


class Refusal(Grounds, Body):
    """A refusal.

    The ground is sent in events, the reason is stored in this service only.
    """

    ground: RefusalGround


class Cancellation(Grounds, Body):
    """A cancellation.

    The ground is sent in events, the reason is stored in this service only.
    """

    ground: CancellationGround


class Reason(Grounds, Body):
    """A reason, and its evidence if the policy requires one."""


@router.post("/graduasi/{graduasi_id}/verification", status_code=201)
@may(Permission.GRADUASI_VERIFY, key_required=True, undo=RETURN)
async def verify_graduasi(
    graduasi_id: UUID, body: Verification, session: Session, actor: CurrentActor
) -> GraduasiView:
    """Verify a proposed case."""
    return await commands.verify(session, actor, graduasi_id, body.note, body.evidence_sha256)


@router.post("/graduasi/{graduasi_id}/musyawarah", status_code=201)
@may(
    Permission.GRADUASI_MUSYAWARAH,
    key_required=True,
    undo=one_of(to_call("deliberate_graduasi", VILLAGE), *RETURN.operations),
)
async def deliberate_graduasi(
    graduasi_id: UUID, body: Deliberation, session: Session, actor: CurrentActor
) -> GraduasiView:
    """Record the village's musyawarah, if the policy requires one."""
    return await commands.deliberate(session, actor, graduasi_id, body)


@router.post("/graduasi/{graduasi_id}/approval", status_code=201)
@may(Permission.GRADUASI_APPROVE, key_required=True, undo=RETURN)
async def approve_graduasi(
    graduasi_id: UUID, body: Approval, session: Session, actor: CurrentActor
) -> GraduasiView:
    """Approve a verified case."""
    return await commands.approve(session, actor, graduasi_id, body.note)


@router.post("/graduasi/{graduasi_id}/return", status_code=201)
@may(
    Permission.GRADUASI_RETURN,
    key_required=True,
    undo=one_of(to_call("return_graduasi", OFFICE), to_call("propose_graduasi", FIELD)),
)
async def return_graduasi(
    graduasi_id: UUID, body: Return, session: Session, actor: CurrentActor
) -> GraduasiView:
    """Return a proposed case to its pendamping."""
    return await commands.return_case(session, actor, graduasi_id, body, new_assessment=body.new_assessment)


@router.post("/graduasi/{graduasi_id}/refusal", status_code=201)
@may(Permission.GRADUASI_REFUSE, key_required=True, undo=ANOTHER)
async def refuse_graduasi(
    graduasi_id: UUID, body: Refusal, session: Session, actor: CurrentActor
) -> GraduasiView:
    """Refuse a proposed case. The refusal is final."""
    return await commands.refuse(session, actor, graduasi_id, body.ground, body)


@router.post("/graduasi/{graduasi_id}/postponement", status_code=201)
@may(Permission.GRADUASI_POSTPONE, key_required=True, undo=operation("resume_graduasi", OFFICE))
async def postpone_graduasi(
    graduasi_id: UUID, body: Reason, session: Session, actor: CurrentActor
) -> GraduasiView:
    """Postpone a case before its effect."""
    return await commands.postpone(session, actor, graduasi_id, body)


@router.post("/graduasi/{graduasi_id}/resumption", status_code=201)
@may(Permission.GRADUASI_POSTPONE, key_required=True, undo=RESUMED)
async def resume_graduasi(
    graduasi_id: UUID, body: Reason, session: Session, actor: CurrentActor
) -> GraduasiView:
    """Move a postponed case back to the state in which it was postponed."""
    return await commands.resume(session, actor, graduasi_id, body)


@router.post("/graduasi/{graduasi_id}/cancellation", status_code=201)
@may(Permission.GRADUASI_CANCEL, key_required=True, undo=ANOTHER)
async def cancel_graduasi(
    graduasi_id: UUID, body: Cancellation, session: Session, actor: CurrentActor
) -> GraduasiView:
    """Cancel a case before its SK."""
    return await commands.cancel(session, actor, graduasi_id, body.ground, body)
