"""Assessments: make, read, and compute again by their own version."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StrictBool, StrictInt

from services.graduation.assessment import queries, rules
from services.graduation.assessment.commands import assessment
from services.graduation.assessment.models import AsesmenFields, JudgementFields
from shared.access import Permission
from shared.fields import Body, Sha256, View
from shared.http import CurrentActor, Router, Session, may

router = Router(tag="asesmen")
case = Router(tag="graduasi")


class Finding(Body):
    """One answer of the instrument, with the SHA-256 of its evidence (a file handed in here)."""

    value: StrictBool | Annotated[StrictInt, Field(ge=0, le=10**12)] = Field(examples=[1_250_000])
    evidence_sha256: Sha256 | None = None


class Assessment(Body):
    """The answers by criterion; GET /v1/policy/{exit_reason} says what is asked."""

    answers: Annotated[
        dict[Annotated[str, Field(pattern=r"^[A-Z0-9_]{1,40}$")], Finding],
        Field(max_length=60, examples=[{"BERSEDIA": {"value": True}}]),
    ]


class Criterion(View):
    """One criterion in words; `passed` is null where it does not apply or weighs nothing."""

    code: str
    source: str
    value: bool | int | None
    passed: bool | None
    weight: int
    knock_out: bool
    evidence_sha256: str | None
    en: str
    id: str


class AsesmenView(AsesmenFields):
    """An assessment: result, score, the facts as known then, and an explanation per criterion."""

    explanation: list[Criterion]


class ReproductionView(JudgementFields):
    """What the version of then makes today of the answers and facts of then; `equal`: the same, word for word."""

    policy_version: int
    equal: bool
    explanation: list[Criterion]


@case.post("/graduasi/{graduasi_id}/asesmen", status_code=201, response_model=AsesmenView)
@may(Permission.ASESMEN_RECORD, key_required=True)
async def assess_graduasi(graduasi_id: UUID, body: Assessment, session: Session, actor: CurrentActor) -> Any:
    """Judge the family's readiness; missing answers or evidence refuse, and nothing is ended by a result."""
    answers = {code: rules.Answer(f.value, f.evidence_sha256) for code, f in body.answers.items()}
    return await assessment.assess(session, actor, graduasi_id, answers)


@router.get("/asesmen/{asesmen_id}", response_model=AsesmenView)
@may(Permission.ASESMEN_READ)
async def read_asesmen(asesmen_id: UUID, session: Session, actor: CurrentActor) -> Any:
    """Return an assessment as it was made."""
    return await queries.asesmen(session, actor, asesmen_id)


@router.get("/asesmen/{asesmen_id}/reproduction", response_model=ReproductionView)
@may(Permission.ASESMEN_READ)
async def reproduce_asesmen(asesmen_id: UUID, session: Session, actor: CurrentActor) -> dict[str, Any]:
    """Compute an assessment again under its own version, answers and facts, and say whether it is the same."""
    return await queries.reproduction(session, actor, asesmen_id)
