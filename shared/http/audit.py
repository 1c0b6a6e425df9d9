"""Routes of the audit trail: by family, by account, refusals and bulk reads."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from fastapi import Path, Query
from pydantic import BaseModel
from starlette.responses import Response

from shared.access import Actor, Permission, Scope
from shared.areas import in_areas
from shared.audit.entries import Outcome, canonical
from shared.audit.queries import about, find_ids_of, select_entries
from shared.audit.tables import audit_entry, bulk_read
from shared.database import vault_of
from shared.errors import NotAllowed
from shared.fields import Instant, View
from shared.http.declared import may
from shared.http.paging import Page, Paging
from shared.http.purpose import Purpose
from shared.http.route import CurrentActor, Router, Session

router = Router(tag="audit")
ORDER = (audit_entry.c.at, audit_entry.c.audit_id)
Account = Annotated[str, Path(max_length=200)]
Since = Annotated[Instant | None, Query()]


class AuditEntryItem(View):
    """One read, change or refused attempt.

    `subject_ids` are families, else pendamping, cases or rujukan. Beyond 1,000 only `subject_count` is complete.
    `kode_wilayah` is the area of the one family that was read for a stated purpose.
    """

    audit_id: UUID
    at: datetime
    actor: str
    pendamping_id: UUID | None
    roles: list[str]
    areas: list[str]
    partner_id: UUID | None
    purpose: Purpose | None
    kode_wilayah: str | None
    act: str
    resource: str
    subject_ids: list[UUID]
    subject_count: int
    field_classes: list[str]
    outcome: Outcome
    status: int
    request_id: str


class AuditEntryPage(Page):
    """A page of entries, the oldest first."""

    items: list[AuditEntryItem]


NAMES = tuple(AuditEntryItem.model_fields)


class BulkReadItem(BaseModel):
    """An account that read very many families in a short time."""

    bulk_read_id: UUID
    actor: str
    first_at: datetime
    last_at: datetime
    families: int
    reported_at: datetime


class BulkReadPage(Page):
    """A page of bulk reads, the oldest first."""

    items: list[BulkReadItem]


@router.get("/audit/accounts/{sub}", response_model=AuditEntryPage)
@may(Permission.AUDIT_READ, personal=True)
async def list_account_entries(
    sub: Account, session: Session, actor: CurrentActor, paging: Paging, since: Since = None
) -> Response:
    """List what an account read, changed and was refused. Only for the whole country."""
    _require_national_scope(actor)
    statement = _since(select_entries(NAMES).where(audit_entry.c.actor == sub), since)
    return await paging.answer(session, statement, ORDER)


@router.get("/audit/denials", response_model=AuditEntryPage)
@may(Permission.AUDIT_READ, personal=True)
async def list_denials(
    session: Session,
    actor: CurrentActor,
    paging: Paging,
    id_: Annotated[str | None, Query(alias="id", max_length=200)] = None,
    since: Since = None,
) -> Response:
    """List refused attempts, all or those on one id.

    Only for the whole country. A row does not name the thing that was refused: ask with `id`.
    """
    _require_national_scope(actor)
    statement = select_entries(NAMES).where(audit_entry.c.outcome == "DENIED")
    if id_ is not None:
        statement = statement.where(audit_entry.c.id_hash == vault_of(session).index("audit", canonical(id_)))
    return await paging.answer(session, _since(statement, since), ORDER)


@router.get("/audit/purposes", response_model=AuditEntryPage)
@may(Permission.AUDIT_READ_PURPOSES, personal=True)
async def list_purposes(
    session: Session,
    actor: CurrentActor,
    paging: Paging,
    purpose: Annotated[Purpose | None, Query()] = None,
    since: Since = None,
) -> Response:
    """List who read a family of the caller's areas for a stated purpose."""
    area = audit_entry.c.kode_wilayah
    statement = select_entries(NAMES).where(area.is_not(None), in_areas(area, actor.areas))
    if purpose is not None:
        statement = statement.where(audit_entry.c.purpose == purpose)
    return await paging.answer(session, _since(statement, since), ORDER)


@router.get("/audit/bulk-reads", response_model=BulkReadPage)
@may(Permission.AUDIT_READ, personal=True)
async def list_bulk_reads(session: Session, actor: CurrentActor, paging: Paging) -> Response:
    """List accounts that read very many families within an hour. Only for the whole country."""
    _require_national_scope(actor)
    statement = sa.select(*(bulk_read.c[name] for name in BulkReadItem.model_fields))
    return await paging.answer(session, statement, (bulk_read.c.bulk_read_id,))


def subject_router(metadata: sa.MetaData) -> Router:
    """Return the router of the entries about a family, whose parts the service knows."""
    own = Router(tag="audit")

    @own.get("/audit/subjects/{subject_id}", response_model=AuditEntryPage)
    @may(Permission.AUDIT_READ, personal=True)
    async def list_subject_entries(
        subject_id: UUID, session: Session, actor: CurrentActor, paging: Paging, since: Since = None
    ) -> Response:
        """List who read or changed a family, what belongs to it, or a pendamping.

        `subject_ids` are those of this family or pendamping only.
        """
        ids = await find_ids_of(session, metadata, actor, subject_id)
        statement, known = _since(select_entries(NAMES).where(about(ids)), since), frozenset(ids)

        def leave_out_others(row: dict[str, Any]) -> dict[str, Any]:
            return row | {"subject_ids": [one for one in row["subject_ids"] if one in known]}

        return await paging.answer(session, statement, ORDER, shape=leave_out_others)

    return own


def _require_national_scope(actor: Actor) -> None:
    """Raise NotAllowed unless the scope is the whole country."""
    if actor.scope is not Scope.NATIONAL:
        raise NotAllowed


def _since(
    statement: sa.Select[*tuple[object, ...]], since: datetime | None
) -> sa.Select[*tuple[object, ...]]:
    return statement if since is None else statement.where(audit_entry.c.at >= since)
