"""Route that lists candidates, best off first, with reasons in words."""

from functools import partial
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from services.graduation.candidate import queries
from services.graduation.candidate.models import CandidateFields
from shared.access import Permission
from shared.contracts.kinds import Bansos, ExitReason
from shared.fields import KNOWN, View
from shared.http import CurrentActor, Page, Paging, Router, Session, may

router = Router(tag="candidate")


class ReasonView(View):
    """A reason, as a code and in words."""

    code: str
    en: str
    id: str


class CandidateView(CandidateFields):
    """A membership that may end, with the reasons.

    `proposed` is false if the family is exempt. `why_not` gives the exemption.
    """

    exit_reason: ExitReason
    policy_version: int
    proposed: bool
    reasons: list[ReasonView]
    why_not: list[ReasonView]


class CandidatePage(Page):
    """A page of candidates by kabupaten or kota, best off first.

    Natural exits are ordered by their date.
    """

    items: list[CandidateView]


@router.get("/candidate", response_model=CandidatePage, responses={404: {}, 409: {}})
@may(Permission.CANDIDATE_READ)
async def list_candidate(
    session: Session,
    actor: CurrentActor,
    paging: Paging,
    exit_reason: Annotated[ExitReason, KNOWN, Query()] = ExitReason.SEJAHTERA_MANDIRI,
    kode_wilayah: Annotated[
        str | None, Query(pattern=r"^[0-9]{2}(\.[0-9]{2}(\.[0-9]{2}(\.[0-9]{4})?)?)?$")
    ] = None,
    bansos: Annotated[Annotated[Bansos, KNOWN] | None, Query()] = None,
    policy_version: Annotated[int | None, Query(ge=1, le=100_000)] = None,
) -> Response:
    """List the candidates of a policy version in the caller's areas.

    Without `policy_version` it is the version in force.
    A pendamping sees families that they accompany today.
    """
    rule = await queries.read_candidate_rule(session, exit_reason, policy_version)
    statement = queries.select_candidates(actor, rule, kode_wilayah, bansos)
    return await paging.answer(session, statement, rule.order, shape=partial(queries.to_candidate, rule))
