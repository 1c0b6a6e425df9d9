"""Routes of SK and penetapan, and of the counts that are compared between services."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import Field, field_validator
from starlette.responses import Response

from services.graduation.approval.commands import FORM
from services.graduation.decree import queries
from services.graduation.decree.commands import bulk_sk, penetapan
from services.graduation.decree.models import (
    CorrectionTerms,
    DecreeTerms,
    Penetapan,
    PenetapanFields,
    Sk,
    SkCorrectionView,
    SkTerms,
    SkView,
)
from shared.access import Permission
from shared.approval import ApprovalKind, request_approval
from shared.errors import BadValue
from shared.fields import Body, JobAccepted, Sha256, View
from shared.http import CurrentActor, Page, Paging, Router, Session, may
from shared.http.approvals import ApprovalRequestView, accepted_answer
from shared.http.changes import ChangePage, ChangePaging, DayRange, days_of
from shared.http.numbers import MAX_BODY, NumbersAsked, NumbersView, numbers_of
from shared.remedies import CHANGES_NOTHING, one_of, to_call
from shared.roles import MINISTRY

router = Router(tag="penetapan")
# A wrong number or date is corrected; a family that should not be in the SK is taken out of it.
CORRECTED = one_of(to_call("correct_sk", MINISTRY), to_call("withdraw_approval_request", MINISTRY))
DETERMINED = one_of(to_call("correct_sk", MINISTRY), to_call("annul_graduasi", MINISTRY))
MAX_CASES = 200


class Decree(DecreeTerms, Body):
    """An SK over approved cases. Without `announced_on` it is announced today."""

    graduasi_ids: Annotated[list[UUID], Field(min_length=1, max_length=MAX_CASES)]

    @field_validator("graduasi_ids")
    @classmethod
    def _each_once(cls, value: list[UUID]) -> list[UUID]:
        if len(set(value)) != len(value):
            raise BadValue("A case is named twice.", "Ada kasus yang disebut dua kali.")
        return value


class PenetapanView(PenetapanFields):
    """The decision on a case in an SK."""

    sk_no: str
    sk_on: date
    certificate_no: str | None


class SkFullView(SkView):
    """An SK with the first 200 penetapan of the caller's areas.

    `corrections` have its former numbers, dates and scans, oldest first.
    `GET /v1/sk/{sk_id}/penetapan` lists all of them.
    """

    corrections: list[SkCorrectionView]
    penetapan: list[PenetapanView]


class ReasonView(View):
    """A reason, as a code and in words."""

    code: str
    en: str
    id: str


class PostponedView(View):
    """A case that was not determined, because its facts have changed, and is DITUNDA now."""

    graduasi_id: UUID
    reasons: list[ReasonView]


class DeterminationView(SkTerms):
    """The SK with the cases that it determines, and the cases that were postponed.

    `sk_id` is null if no case was left: no SK was made, and its number is free.
    """

    sk_id: UUID | None
    announced_on: date
    cases: int
    determined: list[UUID]
    postponed: list[PostponedView]


def to_view(made: penetapan.Determination) -> DeterminationView:
    """Return what a request for an SK has done, as it is shown."""
    postponed = [
        PostponedView(
            graduasi_id=one.graduasi_id,
            reasons=[ReasonView(code=c.code, en=c.words, id=c.words.id) for c in one.changes],
        )
        for one in made.postponed
    ]
    return DeterminationView(
        sk_id=made.sk.sk_id if made.determined else None,
        sk_no=made.sk.sk_no,
        sk_on=made.sk.sk_on,
        evidence_sha256=made.sk.evidence_sha256,
        announced_on=made.sk.announced_on,
        cases=len(made.determined),
        determined=list(made.determined),
        postponed=postponed,
    )


class Correction(CorrectionTerms, Body):
    """The right number and date of an SK, its scan, and the reason.

    The reason is stored in this service only.
    """


class BulkDecree(DecreeTerms, Body):
    """An SK over the cases of a file (`POST /v1/files`) with one graduasi_id per line."""

    sha256: Sha256


class BulkSkView(JobAccepted):
    """The SK, and the job that adds the cases."""

    sk_id: UUID


class SkPage(ChangePage):
    """A page of SK."""

    items: list[SkView]


class PenetapanPage(Page):
    """A page of an SK's penetapan."""

    items: list[PenetapanView]


