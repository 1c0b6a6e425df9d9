"""Commands that grant and reverse the credit of a penetapan (docs/case-lifecycle.md#credit)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.assessment.models import Usul
from services.graduation.case.models import Graduasi
from services.graduation.credit.models import Credit
from services.graduation.decree.models import Sk
from services.graduation.objection.models import AnnulmentGround
from services.graduation.policy.models.credit_rule import CreditArea, CreditedTo, CreditRule, CreditYear
from services.graduation.policy.models.policy import Policy
from shared.contracts.graduation import CreditGranted, CreditReversed
from shared.database import uuid7
from shared.messaging import emit


@dataclass(frozen=True, slots=True)
class DeterminedCase:
    """A determined case with the rows that a credit rule needs.

    `current_area` is where the family lives when the SK is recorded.
    """

    case: Graduasi
    policy: Policy
    usul: Usul
    current_area: str


async def grant_credits(session: AsyncSession, determined: Sequence[DeterminedCase], sk: Sk) -> None:
    """Grant one credit for each determined case whose policy counts, by the policy's credit rule."""
    versions = {one.policy.credit_rule_version for one in determined if one.policy.counts}
    rows = await session.scalars(sa.select(CreditRule).where(CreditRule.version.in_(versions)))
    rules = {rule.version: rule for rule in rows}
    for one in determined:
        rule = rules.get(one.policy.credit_rule_version)
        recipient = find_recipient(one.usul, rule) if rule and one.policy.counts else None
        if rule is not None and recipient is not None:
            credit = _build_credit(one, rule, recipient, sk)
            session.add(credit)
            emit(session, CreditGranted.of(credit))


def find_recipient(usul: Usul, rule: CreditRule) -> tuple[UUID, UUID] | None:
    """Return the (pendamping_id, penugasan_id) that a proposal credits.

    None if an official proposed, because officials have no penugasan.
    """
    if rule.credited is CreditedTo.PROPOSER:
        ids = (usul.proposer_pendamping_id, usul.proposer_penugasan_id)
    else:
        ids = (usul.pendamping_id, usul.penugasan_id)
    return (ids[0], ids[1]) if ids[0] and ids[1] else None


def _build_credit(
    determined: DeterminedCase, rule: CreditRule, recipient: tuple[UUID, UUID], sk: Sk
) -> Credit:
    case, at_sk = determined.case, rule.area_of is CreditArea.FAMILY_AT_SK
    counted_on = sk.sk_on if rule.year_of is CreditYear.SK_ON else sk.announced_on
    return Credit(
        credit_id=uuid7(),
        graduasi_id=case.graduasi_id,
        kode_wilayah=determined.current_area if at_sk else case.opened_in,
        pendamping_id=recipient[0],
        penugasan_id=recipient[1],
        year=counted_on.year,
        exit_reason=case.exit_reason,
        rule_version=rule.version,
        granted_on=sk.sk_on,
    )


async def reverse_credit(session: AsyncSession, case: Graduasi, ground: AnnulmentGround, on: date) -> None:
    """Reverse the credit of an annulled penetapan, if its credit rule says so.

    A second call does nothing.
    """
    statement = (
        sa.select(Credit)
        .join(CreditRule, CreditRule.version == Credit.rule_version)
        .where(
            Credit.graduasi_id == case.graduasi_id,
            Credit.reversed_on.is_(None),
            CreditRule.reversed_by_annulment,
        )
    )
    credit = (await session.scalars(statement.with_for_update(key_share=True, of=Credit))).one_or_none()
    if credit is not None:
        credit.reversed_on = on
        emit(session, CreditReversed.of(credit, reason=ground.value))
