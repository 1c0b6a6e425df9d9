"""Routes of programs and their revisions."""

from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from annotated_types import Interval, Len
from fastapi import Query
from pydantic import StrictBool, StrictInt, StringConstraints, model_validator
from sqlmodel import Field
from starlette.responses import Response

from services.referral import visibility
from services.referral.place.routes import IntakeWindowBody, QuotaBody
from services.referral.program import queries
from services.referral.program.models import (
    PayloadField,
    Program,
    ProgramItem,
    ProgramTerms,
    RuleTerms,
    RuleView,
)
from services.referral.program.rules import payload_schema
from services.referral.publication.commands import catalogue
from services.referral.publication.commands.places import set_places
from shared.access import Permission
from shared.contracts.rujukan_kinds import BenefitKind
from shared.database.tables import Col
from shared.errors import BadValue
from shared.fields import ONE_LINE, Body
from shared.http import CurrentActor, Page, Paging, Router, Session, may
from shared.remedies import operation
from shared.roles import MINISTRY

programs = Router(tag="program")
Number = Annotated[StrictInt, Interval(ge=0, le=10**12)]
# A request may have known values only. `BenefitKind` itself reads an unknown value as UNKNOWN.
Benefit = StrEnum("Benefit", {kind.name: kind.value for kind in BenefitKind.known()})


class RuleShape(RuleTerms, Body):
    """One rule.

    `value` is a number, a boolean, or a list of codes, as the field needs.
    """

    value: Col[
        Number
        | StrictBool
        | Annotated[
            list[Annotated[str, ONE_LINE, StringConstraints(min_length=1, max_length=40)]], Len(1, 1000)
        ]
    ] = Field(schema_extra={"examples": [6]})


class ProgramPublication(ProgramTerms, Body):
    """The next revision of a program.

    `minimum_data` is all family data that its partner gets. `persons` is added if the program uses a business.
    """

    benefit_kinds: Annotated[list[Benefit], Len(1, 6)]  # pyright: ignore[reportInvalidTypeForm]
    minimum_data: Annotated[list[PayloadField], Len(1, 7)]
    rules: Annotated[list[RuleShape], Len(0, 40)]
    quotas: Annotated[list[QuotaBody], Len(0, 600)] = Field(default_factory=list)
    intake: Annotated[list[IntakeWindowBody], Len(0, 40)] = Field(default_factory=list)

    @model_validator(mode="after")
    def refuse_reversed_amounts(self) -> Self:
        """Refuse a minimum amount above the maximum."""
        if (self.amount_min_rp or 0) > (self.amount_max_rp if self.amount_max_rp is not None else 10**12):
            raise BadValue(
                "Amount_min_rp is more than amount_max_rp.", "amount_min_rp melebihi amount_max_rp."
            )
        return self


class ListedProgram(ProgramItem):
    """A revision of a program in a list."""

    partner_code: str


class ProgramPage(Page):
    """A page of revisions of programs, by code and revision."""

    items: list[ListedProgram]


class ProgramView(ProgramItem):
    """A revision of a program with its rules.

    `payload_schema` is the JSON Schema of the notice to its partner.
    """

    rules: list[RuleView]
    payload_schema: dict[str, Any]


@programs.post("/program", status_code=201)
@may(
    Permission.PROGRAM_PUBLISH,
    key_required=True,
    max_body=128 * 1024,
    undo=operation("void_version", MINISTRY),
)
async def publish_program(body: ProgramPublication, session: Session, actor: CurrentActor) -> ProgramView:
    """Publish a program's next revision. The one before ends on the day it starts."""
    kinds = [kind.value for kind in body.benefit_kinds]
    program = await catalogue.publish_program(session, body, body.rules, kinds, body.minimum_data, actor)
    await set_places(session, program.code, body.quotas, body.intake, actor)
    return await program_view(session, program)


@programs.get("/program", response_model=ProgramPage)
@may(Permission.PROGRAM_READ)
async def list_programs(
    session: Session, paging: Paging, code: Annotated[str | None, Query(max_length=40)] = None
) -> Response:
    """List programs by code and revision."""
    statement = queries.select_programs(list(ListedProgram.model_fields), code)
    return await paging.answer(session, statement, queries.PROGRAM_ORDER)


@programs.get("/program/{program_id}")
@may(Permission.PROGRAM_READ)
async def read_program(program_id: UUID, session: Session) -> ProgramView:
    """Read one revision with its rules and the schema of the notice to its partner."""
    return await program_view(session, await visibility.read(session, Program, program_id, "program"))


async def program_view(session: Session, program: Program) -> ProgramView:
    """Return a program's revision with its rules."""
    await session.flush()
    rules = await queries.read_rules(session, program.program_id)
    return ProgramView.model_construct(
        **dict(program), rules=rules, payload_schema=payload_schema(program.minimum_data)
    )
