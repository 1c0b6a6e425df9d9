"""A partner's inbox: the same notices as its webhook gets, for one that asks; and who read what in it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from starlette.responses import Response

from services.referral import visibility
from services.referral.notice.models import InboxRead, InboxReadItem, NoticeFacts, ReceiptView
from services.referral.publication.commands.inbox import Reading, partner_of, take_receipt
from services.referral.rujukan.models import RujukanProgram
from services.referral.visibility import require_official
from services.referral.worklist import queries
from shared.access import Permission
from shared.fields import Body, View
from shared.http import CurrentActor, Paging, Router, Session, may

inbox = Router(tag="inbox")


class InboxItem(NoticeFacts):
    """One notice, as the webhook would carry it in `body`; it stays until its receipt."""

    told_at: datetime
    body: dict[str, Any]


class InboxPage(View):
    """A page of notices that have no receipt yet, oldest first."""

    items: list[InboxItem]
    next: str | None


class ReceiptBody(Body):
    """Which notice the partner has taken."""

    notice_id: UUID


class InboxReadPage(View):
    """A page of readings, oldest first."""

    items: list[InboxReadItem]
    next: str | None


@inbox.get("/inbox", response_model=InboxPage)
@may(Permission.INBOX_READ)
async def read_inbox(session: Session, actor: CurrentActor, paging: Paging) -> Response:
    """Read what is new for the caller's own partner: the minimum data, and only while consent holds. Readings are kept."""
    reading = Reading(session, actor)
    statement = queries.inbox_list(partner_of(actor))
    answer = await paging.answer(session, statement, queries.INBOX_ORDER, shape=reading.item)
    await reading.keep()
    return answer


@inbox.post("/rujukan-program/{rujukan_program_id}/receipt", status_code=201)
@may(Permission.INBOX_READ, key_required=True)
async def receive_notice(
    rujukan_program_id: UUID, body: ReceiptBody, session: Session, actor: CurrentActor
) -> ReceiptView:
    """Say that a notice has been taken; said again, the first time stands."""
    notice = await take_receipt(session, rujukan_program_id, body.notice_id, actor)
    return ReceiptView.model_validate(notice)


@inbox.get("/rujukan-program/{rujukan_program_id}/inbox-read", response_model=InboxReadPage)
@may(Permission.RUJUKAN_READ)
async def list_inbox_reads(
    rujukan_program_id: UUID, session: Session, actor: CurrentActor, paging: Paging
) -> Response:
    """List who at the partner read of this family in the inbox, and which fields."""
    require_official(actor)
    await visibility.read(session, RujukanProgram, rujukan_program_id, "rujukan")
    statement = visibility.columns_of(InboxRead, list(InboxReadItem.model_fields))
    mine = statement.where(InboxRead.rujukan_program_id == rujukan_program_id)
    return await paging.answer(session, mine, queries.INBOX_READ_ORDER)
