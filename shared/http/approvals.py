"""Routes of the requests that another person approves."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from fastapi import Query
from pydantic import Field
from pydantic.json_schema import models_json_schema
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from shared.access import Permission
from shared.approval.commands import (
    SEALED_COLUMNS,
    ApprovalForm,
    approve_request,
    open_request,
    open_texts_of,
    refuse_request,
    withdraw_request,
)
from shared.approval.models import ApprovalKind, ApprovalRequestFields, ApprovalState
from shared.area_names import NAME_SCHEMA
from shared.database import vault_of
from shared.errors import NotFound
from shared.field_classes import PRIBADI
from shared.fields import Body, Sha256, WrittenReason
from shared.http.changes import ChangePage, ChangePaging, DayRange, days_of
from shared.http.declared import may
from shared.http.route import CurrentActor, Router, Session
from shared.remedies import nothing

APPROVED = nothing(
    "Two people have decided. If the act was wrong, correct the act itself.",
    "Dua orang telah memutuskan. Bila tindakannya keliru, koreksilah tindakan itu sendiri.",
)
ASKED_AGAIN = nothing(
    "The request has ended; the same request can be made again.",
    "Permintaan ini sudah berakhir; permintaan yang sama dapat diajukan lagi.",
)


BODY = (
    "Request of the act. An open object, because each `kind` has its own fields: `x-approval-bodies` of this document"
    " names the schema of each kind."
)


class ApprovalRequestView(ApprovalRequestFields):
    """A request. `body` is the request of the act, `decision_reason` that of a refusal."""

    wilayah_name: Annotated[str | None, Field(description=NAME_SCHEMA["description"])]
    body: Annotated[dict[str, Any], PRIBADI, Field(description=BODY)]
    reason: Annotated[str, PRIBADI]
    decision_reason: Annotated[str | None, PRIBADI]


class ApprovalRequestPage(ChangePage):
    """A page of requests, oldest first."""

    items: list[ApprovalRequestView]


class RequestApproval(Body):
    """The hash of the request that the approver has read, `body_sha256`."""

    body_sha256: Sha256


WAITS_FOR_APPROVAL: dict[int | str, dict[str, Any]] = {
    202: {
        "model": ApprovalRequestView,
        "description": "Requested. Nothing has happened before another person approves it.",
    }
}
"""The answer of a route whose act waits for a second person."""


def accepted_answer(session: AsyncSession, row: Any) -> Response:
    """Return 202 with the request and its address."""
    content = _view_of(session, row).model_dump_json()
    location = f"/v1/approval-request/{row.approval_request_id}"
    return Response(content, 202, {"Location": location}, media_type="application/json")


def approval_router(form: ApprovalForm) -> Router:
    """Return the router of a service's requests: list, approve, refuse, withdraw."""
    router = Router(tag="approval")
    _add_reads(router, form)
    _add_decisions(router, form)
    return router


def publish_bodies(form: ApprovalForm, document: dict[str, Any]) -> None:
    """Publish the schema of each kind's body as `x-approval-bodies`.

    Not in `ApprovalRequestView`, which is the same in all services.

    Raises:
        ValueError: another schema has the name of one of the terms.
    """
    schemas, terms = document["components"]["schemas"], {kind: act.terms for kind, act in form.acts.items()}
    place = "#/components/schemas/{model}"
    _, combined = models_json_schema([(one, "serialization") for one in terms.values()], ref_template=place)
    names = {kind.value: one.__name__ for kind, one in terms.items()}
    if taken := {*names.values()} & schemas.keys():
        msg = f"terms of a two-person act have the name of another schema: {taken}"
        raise ValueError(msg)
    schemas |= combined["$defs"] | schemas
    document["x-approval-bodies"] = {kind: {"$ref": place.format(model=name)} for kind, name in names.items()}


def _add_reads(router: Router, form: ApprovalForm) -> None:
    names = (*ApprovalRequestFields.model_fields, *SEALED_COLUMNS)
    columns = [getattr(form.table, name) for name in names]

    @router.get("/approval-request", response_model=ApprovalRequestPage)
    @may(Permission.APPROVAL_READ)
    async def list_approval_requests(
        session: Session,
        paging: ChangePaging,
        days: Annotated[DayRange, days_of("requested_at")],
        state: Annotated[ApprovalState | None, Query()] = None,
        kind: Annotated[ApprovalKind | None, Query()] = None,
        subject_id: Annotated[UUID | None, Query()] = None,
    ) -> Response:
        """List the requests of the caller's areas, oldest first."""
        filters = {"state": state, "kind": kind, "subject_id": subject_id}
        equal = {name: value for name, value in filters.items() if value is not None}
        statement = days.limit(sa.select(*columns).filter_by(**equal), form.table.requested_at)
        shape = partial(open_texts_of, vault_of(session))
        return await paging.answer(session, statement, (form.table.approval_request_id,), shape=shape)

    @router.get("/approval-request/{approval_request_id}")
    @may(Permission.APPROVAL_READ)
    async def read_approval_request(approval_request_id: UUID, session: Session) -> ApprovalRequestView:
        """Return a request with the act that is requested."""
        row = await session.get(form.table, approval_request_id)
        if row is None:
            raise NotFound("approval request")
        return _view_of(session, row)


def _add_decisions(router: Router, form: ApprovalForm) -> None:
    @router.post("/approval-request/{approval_request_id}/approval", status_code=201)
    @may(Permission.APPROVAL_DECIDE, key_required=True, undo=APPROVED)
    async def approve_approval_request(
        approval_request_id: UUID, body: RequestApproval, session: Session, actor: CurrentActor
    ) -> ApprovalRequestView:
        """Approve a request of another person, and do the act with today's facts.

        If the act is refused, so is the approval. The request stays open, or is LAPSED if it can never be approved.
        """
        row = await approve_request(session, actor, form, approval_request_id, body.body_sha256)
        return _view_of(session, row)

    @router.post("/approval-request/{approval_request_id}/refusal", status_code=201)
    @may(Permission.APPROVAL_DECIDE, key_required=True, undo=ASKED_AGAIN)
    async def refuse_approval_request(
        approval_request_id: UUID, body: WrittenReason, session: Session, actor: CurrentActor
    ) -> ApprovalRequestView:
        """Refuse a request of another person. The act may be requested again."""
        row = await refuse_request(session, actor, form, approval_request_id, body.reason)
        return _view_of(session, row)

    @router.post("/approval-request/{approval_request_id}/withdrawal", status_code=201)
    @may(Permission.APPROVAL_WITHDRAW, key_required=True, undo=ASKED_AGAIN)
    async def withdraw_approval_request(
        approval_request_id: UUID, session: Session, actor: CurrentActor
    ) -> ApprovalRequestView:
        """Withdraw one's own open request."""
        return _view_of(session, await withdraw_request(session, actor, form, approval_request_id))


def _view_of(session: AsyncSession, row: Any) -> ApprovalRequestView:
    return ApprovalRequestView(**open_request(session, row))
