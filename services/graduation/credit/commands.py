"""What a penetapan counts, and that it counts no longer: a version of the rule is a row (chain.md 4)."""

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
class Counted:
    """A determined case, with what the rule looks at; `area_now` is the family's on the SK's date."""

    case: Graduasi
    policy: Policy
    usul: Usul
    area_now: str


async def grant_credits(session: AsyncSession, counted: Sequence[Counted], sk: Sk) -> None:
    """Count each determined case once, where its policy counts it, under the rule's version of its policy."""
    versions = {one.policy.credit_rule_version for one in counted if one.policy.counts}
    found = await session.scalars(sa.select(CreditRule).where(CreditRule.version.in_(versions)))
    rules = {rule.version: rule for rule in found}
    for one in counted:
        rule = rules.get(one.policy.credit_rule_version)
        holder = credited_to(one.usul, rule) if rule and one.policy.counts else None
        if rule is not None and holder is not None:
            credit = _credit(one, rule, holder, sk)
            session.add(credit)
            emit(session, CreditGranted.of(credit))


def credited_to(usul: Usul, rule: CreditRule) -> tuple[UUID, UUID] | None:
    """Return the (pendamping_id, penugasan_id) of a proposal; an official who proposed has no placement to count to."""
    if rule.credited is CreditedTo.PROPOSER:
        held = (usul.proposer_pendamping_id, usul.proposer_penugasan_id)
    else:
        held = (usul.pendamping_id, usul.penugasan_id)
    return (held[0], held[1]) if held[0] and held[1] else None


def _credit(one: Counted, rule: CreditRule, holder: tuple[UUID, UUID], sk: Sk) -> Credit:
    dated = sk.sk_on if rule.year_of is CreditYear.SK_ON else sk.announced_on
    return Credit(
        credit_id=uuid7(),
        graduasi_id=one.case.graduasi_id,
        kode_wilayah=one.area_now if rule.area_of is CreditArea.FAMILY_AT_SK else one.case.opened_in,
        pendamping_id=holder[0],
        penugasan_id=holder[1],
        year=dated.year,
        exit_reason=one.case.exit_reason,
        rule_version=rule.version,
        granted_on=sk.sk_on,
    )


async def reverse_credit(session: AsyncSession, case: Graduasi, ground: AnnulmentGround, on: date) -> None:
    """Let the credit of an undone penetapan count no longer, once, where the rule that gave it says so."""
    given = (
        sa.select(Credit)
        .join(CreditRule, CreditRule.version == Credit.rule_version)
        .where(
            Credit.graduasi_id == case.graduasi_id,
            Credit.reversed_on.is_(None),
            CreditRule.reversed_by_annulment,
        )
    )
    credit = (await session.scalars(given.with_for_update(key_share=True, of=Credit))).one_or_none()
    if credit is not None:
        credit.reversed_on = on
        emit(session, CreditReversed.of(credit, reason=ground.value))
