"""Queries of SK and penetapan, and the counts that are compared between services."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.case.models import Graduasi, GraduasiState
from services.graduation.certificate.models import Certificate
from services.graduation.credit.models import Credit, CreditState
from services.graduation.decree.models import (
    NUMBER_KEY,
    Penetapan,
    PenetapanFields,
    Sk,
    SkCorrection,
    SkRule,
    SkView,
)
from services.graduation.visibility import listed_for, visible_to
from shared.access import Actor, Scope
from shared.areas import in_areas
from shared.errors import NotFound
from shared.text import normalize_number

MAX_PENETAPAN = 200
COUNTS = ("determined", "annulled", "effective", "credited")
PENETAPAN_COLUMNS = (
    *(getattr(Penetapan, name) for name in PenetapanFields.model_fields),
    Sk.sk_no,
    Sk.sk_on,
    Certificate.certificate_no,
)


def select_penetapan() -> Any:
    """Select penetapan, each with its SK and its certificate."""
    return (
        sa.select(*PENETAPAN_COLUMNS)
        .join(Sk, Sk.sk_id == Penetapan.sk_id)
        .outerjoin(Certificate, Certificate.graduasi_id == Penetapan.graduasi_id)
    )


async def select_penetapan_of_sk(session: AsyncSession, actor: Actor, sk_id: UUID) -> Any:
    """Select the penetapan of an SK that the actor may see."""
    return (
        select_penetapan()
        .join(Graduasi, Graduasi.graduasi_id == Penetapan.graduasi_id)
        .where(Penetapan.sk_id == sk_id, await visible_to(session, actor))
    )


@dataclass(frozen=True, slots=True)
class SkFilter:
    """The year of an SK's date, and its number, however it is written."""

    year: int | None
    sk_no: str | None


async def select_sk(session: AsyncSession, actor: Actor, filters: SkFilter) -> Any:
    """Select SK with a penetapan that the actor may see.

    A national actor sees every SK.
    """
    statement = sa.select(*(getattr(Sk, name) for name in SkView.model_fields))
    if actor.scope is not Scope.NATIONAL:
        seen = sa.select(Penetapan.graduasi_id).join(Graduasi, Graduasi.graduasi_id == Penetapan.graduasi_id)
        condition = await listed_for(session, actor)
        statement = statement.where(seen.where(Penetapan.sk_id == Sk.sk_id, condition).exists())
    if filters.year is not None:
        first, after = date(filters.year, 1, 1), date(filters.year + 1, 1, 1)
        statement = statement.where(Sk.sk_on >= first, Sk.sk_on < after)
    if filters.sk_no is not None:
        number = sa.literal_column(NUMBER_KEY)
        statement = statement.where(number == normalize_number(filters.sk_no))
    return statement


async def read_sk(session: AsyncSession, actor: Actor, sk_id: UUID) -> dict[str, Any]:
    """Return an SK with the first penetapan that the actor may see.

    Raises:
        NotFound: The SK does not exist, or the actor sees none of its penetapan and has no national scope.
    """
    statement = await select_penetapan_of_sk(session, actor, sk_id)
    statement = statement.order_by(Penetapan.graduasi_id).limit(MAX_PENETAPAN)
    rows = (await session.execute(statement)).mappings().all()
    sk = await session.get(Sk, sk_id) if rows or actor.scope is Scope.NATIONAL else None
    if sk is None:
        raise NotFound("sk")
    fields = {name: getattr(sk, name) for name in SkView.model_fields}
    before = sa.select(SkCorrection).where(SkCorrection.sk_id == sk_id).order_by(SkCorrection.correction_id)
    corrections = (await session.scalars(before)).all()
    return {**fields, "corrections": corrections, "penetapan": [dict(row) for row in rows]}


async def read_sk_rule(session: AsyncSession, on: date) -> SkRule:
    """Return the rule for the dates of an SK that is entered on a date."""
    statement = sa.select(SkRule).where(SkRule.valid_from <= on).order_by(SkRule.valid_from.desc()).limit(1)
    return (await session.scalars(statement)).one()


async def read_numbers(
    session: AsyncSession,
    actor: Actor,
    kpm_ids: Sequence[UUID] | None,
    pendamping_ids: Sequence[UUID] | None,
) -> dict[str, dict[str, int]]:
    """Count cases and their credits per exit reason in the actor's areas (docs/case-lifecycle.md#counts).

    They are those of the given families, without families those that the given pendamping proposed.
    """
    annulled = Graduasi.state == GraduasiState.DIPULIHKAN
    effective = sa.and_(Certificate.certificate_no.is_not(None), sa.not_(annulled))
    statement = (
        sa.select(
            Graduasi.exit_reason,
            sa.func.count(),
            sa.func.count().filter(annulled),
            sa.func.count().filter(effective),
            sa.func.count().filter(Credit.state == CreditState.GRANTED),
        )
        .join(Penetapan, Penetapan.graduasi_id == Graduasi.graduasi_id)
        .outerjoin(Certificate, Certificate.graduasi_id == Graduasi.graduasi_id)
        .outerjoin(Credit, Credit.graduasi_id == Graduasi.graduasi_id)
        .where(in_areas(Graduasi.kode_wilayah, actor.areas))
        .group_by(Graduasi.exit_reason)
        .order_by(Graduasi.exit_reason)
    )
    if kpm_ids is not None:
        statement = statement.where(Graduasi.kpm_id.in_(kpm_ids))
    elif pendamping_ids is not None:
        statement = statement.where(Penetapan.pendamping_id.in_(pendamping_ids))
    rows = (await session.execute(statement)).all()
    return {str(row[0]): dict(zip(COUNTS, row[1:], strict=True)) for row in rows}
