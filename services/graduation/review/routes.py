"""The stages between proposal and SK, each by a different person; and the side ways out of them."""

from uuid import UUID

from pydantic import Field

from services.graduation.case.models import Graduasi
from services.graduation.case.routes import GraduasiView
from services.graduation.review import commands
from services.graduation.review.commands import CancellationGround, RefusalGround
from shared.access import Permission
from shared.fields import Body, Day, DocumentNumber, Sentence, Sha256
from shared.http import CurrentActor, Router, Session, may

router = Router(tag="review")


class Verification(Body):
    """The case was checked by name and address."""

    note: Sentence | None = None
    evidence_sha256: Sha256 | None = None


class Deliberation(Body):
    """The berita acara of the village's musyawarah."""

    berita_acara_no: DocumentNumber = Field(examples=["BA/014/V/2026"])
    held_on: Day
    evidence_sha256: Sha256


class Approval(Body):
    """Dinsos approves."""

    note: Sentence | None = None


class Refusal(Body):
    """Why it is refused: the coded ground travels, the words stay here."""

    ground: RefusalGround
    reason: Sentence
    evidence_sha256: Sha256 | None = None


class Cancellation(Body):
    """Why it falls away: the coded ground travels, the words stay here."""

    ground: CancellationGround
    reason: Sentence
    evidence_sha256: Sha256 | None = None


class Because(Body):
    """Why, and the evidence for it (the policy says where it must be there)."""

    reason: Sentence
    evidence_sha256: Sha256 | None = None


def because(body: Because | Refusal | Cancellation) -> commands.Because:
    """What every side way is told."""
    return commands.Because(body.reason, body.evidence_sha256)


@router.post("/graduasi/{graduasi_id}/verification", status_code=201, response_model=GraduasiView)
@may(Permission.GRADUASI_VERIFY, key_required=True)
async def verify_graduasi(
    graduasi_id: UUID, body: Verification, session: Session, actor: CurrentActor
) -> Graduasi:
    """Verify a proposed case."""
    return await commands.verify(session, actor, graduasi_id, body.note, body.evidence_sha256)


@router.post("/graduasi/{graduasi_id}/musyawarah", status_code=201, response_model=GraduasiView)
@may(Permission.GRADUASI_MUSYAWARAH, key_required=True)
async def deliberate_graduasi(
    graduasi_id: UUID, body: Deliberation, session: Session, actor: CurrentActor
) -> Graduasi:
    """Record the village's deliberation, where the policy asks for one."""
    return await commands.deliberate(session, actor, graduasi_id, commands.BeritaAcara(**body.model_dump()))


@router.post("/graduasi/{graduasi_id}/approval", status_code=201, response_model=GraduasiView)
@may(Permission.GRADUASI_APPROVE, key_required=True)
async def approve_graduasi(
    graduasi_id: UUID, body: Approval, session: Session, actor: CurrentActor
) -> Graduasi:
    """Approve a verified case."""
    return await commands.approve(session, actor, graduasi_id, body.note)


@router.post("/graduasi/{graduasi_id}/return", status_code=201, response_model=GraduasiView)
@may(Permission.GRADUASI_RETURN, key_required=True)
async def return_graduasi(
    graduasi_id: UUID, body: Because, session: Session, actor: CurrentActor
) -> Graduasi:
    """Return a proposed case to its pendamping."""
    return await commands.send_back(session, actor, graduasi_id, because(body))


@router.post("/graduasi/{graduasi_id}/refusal", status_code=201, response_model=GraduasiView)
@may(Permission.GRADUASI_REFUSE, key_required=True)
async def refuse_graduasi(
    graduasi_id: UUID, body: Refusal, session: Session, actor: CurrentActor
) -> Graduasi:
    """Refuse a proposed case for good."""
    return await commands.refuse(session, actor, graduasi_id, body.ground, because(body))


@router.post("/graduasi/{graduasi_id}/postponement", status_code=201, response_model=GraduasiView)
@may(Permission.GRADUASI_POSTPONE, key_required=True)
async def postpone_graduasi(
    graduasi_id: UUID, body: Because, session: Session, actor: CurrentActor
) -> Graduasi:
    """Hold a case before its effect."""
    return await commands.postpone(session, actor, graduasi_id, because(body))


@router.post("/graduasi/{graduasi_id}/resumption", status_code=201, response_model=GraduasiView)
@may(Permission.GRADUASI_POSTPONE, key_required=True)
async def resume_graduasi(
    graduasi_id: UUID, body: Because, session: Session, actor: CurrentActor
) -> Graduasi:
    """Take a postponed case back to the state it left."""
    return await commands.resume(session, actor, graduasi_id, because(body))


@router.post("/graduasi/{graduasi_id}/cancellation", status_code=201, response_model=GraduasiView)
@may(Permission.GRADUASI_CANCEL, key_required=True)
async def cancel_graduasi(
    graduasi_id: UUID, body: Cancellation, session: Session, actor: CurrentActor
) -> Graduasi:
    """Close a case before its SK."""
    return await commands.cancel(session, actor, graduasi_id, body.ground, because(body))
