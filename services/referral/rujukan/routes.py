"""Routes of rujukan, their offers, history and attempts."""

from uuid import UUID

from starlette.responses import Response

from services.referral import visibility
from services.referral.follow_up.models import OutcomeItem, RelapseReport, RelapseView
from services.referral.notice.models import PartnerNotice, PartnerNoticeView
from services.referral.offer.routes import RuleResultView
from services.referral.outcome import queries as outcome_queries
from services.referral.partner_call.models import DeliveryAttempt, DeliveryAttemptItem
from services.referral.place import queries as place_queries
from services.referral.place.routes import PlaceInLine
from services.referral.rujukan import queries
from services.referral.rujukan.models import (
    ENDED,
    Rujukan,
    RujukanItem,
    RujukanProgram,
    RujukanProgramHistory,
    RujukanProgramHistoryItem,
    RujukanProgramItem,
)
from services.referral.worklist.commands import list_offer_actions
from shared import clock
from shared.access import Actor, Permission, Scope
from shared.actions import ActionView
from shared.http import CurrentActor, Page, Paging, Router, Session, may

rujukan = Router(tag="rujukan")
rujukan_programs = Router(tag="rujukan-program")


class RujukanProgramView(RujukanProgramItem):
    """One offer with its outcomes and the reasons of its matching.

    Partners get no reasons. `overdue`: the SLA has passed.
    """

    reasons: list[RuleResultView]
    outcomes: list[OutcomeItem]
    overdue: bool
    waiting: PlaceInLine | None = None


class OfferFullView(RujukanProgramView):
    """One offer, and what the caller may do with it now."""

    actions: list[ActionView]


class RujukanProgramHistoryPage(Page):
    """A page of changes, oldest first."""

    items: list[RujukanProgramHistoryItem]


class DeliveryAttemptPage(Page):
    """A page of attempts to notify the partner, oldest first."""

    items: list[DeliveryAttemptItem]


class PartnerNoticePage(Page):
    """A page of notices to the partner, oldest first."""

    items: list[PartnerNoticeView]


class RelapseReportPage(Page):
    """A page of reports of relapse, by day."""

    items: list[RelapseView]


class ListedOffer(RujukanProgramItem):
    """One offer of a list, and what the caller may do with it now."""

    actions: list[ActionView]


class RujukanView(RujukanItem):
    """A rujukan with all its offers."""

    programs: list[ListedOffer]


@rujukan.get("/rujukan/{rujukan_id}")
@may(Permission.RUJUKAN_READ_INTERNAL)
async def read_rujukan(rujukan_id: UUID, session: Session, actor: CurrentActor) -> RujukanView:
    """Read a rujukan with its offers."""
    row = await visibility.read(session, Rujukan, rujukan_id, "rujukan")
    offers = await queries.read_programs(session, rujukan_id)
    actions = await list_offer_actions(session, actor, rujukan_id, offers)
    programs = [
        ListedOffer.model_validate({**offer, "actions": acts})
        for offer, acts in zip(offers, actions, strict=True)
    ]
    return RujukanView(**dict(row), programs=programs)


@rujukan.get("/rujukan/{rujukan_id}/relapse-report", response_model=RelapseReportPage)
@may(Permission.RUJUKAN_READ_INTERNAL)
async def list_relapse_reports(rujukan_id: UUID, session: Session, paging: Paging) -> Response:
    """List the reports that the family may have relapsed."""
    parts = (Rujukan, rujukan_id, RelapseReport, RelapseView)
    statement = await visibility.select_parts(session, *parts)
    return await paging.answer(
        session, statement, (RelapseReport.reported_on, RelapseReport.relapse_report_id)
    )


@rujukan_programs.get("/rujukan-program/{rujukan_program_id}")
@may(Permission.RUJUKAN_READ)
async def read_rujukan_program(
    rujukan_program_id: UUID, session: Session, actor: CurrentActor
) -> OfferFullView:
    """Read one offer."""
    row = await visibility.read(session, RujukanProgram, rujukan_program_id, "rujukan")
    view = await rujukan_program_view(session, row, actor)
    (actions,) = await list_offer_actions(session, actor, row.rujukan_id, [dict(row)])
    return OfferFullView.model_construct(**dict(view), actions=actions)


@rujukan_programs.get(
    "/rujukan-program/{rujukan_program_id}/history", response_model=RujukanProgramHistoryPage
)
@may(Permission.RUJUKAN_READ_INTERNAL)
async def list_rujukan_program_history(
    rujukan_program_id: UUID, session: Session, paging: Paging
) -> Response:
    """List the state changes of one offer with who, when and why."""
    parts = (RujukanProgram, rujukan_program_id, RujukanProgramHistory, RujukanProgramHistoryItem)
    statement = await visibility.select_parts(session, *parts)
    return await paging.answer(session, statement, queries.HISTORY_ORDER)


@rujukan_programs.get("/rujukan-program/{rujukan_program_id}/attempt", response_model=DeliveryAttemptPage)
@may(Permission.RUJUKAN_READ_INTERNAL)
async def list_attempts(rujukan_program_id: UUID, session: Session, paging: Paging) -> Response:
    """List the attempts to notify the partner, with the names of the shared fields."""
    parts = (RujukanProgram, rujukan_program_id, DeliveryAttempt, DeliveryAttemptItem)
    statement = await visibility.select_parts(session, *parts)
    return await paging.answer(session, statement, queries.ATTEMPT_ORDER)


@rujukan_programs.get("/rujukan-program/{rujukan_program_id}/notice", response_model=PartnerNoticePage)
@may(Permission.RUJUKAN_READ_INTERNAL)
async def list_notices(rujukan_program_id: UUID, session: Session, paging: Paging) -> Response:
    """List the notices to the partner about one offer, and when it accepted them."""
    parts = (RujukanProgram, rujukan_program_id, PartnerNotice, PartnerNoticeView)
    statement = await visibility.select_parts(session, *parts)
    return await paging.answer(session, statement, queries.NOTICE_ORDER)


def visible_columns(actor: Actor) -> list[str]:
    """Return the columns that the actor may see in a list."""
    hidden = {"kpm_id", "graduasi_id"} if actor.scope is Scope.PARTNER else set[str]()
    return [name for name in RujukanProgramItem.model_fields if name not in hidden]


async def rujukan_program_view(session: Session, row: RujukanProgram, actor: Actor) -> RujukanProgramView:
    """Return one offer as the actor may see it."""
    is_partner = actor.scope is Scope.PARTNER
    position = None if is_partner else await place_queries.read_place_in_line(session, row.rujukan_program_id)
    is_pending = row.state not in ENDED and row.delivered_on is None
    named = await queries.with_names(session, row)
    return RujukanProgramView.model_construct(
        **{name: named[name] for name in visible_columns(actor)},
        reasons=[] if is_partner else [RuleResultView.model_validate(reason) for reason in row.reasons],
        outcomes=await outcome_queries.read_outcomes(session, row.rujukan_program_id),
        waiting=PlaceInLine(**position) if position else None,
        overdue=is_pending and row.sla_due_on is not None and row.sla_due_on < await clock.today(session),
    )
