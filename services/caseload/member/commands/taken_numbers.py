"""Refusals of a NIK or No. KK that is already recorded."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.family.errors import NoKkKnown
from services.caseload.family.models import Kpm, KpmNoKk
from services.caseload.member.errors import NikKnown, NumberNotAccepted
from shared.access import Actor, Permission
from shared.contracts.kinds import FamilyEndReason
from shared.database import insert
from shared.errors import DomainError


def refusal_of_nik(actor: Actor, kpm_id: UUID, owner: UUID | None) -> DomainError:
    """Return the refusal of a NIK that is already recorded.

    Only an actor who may look up the owner gets the real reason. `owner` is the family that has the NIK, None outside
    the actor's areas.
    """
    may_know = may_look_up_owner(actor, kpm_id, owner)
    return NikKnown("/body/nik") if may_know else NumberNotAccepted("/body/nik")


def refusal_of_no_kk(actor: Actor, kpm_id: UUID, owner: UUID | None) -> DomainError:
    """Return the refusal of a No. KK that is already recorded, as in `refusal_of_nik`."""
    may_know = may_look_up_owner(actor, kpm_id, owner)
    return NoKkKnown("/body/no_kk") if may_know else NumberNotAccepted("/body/no_kk")


def may_look_up_owner(actor: Actor, kpm_id: UUID, owner: UUID | None) -> bool:
    """Return whether this family has the number, or the actor may look it up."""
    return owner == kpm_id or (owner is not None and actor.may(Permission.KPM_LOOK_UP))


async def insert_card(session: AsyncSession, actor: Actor, old: Kpm, card: KpmNoKk) -> None:
    """Insert the card, or raise the refusal if another family has it.

    A family whose last member joined another one has no use for its card any more.
    """
    await release_card(session, card)
    refusal = refusal_of_no_kk(actor, old.kpm_id, await read_card_owner(session, card))
    await insert(session, card, ex_kpm_no_kk_one_family=refusal)


async def release_card(session: AsyncSession, card: KpmNoKk) -> None:
    """Release a card from families that ended with BERGABUNG."""
    joined = sa.select(Kpm.kpm_id).where(Kpm.end_reason == FamilyEndReason.BERGABUNG)
    taken = sa.select(KpmNoKk).where(
        KpmNoKk.no_kk_index == card.no_kk_index,
        KpmNoKk.valid.overlaps(card.valid),
        KpmNoKk.kpm_id.in_(joined),
    )
    for row in (await session.scalars(taken.with_for_update(key_share=True))).all():
        row.valid = Range(row.valid_from, max(row.valid_from, card.valid_from))
    await session.flush()


async def read_card_owner(session: AsyncSession, card: KpmNoKk) -> UUID | None:
    """Return the family that has the card, None if row security hides it."""
    same = sa.select(KpmNoKk.kpm_id).where(
        KpmNoKk.no_kk_index == card.no_kk_index, KpmNoKk.valid.overlaps(card.valid)
    )
    return await session.scalar(same.limit(1))
