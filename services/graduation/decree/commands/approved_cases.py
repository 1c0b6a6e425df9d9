"""Cases that an SK may determine, and why it may not (docs/case-lifecycle.md#decree)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.assessment.models import Pernyataan, Usul
from services.graduation.case.errors import SamePersonTwice
from services.graduation.case.models import Graduasi, Stage
from services.graduation.case.queries import find_accompanied
from services.graduation.case.rules import require_determinable
from services.graduation.decree.errors import CaseAlreadyInSk, CasesNotApproved, SkBeforeApproval
from services.graduation.decree.models import Penetapan, Sk
from services.graduation.policy.errors import TahapNotPlanned
from services.graduation.policy.models.calendar import TahapCalendar
from services.graduation.policy.models.policy import Policy
from services.graduation.policy.rules import effective_tahap, read_calendar, term_ends_on, term_settled_on
from services.graduation.replicas.models import Kpm
from services.graduation.review.models import StageAct
from shared import clock
from shared.access import Actor
from shared.database import acted_by
from shared.dates import day_of
from shared.errors import DomainError, NotFound


@dataclass(frozen=True, slots=True)
class ApprovedCase:
    """A locked case with the rows that its penetapan needs.

    Its state is checked by `CaseChecks`.
    """

    case: Graduasi
    policy: Policy
    usul: Usul
    offers_sha256: str | None
    current_area: str
    approved_on: date


async def lock_cases(session: AsyncSession, graduasi_ids: Sequence[UUID]) -> list[ApprovedCase]:
    """Lock the cases in the order of their ids, so that two SK never deadlock."""
    # The last act in the stage of the approval. A return in that stage needs another approval.
    approved_at = (
        sa.select(sa.func.max(StageAct.at))
        .where(StageAct.graduasi_id == Graduasi.graduasi_id, StageAct.stage == Stage.PERSETUJUAN)
        .scalar_subquery()
    )
    statement = (
        sa.select(Graduasi, Policy, Usul, Pernyataan.offers_sha256, Kpm.kode_wilayah, approved_at)
        .join(Policy, Policy.policy_id == Graduasi.policy_id)
        .outerjoin(Usul, Usul.usul_id == Graduasi.usul_id)
        .outerjoin(Pernyataan, Pernyataan.pernyataan_id == Usul.pernyataan_id)
        .outerjoin(Kpm, Kpm.kpm_id == Graduasi.kpm_id)
        .where(Graduasi.graduasi_id.in_(graduasi_ids))
        .order_by(Graduasi.graduasi_id)
        .with_for_update(key_share=True, of=Graduasi)
        .execution_options(populate_existing=True)
    )
    rows = (await session.execute(statement)).all()
    return [
        ApprovedCase(
            row[0],
            row[1],
            row[2],
            row[3],
            row[4] or row[0].kode_wilayah,
            day_of(row[5]) if row[5] else row[0].since_on,
        )
        for row in rows
    ]


def announcement_of(sk: Sk, today: date) -> date:
    """Return the announcement of a case that is added to the SK today.

    A job may add it after the day of the SK's announcement. Its term never starts in the past.
    """
    return max(sk.announced_on, today)


@dataclass(frozen=True, slots=True)
class CaseChecks:
    """The checks of the cases of an SK, with the rows that they need."""

    actor: Actor
    sk: Sk
    announced_on: date
    calendar: Sequence[TahapCalendar]
    acted: frozenset[UUID]
    determined: frozenset[UUID]
    accompanied: Mapping[UUID, DomainError]

    @classmethod
    async def load(
        cls, session: AsyncSession, actor: Actor, sk: Sk, cases: Sequence[ApprovedCase]
    ) -> "CaseChecks":
        graduasi_ids = [one.case.graduasi_id for one in cases]
        kpm_ids = [one.case.kpm_id for one in cases]
        today = await clock.today(session)
        acted = sa.select(StageAct.graduasi_id).where(
            StageAct.graduasi_id.in_(graduasi_ids),
            acted_by(actor, StageAct.person, StageAct.sub),
            StageAct.stage != Stage.PENETAPAN,
            StageAct.four_people,
        )
        determined = sa.select(Penetapan.graduasi_id).where(Penetapan.graduasi_id.in_(graduasi_ids))
        return cls(
            actor,
            sk,
            announcement_of(sk, today),
            await read_calendar(session),
            frozenset((await session.scalars(acted)).all()),
            frozenset((await session.scalars(determined)).all()),
            await find_accompanied(session, actor, kpm_ids, today),
        )

    def find_error(self, approved: ApprovedCase | None) -> DomainError | None:
        """Return why the case cannot be added.

        Constraints of the tables enforce each of these too.
        """
        if approved is None or not self.actor.covers(approved.case.kode_wilayah):
            return NotFound("graduasi")
        case = approved.case
        try:
            require_determinable(case, determined=case.graduasi_id in self.determined)
        except (CaseAlreadyInSk, CasesNotApproved) as error:
            return error
        if approved.approved_on > self.sk.sk_on:
            return SkBeforeApproval("/body/sk_on", on=self.sk.sk_on, earliest=approved.approved_on)
        return self._check_actor(case) or self._check_calendar(approved.policy)

    def _check_actor(self, case: Graduasi) -> DomainError | None:
        return SamePersonTwice() if case.graduasi_id in self.acted else self.accompanied.get(case.kpm_id)

    def _check_calendar(self, policy: Policy) -> TahapNotPlanned | None:
        try:
            effective_tahap(self.calendar, term_settled_on(term_ends_on(policy, self.announced_on)))
        except TahapNotPlanned as error:
            return error
        return None
