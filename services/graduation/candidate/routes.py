"""Whom to look at: candidates, most promising first, with reasons in words."""

from functools import partial
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from services.graduation.candidate import queries
from services.graduation.candidate.models import CandidateFields
from shared.access import Permission
from shared.contracts.kinds import Bansos, ExitReason
from shared.fields import View
from shared.http import CurrentActor, Paging, Router, Session, may

router = Router(tag="candidate")


class ReasonView(View):
    """A reason, coded and in words."""

    code: str
    en: str
    id: str


class CandidateView(CandidateFields):
    """A membership that may end: why it is a candidate; `proposed` is false where the family is exempt, and why."""

    exit_reason: ExitReason
    policy_version: int
    proposed: bool
    reasons: list[ReasonView]
    why_not: list[ReasonView]


class CandidatePage(View):
    """A page of candidates: by kabupaten or kota, then the best off first; natural exits by the day that they are due."""

    items: list[CandidateView]
    next: str | None


@router.get("/candidate", response_model=CandidatePage, responses={409: {}})
@may(Permission.CANDIDATE_READ)
async def list_candidate(
    session: Session,
    actor: CurrentActor,
    paging: Paging,
    exit_reason: Annotated[ExitReason, Query()] = ExitReason.SEJAHTERA_MANDIRI,
    kode_wilayah: Annotated[
        str | None, Query(pattern=r"^[0-9]{2}(\.[0-9]{2}(\.[0-9]{2}(\.[0-9]{4})?)?)?$")
    ] = None,
    bansos: Annotated[Bansos | None, Query()] = None,
) -> Response:
    """List whom the policy in force would have looked at; a pendamping's are the families that they hold today."""
    rule = await queries.candidate_rule(session, exit_reason)
    found = queries.candidates(actor, rule, kode_wilayah, bansos)
    return await paging.answer(session, found, rule.order, shape=partial(queries.as_candidate, rule))
