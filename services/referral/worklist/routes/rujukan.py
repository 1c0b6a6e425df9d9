from datetime import date
from uuid import UUID

from starlette.responses import Response

from services.referral import visibility
from services.referral.rujukan.models import Rujukan, RujukanState
from services.referral.visibility import require_official
from services.referral.worklist import queries
from services.referral.worklist.routes.programs import RujukanProgramItem
from shared import clock
from shared.access import Permission
from shared.contracts.kinds import Bansos, ExitReason, RujukanPurpose
from shared.http import CurrentActor, Paging, Router, Session, may
from shared.http.fields import View
from shared.http.numbers import MAX_BODY, NumbersAsked, NumbersView, numbers_of

rujukan = Router(tag="rujukan")


class RujukanItem(View):
    """A graduate's case with referral."""

    rujukan_id: UUID
    graduasi_id: UUID
    kpm_id: UUID
    kode_wilayah: str
    purpose: RujukanPurpose
    bansos: Bansos
    exit_reason: ExitReason
    state: RujukanState
    paused: bool
    matched: bool
    sk_no: str
    sk_on: date
    certificate_no: str | None
    effective_on: date | None
    offers_sha256: str | None
    opened_on: date
    version: int


class RujukanView(RujukanItem):
    """A case with all its offers."""

    programs: list[RujukanProgramItem]


class RujukanPage(View):
    """A page of cases."""

    items: list[RujukanItem]
    next: str | None


@rujukan.get("/rujukan", response_model=RujukanPage)
@may(Permission.RUJUKAN_READ)
async def list_rujukan(
    session: Session,
    actor: CurrentActor,
    paging: Paging,
    kpm_id: UUID | None = None,
    state: RujukanState | None = None,
) -> Response:
    """List cases of the caller's areas in the order in which they opened."""
    require_official(actor)
    today = await clock.today(session)
    statement = queries.rujukan_list(list(RujukanItem.model_fields), actor, today, kpm_id=kpm_id, state=state)
    return await paging.answer(session, statement, queries.RUJUKAN_ORDER)


@rujukan.get("/rujukan/{rujukan_id}")
@may(Permission.RUJUKAN_READ)
async def read_rujukan(rujukan_id: UUID, session: Session, actor: CurrentActor) -> RujukanView:
    """Read a case with its offers."""
    require_official(actor)
    row = await visibility.read(session, Rujukan, rujukan_id, "rujukan")
    programs = [
        RujukanProgramItem.model_validate(found) for found in await queries.programs_of(session, rujukan_id)
    ]
    return RujukanView(**RujukanItem.model_validate(row).model_dump(), programs=programs)


numbers = Router(tag="numbers")


@numbers.post("/numbers")
@may(Permission.NUMBERS_READ, max_body=MAX_BODY)
async def count_numbers(body: NumbersAsked, session: Session) -> NumbersView:
    """Count rujukan cases opened, withdrawn and live."""
    counted = await queries.count_rujukan(session, body.kpm_ids, body.pendamping_ids)
    return numbers_of("referral", ["opened", "withdrawn", "live"], counted)
