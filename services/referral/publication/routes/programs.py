from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import Query
from pydantic import Field, model_validator
from starlette.responses import Response

from services.referral import visibility
from services.referral.place.routes import IntakeBody, QuotaBody
from services.referral.program import queries
from services.referral.program.models import PayloadField, Program, RuleField, RuleOp, SendFrom, Strength
from services.referral.program.rules import payload_schema
from services.referral.publication.commands import catalogue
from services.referral.publication.commands.places import NewIntake, NewQuota, Places, set_places
from services.referral.publication.routes.fields import Code, Name
from shared.access import Permission
from shared.contracts.kinds import BenefitKind
from shared.errors import BadValue
from shared.fields import Body, Rupiah, Sentence, View
from shared.http import CurrentActor, Paging, Router, Session, may

programs = Router(tag="program")
Number = Annotated[int, Field(strict=True, ge=0, le=10**12)]
# A request names known values alone: `BenefitKind` itself reads whatever it does not know as UNKNOWN.
Benefit = StrEnum("Benefit", {kind.name: kind.value for kind in BenefitKind.known()})


class RuleShape(Body):
    """One rule. `value` is a number, true or false, or a list of codes, as the field needs."""

    field: RuleField = Field(examples=["usaha_months"])
    op: RuleOp = Field(examples=["GE"])
    value: (
        Number
        | Annotated[bool, Field(strict=True)]
        | Annotated[
            list[Annotated[str, Field(min_length=1, max_length=40)]], Field(min_length=1, max_length=1000)
        ]
    ) = Field(examples=[6])
    strength: Strength = Strength.HARD
    source: Annotated[str, Field(min_length=1, max_length=200, examples=["Permenko 7/2025"])]
    version: Annotated[str, Field(min_length=1, max_length=40, examples=["2026-01"])]


class ProgramPublication(Body):
    """The next revision of a program. `minimum_data` is all that its partner is told of a family."""

    code: Code
    partner_id: UUID
    name: Name
    benefit_kinds: Annotated[list[Benefit], Field(min_length=1, max_length=6)]  # pyright: ignore[reportInvalidTypeForm]
    amount_min_rp: Rupiah | None = None
    amount_max_rp: Rupiah | None = None
    valid_from: date = Field(examples=["2026-01-01"])
    send_from: SendFrom = SendFrom.DETERMINED
    sla_days: Annotated[int, Field(strict=True, ge=1, le=365, examples=[14])]
    minimum_data: Annotated[list[PayloadField], Field(min_length=1, max_length=6)]
    required_documents: Annotated[list[Name], Field(default_factory=list, max_length=20)]
    legal_basis: Sentence
    rules: Annotated[list[RuleShape], Field(max_length=40)]
    quotas: Annotated[list[QuotaBody], Field(default_factory=list, max_length=600)]
    intake: Annotated[list[IntakeBody], Field(default_factory=list, max_length=40)]

    @model_validator(mode="after")
    def refuse_reversed_amounts(self) -> Self:
        """The least that a program gives is not more than the most."""
        if (self.amount_min_rp or 0) > (self.amount_max_rp if self.amount_max_rp is not None else 10**12):
            raise BadValue(
                "Amount_min_rp is more than amount_max_rp.", "amount_min_rp melebihi amount_max_rp."
            )
        return self

    def row(self) -> Program:
        """Return the program as it is to be stored."""
        fields = self.model_dump(exclude={"rules", "benefit_kinds", "minimum_data", "quotas", "intake"})
        return Program(
            **fields,
            benefit_kinds=sorted({kind.value for kind in self.benefit_kinds}),
            minimum_data=sorted({field.value for field in self.minimum_data}),
        )

    def new_rules(self) -> list[catalogue.NewRule]:
        """Return the rules in their order."""
        return [catalogue.NewRule(**rule.model_dump()) for rule in self.rules]

    def new_places(self) -> Places:
        """Return the quotas and the windows that come with the revision."""
        taken = [NewQuota(**quota.model_dump()) for quota in self.quotas]
        return Places(taken, [NewIntake(**window.model_dump()) for window in self.intake])


class ProgramItem(View):
    """A revision of a program. It holds from `valid_from` to the day before `valid_to`."""

    program_id: UUID
    partner_id: UUID
    code: str
    revision: int
    name: str
    benefit_kinds: list[str]
    amount_min_rp: int | None
    amount_max_rp: int | None
    valid_from: date
    valid_to: date | None
    send_from: SendFrom
    sla_days: int
    minimum_data: list[str]
    required_documents: list[str]
    legal_basis: str


class ListedProgram(ProgramItem):
    """A revision of a program in a list."""

    partner_code: str


class ProgramPage(View):
    """A page of programs."""

    items: list[ListedProgram]
    next: str | None


class RuleView(View):
    """A rule with its source in regulation."""

    number: int
    field: RuleField
    op: RuleOp
    value: Any
    strength: Strength
    source: str
    version: str


class ProgramView(ProgramItem):
    """A revision of a program with its rules, and the JSON Schema of what its partner is sent."""

    rules: list[RuleView]
    payload_schema: dict[str, Any]


@programs.post("/program", status_code=201)
@may(Permission.PROGRAM_PUBLISH, key_required=True, max_body=128 * 1024)
async def publish_program(body: ProgramPublication, session: Session, actor: CurrentActor) -> ProgramView:
    """Publish a program's next revision; the one before ends the day it begins."""
    program = await catalogue.publish_program(session, body.row(), body.new_rules(), actor)
    await set_places(session, program.code, body.new_places(), actor)
    return await program_view(session, program)


@programs.get("/program", response_model=ProgramPage)
@may(Permission.PROGRAM_READ)
async def list_programs(
    session: Session, paging: Paging, code: Annotated[str | None, Query(max_length=40)] = None
) -> Response:
    """List programs by code and revision."""
    statement = queries.program_list(list(ListedProgram.model_fields), code)
    return await paging.answer(session, statement, queries.PROGRAM_ORDER)


@programs.get("/program/{program_id}")
@may(Permission.PROGRAM_READ)
async def read_program(program_id: UUID, session: Session) -> ProgramView:
    """Read one revision with its rules and the schema of what its partner is sent."""
    return await program_view(session, await visibility.read(session, Program, program_id, "program"))


async def program_view(session: Session, program: Program) -> ProgramView:
    """Show a program's revision with its rules."""
    await session.flush()
    rules = [RuleView.model_validate(rule) for rule in await queries.rules_of(session, program.program_id)]
    item = ProgramItem.model_validate(program)
    return ProgramView(**item.model_dump(), rules=rules, payload_schema=payload_schema(program.minimum_data))
