"""Commands that request an act, and approve, refuse, withdraw or expire the request."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from shared import wilayah
from shared.access import Actor
from shared.access.permissions import Role
from shared.approval.errors import (
    ApprovalAlreadyRequested,
    ApprovalBodyDiffers,
    ApprovalEvidenceMissing,
    ApprovalRequestClosed,
    ApprovalRequestExpired,
    RequestOfAnotherPerson,
)
from shared.approval.models import ApprovalKind, ApprovalRequestFields, ApprovalState
from shared.clock import Moment, moment_of
from shared.database import insert, load, uuid7, vault_of
from shared.dates import midnight
from shared.errors import DecidedByLodger, DomainError
from shared.evidence import EvidenceKind, EvidenceUse, require_evidence
from shared.jobs import ScheduledTask, Work, schedule, unschedule
from shared.privacy import Vault, open_texts, seal_texts
from shared.remedies import RemedyKind
from shared.validity import read_rule

EXPIRE_REQUEST = "approval_request.expire"
TABLE = "approval_request"
TEXTS = ("body", "decision_reason")
SEALED_COLUMNS = tuple(f"{name}_sealed" for name in TEXTS)


@dataclass(frozen=True, slots=True)
class TwoPersonAct:
    """An act that one person requests and another approves.

    `terms` are the request of the act, with `reason` and `evidence_sha256`. `check` raises what refuses it today, and
    returns the area in which the request is visible. `perform` does the act for the approver with today's facts.
    """

    requested_by: Role
    approved_by: Role
    terms: type[Any]
    check: Callable[[AsyncSession, Actor, UUID, Any], Awaitable[str | None]]
    perform: Callable[[AsyncSession, Actor, Any, Any], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class ApprovalForm:
    """The table of a service's requests, its rule, and its acts by kind."""

    table: type[Any]
    rule: type[Any]
    acts: Mapping[ApprovalKind, TwoPersonAct]


