"""Routes of a partner's inbox, and of the record of its reads."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Field
from starlette.responses import Response

from services.referral import visibility
from services.referral.notice.models import InboxRead, InboxReadItem, NoticeFacts, ReceiptView
from services.referral.publication.commands.inbox import InboxReader, record_receipt, require_partner
from services.referral.rujukan.models import RujukanProgram
from services.referral.worklist import queries
from shared import clock
from shared.access import Permission
from shared.fields import Body
from shared.http import CurrentActor, Page, Paging, Router, Session, may
from shared.remedies import operation
from shared.roles import MINISTRY, PARTNERS

inbox = Router(tag="inbox")


class InboxItem(NoticeFacts):
    """One notice, with the content of the webhook in `body`. It stays until its receipt."""

    # In JSON it is still `told_at`, the name that partners use.
    created_at: datetime = Field(alias="told_at")
    body: dict[str, Any]


class InboxPage(Page):
    """A page of notices that have no receipt yet, oldest first."""

    items: list[InboxItem]


class ReceiptBody(Body):
    """The notice that the partner has accepted."""

    notice_id: UUID


class InboxReadPage(Page):
    """A page of reads, oldest first."""

    items: list[InboxReadItem]


@inbox.get("/inbox", response_model=InboxPage)
@may(Permission.INBOX_READ, writes=True)
async def read_inbox(session: Session, actor: CurrentActor, paging: Paging) -> Response:
    """Read the new notices of the caller's own partner. Each read is recorded.

    They have the minimum data only, and only while consent is in force.
    """
    reader = InboxReader(session, actor)
    statement = queries.select_inbox(require_partner(actor), await clock.today(session))
    answer = await paging.answer(session, statement, queries.INBOX_ORDER, shape=reader.to_item)
    await reader.store_reads()
    return answer


@inbox.post("/rujukan-program/{rujukan_program_id}/receipt", status_code=201)
@may(Permission.INBOX_READ, key_required=True, undo=operation("replay_notices", MINISTRY | PARTNERS))
async def receive_notice(
    rujukan_program_id: UUID, body: ReceiptBody, session: Session, actor: CurrentActor
) -> ReceiptView:
    """Record that the partner has a notice. A repeated receipt keeps the first time."""
    notice = await record_receipt(session, rujukan_program_id, body.notice_id, actor)
    return ReceiptView.model_validate(notice)


@inbox.get("/rujukan-program/{rujukan_program_id}/inbox-read", response_model=InboxReadPage)
@may(Permission.RUJUKAN_READ_INTERNAL)
async def list_inbox_reads(rujukan_program_id: UUID, session: Session, paging: Paging) -> Response:
    """List who at the partner read this family's data in the inbox, and which fields."""
    parts = (RujukanProgram, rujukan_program_id, InboxRead, InboxReadItem)
    statement = await visibility.select_parts(session, *parts)
    return await paging.answer(session, statement, queries.INBOX_READ_ORDER)
