"""Answers of partners, and the answer that holds."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.referral.answer.models import PartnerAnswer, PartnerAnswerFacts
from services.referral.visibility import select_columns
from shared.privacy import Vault

ANSWER_ORDER = (PartnerAnswer.partner_answer_id,)


def is_standing() -> sa.ColumnElement[bool]:
    """Return the condition that no correction replaces an answer."""
    correction = aliased(PartnerAnswer)
    replaced = sa.select(correction.corrects_id).where(
        correction.corrects_id == PartnerAnswer.partner_answer_id
    )
    return ~replaced.exists()


async def read_standing_answer(session: AsyncSession, rujukan_program_id: UUID) -> PartnerAnswer | None:
    """Return the latest answer that changed the offer and was not corrected."""
    statement = sa.select(PartnerAnswer).where(
        PartnerAnswer.rujukan_program_id == rujukan_program_id, PartnerAnswer.changed, is_standing()
    )
    return await session.scalar(statement.order_by(PartnerAnswer.partner_answer_id.desc()).limit(1))


async def read_stated_amount(session: AsyncSession, rujukan_program_id: UUID) -> int | None:
    """Return the amount that the partner last stated in an answer, in rupiah."""
    stated = sa.select(PartnerAnswer.amount_rp).where(
        PartnerAnswer.rujukan_program_id == rujukan_program_id,
        PartnerAnswer.changed,
        PartnerAnswer.amount_rp.is_not(None),
    )
    return await session.scalar(stated.order_by(PartnerAnswer.partner_answer_id.desc()).limit(1))


def select_answers(rujukan_program_id: UUID) -> sa.Select[*tuple[Any, ...]]:
    """Select the answers on one offer, with their sealed words."""
    names = [*PartnerAnswerFacts.model_fields, "reason_text_sealed"]
    return select_columns(PartnerAnswer, names).where(PartnerAnswer.rujukan_program_id == rujukan_program_id)


def open_words(row: Mapping[str, Any], vault: Vault) -> dict[str, Any]:
    """Return an answer with its words."""
    sealed = row["reason_text_sealed"]
    place = {"table": "partner_answer", "column": "reason_text_sealed", "row_id": row["partner_answer_id"]}
    facts = {name: row[name] for name in PartnerAnswerFacts.model_fields}
    return facts | {"reason_text": vault.open(sealed, **place) if sealed is not None else None}