def hash_body(body: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the canonical JSON: sorted keys, no white space, UTF-8."""
    return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()


async def request_approval(
    session: AsyncSession, actor: Actor, form: ApprovalForm, kind: ApprovalKind, subject_id: UUID, terms: Any
) -> Any:
    """Request an act. Nothing happens before another person approves it.

    Raises:
        NotAllowed, ApprovalEvidenceMissing, FileNotUploaded, ApprovalAlreadyRequested
        DomainError: The act would be refused today.
    """
    act = form.acts[kind]
    actor.require_role(act.requested_by)
    area = await act.check(session, actor, subject_id, terms)
    if terms.evidence_sha256 is None:
        raise ApprovalEvidenceMissing("/body/evidence_sha256")
    use = EvidenceUse(EvidenceKind.SURAT, subject_id, None, area or "", actor)
    await require_evidence(session, terms.evidence_sha256, use)
    now, body = await moment_of(session), terms.model_dump(mode="json")
    await _expire_overdue(session, form, kind, subject_id, now)
    request_id, text = uuid7(), orjson.dumps(body).decode()
    row = form.table(
        **seal_texts(vault_of(session), {"body": text}, table=TABLE, row_id=request_id),
        approval_request_id=request_id,
        kind=kind,
        subject_id=subject_id,
        kode_wilayah=area,
        body_sha256=hash_body(body),
        evidence_sha256=terms.evidence_sha256,
        state=ApprovalState.REQUESTED,
        requested_by=actor.person,
        requested_by_sub=actor.sub,
        requested_at=now.at,
        expires_on=now.on + timedelta(days=await read_rule(session, form.rule.days, now.on)),
    )
    await insert(session, row, uq_approval_request_open=ApprovalAlreadyRequested())
    await schedule(session, EXPIRE_REQUEST, midnight(row.expires_on), subject_id=row.approval_request_id)
    return row


async def _expire_overdue(
    session: AsyncSession, form: ApprovalForm, kind: ApprovalKind, subject_id: UUID, now: Moment
) -> None:
    """Expire the overdue request of a subject that the worker has not expired yet."""
    overdue = sa.select(form.table).where(
        form.table.kind == kind,
        form.table.subject_id == subject_id,
        form.table.state == ApprovalState.REQUESTED,
        form.table.expires_on <= now.on,
    )
    for row in (await session.scalars(overdue.with_for_update(key_share=True))).all():
        row.close(ApprovalState.EXPIRED, now.at)
        await session.flush()


async def approve_request(
    session: AsyncSession, actor: Actor, form: ApprovalForm, request_id: UUID, body_sha256: str
) -> Any:
    """Approve a request whose content the approver has seen, and do the act.

    A refusal of the act refuses the approval too. The request stays open, or is LAPSED if no approval can
    succeed any more.

    Raises:
        NotFound, NotAllowed, ApprovalRequestClosed, ApprovalRequestExpired, DecidedByLodger, ApprovalBodyDiffers
        DomainError: The act is refused with today's facts.
    """
    row, now = await _load_open(session, form, request_id)
    act = form.acts[row.kind]
    _require_second_person(actor, act, row)
    if body_sha256 != row.body_sha256:
        raise ApprovalBodyDiffers("/body/body_sha256")
    await _decide(session, actor, row, ApprovalState.APPROVED, now)
    try:
        await act.perform(session, actor, row, act.terms.model_validate(open_request(session, row)["body"]))
    except DomainError as refusal:
        if _is_final(refusal):
            refusal.afterwards = partial(_lapse_request, form, request_id, type(refusal).__name__)
        raise
    return row


async def _lapse_request(form: ApprovalForm, request_id: UUID, title: str, session: AsyncSession) -> None:
    row, now = await _load_open(session, form, request_id)
    row.close(ApprovalState.LAPSED, now.at)
    row.refused_as = title
    await unschedule(session, EXPIRE_REQUEST, request_id)


def _is_final(refusal: DomainError) -> bool:
    """Return whether every approval of the same request would be refused."""
    return refusal.status in {409, 422} and refusal.remedy.kind in {
        RemedyKind.CORRECT_REQUEST,
        RemedyKind.NONE,
    }


async def refuse_request(
    session: AsyncSession, actor: Actor, form: ApprovalForm, request_id: UUID, reason: str
) -> Any:
    """Refuse a request, with a reason that is stored sealed.

    Raises:
        NotFound, NotAllowed, ApprovalRequestClosed, ApprovalRequestExpired, DecidedByLodger
    """
    row, now = await _load_open(session, form, request_id)
    _require_second_person(actor, form.acts[row.kind], row)
    sealed = seal_texts(vault_of(session), {"decision_reason": reason}, table=TABLE, row_id=request_id)
    row.decision_reason_sealed = sealed["decision_reason_sealed"]
    await _decide(session, actor, row, ApprovalState.REFUSED, now)
    return row


async def withdraw_request(session: AsyncSession, actor: Actor, form: ApprovalForm, request_id: UUID) -> Any:
    """Withdraw an open request, as the person who made it.

    Raises:
        NotFound, RequestOfAnotherPerson, ApprovalRequestClosed, ApprovalRequestExpired
    """
    row, now = await _load_open(session, form, request_id)
    if not actor.is_same_as(row.requested_by, row.requested_by_sub):
        raise RequestOfAnotherPerson
    row.close(ApprovalState.WITHDRAWN, now.at)
    await unschedule(session, EXPIRE_REQUEST, request_id)
    return row


async def _load_open(session: AsyncSession, form: ApprovalForm, request_id: UUID) -> tuple[Any, Moment]:
    row, now = await load(session, form.table, request_id, noun="approval request"), await moment_of(session)
    if row.state is not ApprovalState.REQUESTED:
        raise ApprovalRequestClosed(state=row.state.value)
    if row.expires_on <= now.on:
        raise ApprovalRequestExpired(on=row.expires_on)
    return row, now


def _require_second_person(actor: Actor, act: TwoPersonAct, row: Any) -> None:
    actor.require_role(act.approved_by)
    if actor.is_same_as(row.requested_by, row.requested_by_sub):
        raise DecidedByLodger


async def _decide(session: AsyncSession, actor: Actor, row: Any, state: ApprovalState, now: Moment) -> None:
    row.close(state, now.at)
    row.decided_by, row.decided_by_sub = actor.person, actor.sub
    await session.flush()
    await unschedule(session, EXPIRE_REQUEST, row.approval_request_id)


def approval_work(form: ApprovalForm) -> Work:
    """Return the scheduled task that expires a service's requests."""

    async def expire(session: AsyncSession, due: ScheduledTask) -> None:
        row = await load(session, form.table, UUID(due.subject_id))
        if row.state is ApprovalState.REQUESTED:
            row.close(ApprovalState.EXPIRED, (await moment_of(session)).at)

    return Work(scheduled_tasks={EXPIRE_REQUEST: expire})


def open_texts_of(vault: Vault, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a listed request with the requested act, its reason, and that of the decision."""
    opened = open_texts(vault, row, TEXTS, table=TABLE, row_id=row["approval_request_id"])
    opened["body"] = orjson.loads(opened["body"])
    names = {"wilayah_name": wilayah.name(row["kode_wilayah"] or "")}
    return opened | names | {"reason": opened["body"]["reason"]}


def open_request(session: AsyncSession, row: Any) -> dict[str, Any]:
    """Return a request with its texts."""
    names = (*ApprovalRequestFields.model_fields, *SEALED_COLUMNS)
    return open_texts_of(vault_of(session), {name: getattr(row, name) for name in names})
