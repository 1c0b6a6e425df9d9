"""Correct the number, date and scan of an SK (docs/case-lifecycle.md#wrong-sk)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.approval.models import ApprovalRequest
from services.graduation.assessment.models import Pernyataan, Usul
from services.graduation.case.models import Graduasi, Stage
from services.graduation.credit.commands import redate_credits
from services.graduation.decree.commands.penetapan import number_taken, require_free_number, to_event
from services.graduation.decree.errors import SkBeforeApproval, SkEnteredTooLate, SkWithoutCase
from services.graduation.decree.models import CorrectionTerms, Penetapan, Sk, SkCorrection
from services.graduation.decree.queries import read_sk_rule
from services.graduation.policy.models.policy import Policy
from services.graduation.review.models import StageAct
from shared import clock, jobs
from shared.access import Actor
from shared.clock import moment_of
from shared.database import load, refuse_violations, uuid7
from shared.dates import day_of, require_not_future
from shared.errors import NotFound
from shared.jobs import Job, Step
from shared.messaging import emit
from shared.text import normalize_number

KIND = "sk.correct"
STEP_SIZE = 100


async def require_correctable(
    session: AsyncSession, actor: Actor, sk_id: UUID, terms: CorrectionTerms
) -> None:
    """Raise what refuses the correction of an SK today.

    Only national officials correct one, because it may have cases everywhere.

    Raises:
        NotFound, SkWithoutCase, DateInTheFuture, SkBeforeApproval, SkEnteredTooLate, SkNumberTaken
    """
    sk, today = await load(session, Sk, sk_id, noun="sk"), await clock.today(session)
    if not actor.national:
        raise NotFound("sk")
    if not sk.cases:
        raise SkWithoutCase
    require_not_future(terms.sk_on, today, "/body/sk_on")
    approved_at = (
        sa.select(sa.func.max(StageAct.at))
        .join(Penetapan, Penetapan.graduasi_id == StageAct.graduasi_id)
        .where(Penetapan.sk_id == sk_id, StageAct.stage == Stage.PERSETUJUAN)
    )
    if (at := await session.scalar(approved_at)) and terms.sk_on < (approved_on := day_of(at)):
        raise SkBeforeApproval("/body/sk_on", on=terms.sk_on, earliest=approved_on)
    days = (await read_sk_rule(session, today)).late_entry_days
    if (latest := terms.sk_on + timedelta(days=days)) < day_of(sk.at):
        raise SkEnteredTooLate("/body/sk_on", on=terms.sk_on, days=days, latest=latest)
    if normalize_number(terms.sk_no) != normalize_number(sk.sk_no):
        await require_free_number(session, terms.sk_no)


async def correct_sk(
    session: AsyncSession, actor: Actor, request: ApprovalRequest, terms: CorrectionTerms
) -> Sk:
    """Correct an SK by an approved request.

    A job emits its penetapan again, and moves their credits.

    Raises:
        Those of `require_correctable`.
    """
    await require_correctable(session, actor, request.subject_id, terms)
    sk = await load(session, Sk, request.subject_id, noun="sk")
    before = {name: getattr(sk, name) for name in ("sk_id", "sk_no", "sk_on", "evidence_sha256")}
    by = {"corrected_by": actor.person, "corrected_on": (await moment_of(session)).on}
    request_id = request.approval_request_id
    session.add(SkCorrection(correction_id=uuid7(), **before, **by, approval_request_id=request_id))
    sk.sk_no, sk.sk_on, sk.evidence_sha256 = terms.sk_no, terms.sk_on, terms.evidence_sha256
    with refuse_violations(uq_sk_sk_no=lambda: number_taken(terms.sk_no)):
        await session.flush()
    await jobs.enqueue(session, KIND, {"sk_id": str(sk.sk_id)}, actor)
    return sk


async def send_next_cases(session: AsyncSession, job: Job) -> Step:
    """Emit the next penetapan of a corrected SK again, and move their credits."""
    sk = await session.get_one(Sk, UUID(job.params["sk_id"]))
    rows = await _read_next(session, sk, job.place.get("after"))
    for case, policy, penetapan, offers_sha256 in rows:
        emit(session, to_event(case, policy, penetapan, sk, offers_sha256))
    if rows:
        await redate_credits(session, sk, {row[0].kpm_id for row in rows}, await clock.today(session))
    return Step(
        done=len(rows),
        place={"after": str(rows[-1][0].graduasi_id)} if rows else job.place,
        finished=len(rows) < STEP_SIZE,
        total=sk.cases,
        report={"sk_id": str(sk.sk_id), "sk_no": sk.sk_no},
    )


async def _read_next(session: AsyncSession, sk: Sk, after: str | None) -> list[Any]:
    statement = (
        sa.select(Graduasi, Policy, Penetapan, Pernyataan.offers_sha256)
        .join(Penetapan, Penetapan.graduasi_id == Graduasi.graduasi_id)
        .join(Policy, Policy.policy_id == Graduasi.policy_id)
        .join(Usul, Usul.usul_id == Penetapan.usul_id)
        .outerjoin(Pernyataan, Pernyataan.pernyataan_id == Usul.pernyataan_id)
        .where(Penetapan.sk_id == sk.sk_id)
        .order_by(Graduasi.graduasi_id)
        .with_for_update(key_share=True, of=Graduasi)
    )
    if after is not None:
        statement = statement.where(Graduasi.graduasi_id > UUID(after))
    return [tuple(row) for row in await session.execute(statement.limit(STEP_SIZE))]