@router.post("/sk", status_code=201, responses={200: {"model": DeterminationView}})
@may(Permission.GRADUASI_DETERMINE, key_required=True, undo=DETERMINED)
async def determine_graduasi(
    body: Decree, session: Session, actor: CurrentActor, response: Response
) -> DeterminationView:
    """Determine approved cases in one SK.

    Cases whose facts have changed are postponed instead. Answers 200, without an SK, if none is left.
    """
    made = await penetapan.determine(session, actor, body, body.graduasi_ids)
    response.status_code = 201 if made.determined else 200
    return to_view(made)


@router.post("/sk/bulk", status_code=202)
@may(Permission.GRADUASI_DETERMINE, key_required=True, undo=DETERMINED)
async def determine_many_graduasi(
    body: BulkDecree, session: Session, actor: CurrentActor, response: Response
) -> BulkSkView:
    """Create an SK and the job that determines the cases of a file in it.

    A refused case is an error of the job for its line.
    """
    sk, job_id = await bulk_sk.request_sk(session, actor, body, body.sha256)
    response.headers["Location"] = f"/v1/jobs/{job_id}"
    return BulkSkView(sk_id=sk.sk_id, job_id=job_id, job=f"/v1/jobs/{job_id}")


@router.post("/sk/{sk_id}/correction", status_code=202, response_model=ApprovalRequestView)
@may(Permission.GRADUASI_DETERMINE, key_required=True, undo=CORRECTED)
async def correct_sk(sk_id: UUID, body: Correction, session: Session, actor: CurrentActor) -> Response:
    """Request the correction of an SK's number, date and scan.

    Another person of Kemensos approves it. Then a job emits the penetapan again and moves their credits. The day of the
    announcement and the terms do not change.
    """
    kind = ApprovalKind.SK_CORRECTION
    return accepted_answer(session, await request_approval(session, actor, FORM, kind, sk_id, body))


@router.get("/sk", response_model=SkPage)
@may(Permission.GRADUASI_READ)
async def list_sk(
    session: Session,
    actor: CurrentActor,
    paging: ChangePaging,
    days: Annotated[DayRange, days_of("sk_on")],
    year: Annotated[int | None, Query(ge=2000, le=2199)] = None,
    sk_no: Annotated[str | None, Query(min_length=1, max_length=60)] = None,
) -> Response:
    """List the SK with cases in the caller's areas, the oldest date first.

    `year` is that of the SK's date. `sk_no` finds a number whatever its case, blanks and hyphens.
    """
    statement = await queries.select_sk(session, actor, queries.SkFilter(year, sk_no))
    return await paging.answer(session, days.limit(statement, Sk.sk_on), (Sk.sk_on, Sk.sk_id))


@router.get("/sk/{sk_id}/penetapan", response_model=PenetapanPage)
@may(Permission.GRADUASI_READ)
async def list_penetapan(sk_id: UUID, session: Session, actor: CurrentActor, paging: Paging) -> Response:
    """List the penetapan of an SK in the caller's areas."""
    statement = await queries.select_penetapan_of_sk(session, actor, sk_id)
    return await paging.answer(session, statement, (Penetapan.graduasi_id,))


@router.get("/sk/{sk_id}", response_model=SkFullView)
@may(Permission.GRADUASI_READ)
async def read_sk(sk_id: UUID, session: Session, actor: CurrentActor) -> dict[str, Any]:
    """Return an SK with the first 200 penetapan that the caller may see."""
    return await queries.read_sk(session, actor, sk_id)


@router.post("/numbers")
@may(Permission.NUMBERS_READ, max_body=MAX_BODY, personal=True, undo=CHANGES_NOTHING)
async def count_numbers(body: NumbersAsked, session: Session, actor: CurrentActor) -> NumbersView:
    """Count determined, annulled, effective and credited cases of the given families.

    Without families it counts those that the given pendamping proposed. Credited counts a family once a year, as
    registry's `net` does, if the credit rule says so.
    """
    counts = await queries.read_numbers(session, actor, body.kpm_ids, body.pendamping_ids)
    return numbers_of("graduation", queries.COUNTS, counts)
