"""The form of a refusal, as the OpenAPI document publishes it."""

from pydantic import BaseModel, Field

from shared.fields import Sentences
from shared.remedies import RemedyKind


class ProblemEntry(BaseModel):
    """One invalid value: its JSON pointer, a code and a sentence.

    The pointer (RFC 6901) begins with body, query, path or header.
    """

    pointer: str = Field(examples=["/body/sk_on"])
    code: str = Field(examples=["missing"])
    message: str = Field(examples=["This field is required."])


class ProblemOperation(BaseModel):
    """An operation of a service, and the roles that are to call it."""

    service: str = Field(examples=["caseload"])
    operation_id: str = Field(examples=["take_anggota_back"])
    roles: list[str] = Field(examples=[["DINSOS_KABKOTA", "PENDAMPING"]])


class ProblemRemedy(BaseModel):
    """What to do after the refusal.

    OPERATION: first one of `operations`. CORRECT_REQUEST: the same operation with another value, which
    `operations` may list. WAIT: the same request later. OTHER_PERSON: the same request by somebody else, with
    one of `roles` if it names any. NONE: nothing, for `reason`.
    """

    kind: RemedyKind
    operations: list[ProblemOperation]
    roles: list[str]
    reason: Sentences | None


class Problem(BaseModel):
    """Why the request was refused. Nothing of it was stored."""

    type: str = Field(examples=["urn:pilar:problem:IllegalTransition"])
    title: str = Field(examples=["IllegalTransition"])
    status: int = Field(examples=[409])
    detail: str = Field(examples=["This case is DITETAPKAN and cannot become DISETUJUI_DINSOS."])
    params: dict[str, str | int | Sentences | list[str | int | Sentences]] = Field(examples=[{}])
    errors: list[ProblemEntry] = []
    remedy: ProblemRemedy
    trace_id: str
