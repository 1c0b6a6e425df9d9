"""Commands that grant and reverse the credit of a penetapan (docs/case-lifecycle.md#credit)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.assessment.models import Usul
from services.graduation.case.models import Graduasi
from services.graduation.credit.models import Credit, CreditState
from services.graduation.credit.rules import find_counted
from services.graduation.decree.models import Sk
from services.graduation.objection.models.annulment import AnnulmentGround
from services.graduation.policy.models.credit_rule import CreditArea, CreditedTo, CreditRule, CreditYear
from services.graduation.policy.models.policy import Policy
from shared.contracts.graduation import CreditGranted, CreditReversed
from shared.database import uuid7
from shared.messaging import emit

# A lock for each of 1024 groups of families, so that a large SK takes no more locks than PostgreSQL has.
LOCK_FAMILIES = sa.text(
    "SELECT pg_advisory_xact_lock(hashtextextended('pilar credit ' || number, 0)) FROM (SELECT DISTINCT"
    " hashtext(id::text) & 1023 AS number FROM unnest(CAST(:kpm_ids AS uuid[])) AS id ORDER BY 1) AS numbers"
)


@dataclass(frozen=True, slots=True)
class DeterminedCase:
    """A determined case with the rows that a credit rule needs.

    `current_area` is where the family lives when the SK is recorded.
    """

    case: Graduasi
    policy: Policy
    usul: Usul
    current_area: str


async def grant_credits(
    session: AsyncSession, determined: Sequence[DeterminedCase], sk: Sk, on: date
) -> None:
    """Store the credit of each determined case whose policy counts, by the policy's credit rule.

    It is granted unless another penetapan of the family counts in the year.
    """
    versions = {one.policy.credit_rule_version for one in determined if one.policy.counts}
    rows = await session.scalars(sa.select(CreditRule).where(CreditRule.version.in_(versions)))
    rules = {rule.version: rule for rule in rows}
    stored: list[Credit] = []
    for one in determined:
        rule = rules.get(one.policy.credit_rule_version)
        recipient = find_recipient(one.usul, rule) if rule and one.policy.counts else None
        if rule is not None and recipient is not None:
            stored.append(_build_credit(one, rule, recipient, sk))
    if stored:
        standing = await lock_standing(session, {credit.kpm_id for credit in stored})
        await settle_credits(session, [*standing, *stored], on)
        session.add_all(stored)


async def lock_standing(session: AsyncSession, kpm_ids: Collection[UUID]) -> Sequence[Credit]:
    """Lock the credits of families against other decisions, and return those that are not reversed."""
    await session.execute(LOCK_FAMILIES, {"kpm_ids": list(kpm_ids)})
    given = sa.any_(sa.literal(list(kpm_ids), sa.ARRAY(sa.Uuid())))
    statement = sa.select(Credit).where(Credit.kpm_id == given, Credit.state != CreditState.REVERSED)
    return (await session.scalars(statement.execution_options(populate_existing=True))).all()


async def settle_credits(session: AsyncSession, standing: Sequence[Credit], on: date) -> None:
    """Grant the credits of families that count now, and revoke those that no longer count.

    Revoked ones are written first, because an index allows one granted credit of a family and year.
    """
    counted = find_counted(standing)
    taken = [one for one in standing if one.state is CreditState.GRANTED and one.graduasi_id not in counted]
    for credit in taken:
        credit.transition_to(CreditState.FAMILY_COUNTED, on)
        emit(session, CreditReversed.of(credit, reason=CreditState.FAMILY_COUNTED.value))
    if taken:
        await session.flush()
    for credit in standing:
        if credit.graduasi_id in counted and credit.state is not CreditState.GRANTED:
            credit.transition_to(CreditState.GRANTED, on)
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
        kpm_id=case.kpm_id,
        state=CreditState.FAMILY_COUNTED,
        unit=rule.unit,
        sk_on=sk.sk_on,
        decree_id=sk.sk_id,
        kode_wilayah=determined.current_area if at_sk else case.opened_in,
        pendamping_id=recipient[0],
        penugasan_id=recipient[1],
        year=counted_on.year,
        exit_reason=case.exit_reason,
        rule_version=rule.version,
    )


async def reverse_credit(session: AsyncSession, case: Graduasi, ground: AnnulmentGround, on: date) -> None:
    """Reverse the credit of an annulled penetapan, if its credit rule says so.

    The family's next penetapan of the year is credited then. A second call does nothing.
    """
    standing = await lock_standing(session, [case.kpm_id])
    credit = next((one for one in standing if one.graduasi_id == case.graduasi_id), None)
    if credit is None:
        return
    if credit.state is CreditState.GRANTED:
        if not (await session.get_one(CreditRule, credit.rule_version)).reversed_by_annulment:
            return
        emit(session, CreditReversed.of(credit, reason=ground.value))
    credit.transition_to(CreditState.REVERSED, on)
    await session.flush()
    await settle_credits(session, [one for one in standing if one is not credit], on)


async def redate_credits(session: AsyncSession, sk: Sk, kpm_ids: Collection[UUID], on: date) -> None:
    """Move the credits of a corrected SK to its date, and settle them again.

    A credit of a rule by the year of the announcement stays in its year.
    """
    standing = await lock_standing(session, kpm_ids)
    moved = [one for one in standing if one.decree_id == sk.sk_id and one.sk_on != sk.sk_on]
    for credit in moved:
        rule = await session.get_one(CreditRule, credit.rule_version)
        if credit.state is CreditState.GRANTED:
            emit(session, CreditReversed.of(credit, reason="SK_CORRECTED"))
            credit.transition_to(CreditState.FAMILY_COUNTED, on)
        credit.sk_on = sk.sk_on
        credit.year = sk.sk_on.year if rule.year_of is CreditYear.SK_ON else credit.year
    if moved:
        await session.flush()
        await settle_credits(session, standing, on)
