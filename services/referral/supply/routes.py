"""Routes of data that a partner asked for."""

from uuid import UUID

from starlette.responses import Response

from services.referral import visibility
from services.referral.rujukan.models import RujukanProgram
from services.referral.rujukan.routes import RujukanProgramView, rujukan_program_view
from services.referral.supply import commands, queries
from services.referral.supply.models import SupplyInput, SupplyView
from shared.access import Permission
from shared.database import vault_of
from shared.fields import Body, Voiding
from shared.http import CurrentActor, Page, Paging, Router, Session, may
from shared.remedies import operation
from shared.roles import DINSOS, FIELD

supplies = Router(tag="rujukan-program")


class SupplyBody(SupplyInput, Body):
    """What is supplied to the partner: the fields that it completes, words, and uploaded files.

    The consent must cover each field. The files have at most 1 MiB together.
    """


class SupplyPage(Page):
    """A page of supplied data, oldest first."""

    items: list[SupplyView]


@supplies.post("/rujukan-program/{rujukan_program_id}/supply", status_code=201)
@may(Permission.DATA_SUPPLY, key_required=True, undo=operation("void_supply", FIELD | DINSOS))
async def supply_data(
    rujukan_program_id: UUID, body: SupplyBody, session: Session, actor: CurrentActor
) -> RujukanProgramView:
    """Supply the data that the partner asked for.

    The offer returns to DIPROSES, and the partner gets the data.
    """
    row = await commands.supply_data(session, rujukan_program_id, body, actor)
    return await rujukan_program_view(session, row, actor)


@supplies.post("/rujukan-program/{rujukan_program_id}/supply-void", status_code=201)
@may(Permission.DATA_SUPPLY, key_required=True, undo=operation("supply_data", FIELD | DINSOS))
async def void_supply(
    rujukan_program_id: UUID, body: Voiding, session: Session, actor: CurrentActor
) -> RujukanProgramView:
    """Void the wrong data that were supplied last, until the partner answers.

    Data that were not sent yet are not sent. The offer is PERLU_DATA again.
    """
    row = await commands.void_supply(session, rujukan_program_id, body.reason, actor)
    return await rujukan_program_view(session, row, actor)


@supplies.get("/rujukan-program/{rujukan_program_id}/supply", response_model=SupplyPage)
@may(Permission.RUJUKAN_READ_INTERNAL)
async def list_supplies(rujukan_program_id: UUID, session: Session, paging: Paging) -> Response:
    """List the data that were supplied for one offer, with their words."""
    await visibility.read(session, RujukanProgram, rujukan_program_id, "rujukan")
    vault, statement = vault_of(session), queries.select_supplies(rujukan_program_id)
    return await paging.answer(
        session, statement, queries.SUPPLY_ORDER, shape=lambda row: queries.open_text(row, vault)
    )
