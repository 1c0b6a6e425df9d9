"""What a penetapan counts, and that it counts no longer: the rule's version is a row (chain.md 4)."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.models import AnnulmentGround, Credit, Graduasi
from shared.contracts.graduation import CreditReversed
from shared.messaging import emit


async def reverse_credit(session: AsyncSession, case: Graduasi, ground: AnnulmentGround, on: date) -> None:
    """Let the credit of an undone penetapan count no longer, once; where none was given nothing is told."""
    given = sa.select(Credit).where(Credit.graduasi_id == case.graduasi_id, Credit.reversed_on.is_(None))
    credit = (await session.scalars(given.with_for_update(key_share=True))).one_or_none()
    if credit is None:
        return
    credit.reversed_on = on
    emit(
        session,
        CreditReversed(
            credit_id=credit.credit_id,
            graduasi_id=credit.graduasi_id,
            pendamping_id=credit.pendamping_id,
            penugasan_id=credit.penugasan_id,
            year=credit.year,
            exit_reason=credit.exit_reason,
            kode_wilayah=credit.kode_wilayah,
            rule_version=credit.rule_version,
            reason=ground.value,
        ),
    )
