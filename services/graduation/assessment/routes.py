"""Routes to make, read and reproduce assessments."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StrictBool, StrictInt, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import PydanticCustomError

from services.graduation.assessment.commands import assessment
from services.graduation.assessment.models import AsesmenFields, JudgementFields
from services.graduation.assessment.queries import asesmen as queries
from services.graduation.assessment.rules.judgement import Answer
from shared.access import Permission
from shared.contracts.kinds import KomponenKind
from shared.field_classes import SPESIFIK
from shared.fields import Body, Sha256, View
from shared.http import CurrentActor, Router, Session, may
from shared.remedies import one_of, to_call
from shared.roles import FIELD, OFFICE

router = Router(tag="asesmen")
case = Router(tag="graduasi")
# It is assessed again: before the proposal at once, later after a return.
ASSESSED = one_of(to_call("assess_graduasi", FIELD), to_call("return_graduasi", OFFICE))


# A pair of a list needs `items` beside `prefixItems` for linters and generators of OpenAPI.
SnapshotDesil = Annotated[
    tuple[str, int], Field(json_schema_extra={"items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}})
]


Amount = Annotated[StrictInt, Field(ge=0, le=10**12)]


def _check_value(value: object, check_amount: ValidatorFunctionWrapHandler) -> object:
    """Refuse a value with one error, where a union would have one per type."""
    if isinstance(value, bool):
        return value
    if not isinstance(value, int):
        raise PydanticCustomError("bool_or_int_type", "true, false or a whole number is expected.")
    return check_amount(value)


class CriterionAnswer(Body):
    """The answer to one criterion of the instrument.

    `evidence_sha256` is the SHA-256 of a file uploaded to this service.
    """

    value: Annotated[Amount, WrapValidator(_check_value, json_schema_input_type=StrictBool | Amount)] = Field(
        examples=[1_250_000]
    )
    evidence_sha256: Sha256 | None = None


class Assessment(Body):
    """The answers to all criteria of GET /v1/policy/{exit_reason} whose `source` is ANSWER.

    Those with `evidence_required` need `evidence_sha256` of a file that was uploaded to this service.
    """

    answers: Annotated[
        dict[Annotated[str, Field(pattern=r"^[A-Z0-9_]{1,40}$")], CriterionAnswer],
        Field(max_length=60),
    ]


class Criterion(View):
    """One criterion in words.

    `passed` is null if it does not apply or has no weight.
    """

    code: str
    source: str
    value: bool | int | None
    passed: bool | None
    weight: int
    knock_out: bool
    evidence_sha256: str | None
    en: str
    id: str


class AsesmenFacts(View):
    """The recorded facts of a family at the date of its assessment.

    Those in capitals are the values that criteria of source FACT judge, null if one does not apply to the family.
    """

    as_of: date
    members: int
    able_productive: int
    lansia: int
    disabilitas: int
    komponen: Annotated[dict[KomponenKind, int], SPESIFIK]
    last_komponen_ends_on: date | None
    desil_nas: list[SnapshotDesil]
    DESIL_NAS: int | None
    DESIL_NAS_RISE: int | None
    USAHA_AGE_MONTHS: int
    USAHA_OMZET_RP: int
    USAHA_PERMIT: bool
    DEPENDENCY_PERCENT: int | None
    P2K2_PERCENT: int | None
    PROGRAM_YEARS: int
    PROGRAM_MONTHS: int


class AsesmenView(AsesmenFields):
    """An assessment: result, score, facts at its date, and an explanation for each criterion."""

    # The column is JSON of any content.
    facts: Annotated[AsesmenFacts, SPESIFIK]  # pyright: ignore[reportIncompatibleVariableOverride]
    explanation: Annotated[list[Criterion], SPESIFIK]


class ReproductionView(JudgementFields):
    """The stored answers and facts, judged again with the same instrument version.

    `equal`: result, score and explanation are identical.
    """

    policy_version: int
    equal: bool
    explanation: Annotated[list[Criterion], SPESIFIK]


@case.post("/graduasi/{graduasi_id}/asesmen", status_code=201, response_model=AsesmenView)
@may(Permission.ASESMEN_RECORD, key_required=True, undo=ASSESSED)
async def assess_graduasi(graduasi_id: UUID, body: Assessment, session: Session, actor: CurrentActor) -> Any:
    """Judge the family's readiness. A result never ends a kepesertaan by itself."""
    answers = {code: Answer(f.value, f.evidence_sha256) for code, f in body.answers.items()}
    return await assessment.assess(session, actor, graduasi_id, answers)


@router.get("/asesmen/{asesmen_id}", response_model=AsesmenView)
@may(Permission.ASESMEN_READ)
async def read_asesmen(asesmen_id: UUID, session: Session, actor: CurrentActor) -> Any:
    """Return an assessment."""
    return await queries.read_asesmen(session, actor, asesmen_id)


@router.get("/asesmen/{asesmen_id}/reproduction", response_model=ReproductionView)
@may(Permission.ASESMEN_READ)
async def reproduce_asesmen(asesmen_id: UUID, session: Session, actor: CurrentActor) -> dict[str, Any]:
    """Compute an assessment again with its own version, answers and facts, and compare the results."""
    return await queries.reproduce_asesmen(session, actor, asesmen_id)
