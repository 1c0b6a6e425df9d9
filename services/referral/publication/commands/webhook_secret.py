"""Rotate the secret of a partner's webhook, by the partner itself, without a gap."""

from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.partner.commands.breaker import reset_breaker
from services.referral.partner.commands.secret import (
    FORMER_TERM,
    drop_former_secret,
    keep_former_secret,
    restore_former_secret,
    set_secret,
)
from services.referral.partner.errors import OneSecretOnly, WebhookMissing
from services.referral.partner.models import Partner
from services.referral.partner_call.commands import schedule_pending_notices
from shared.database import load
from shared.jobs import ScheduledTask, schedule

END_FORMER_SECRET = "partner.end_former_secret"  # noqa: S105 (the name of a task)


class EndedSecret(StrEnum):
    """Which of two secrets ends.

    FORMER: the one from before the rotation. NEWEST: the one that the rotation made; the former stays.
    """

    FORMER = "FORMER"
    NEWEST = "NEWEST"


async def rotate_secret(session: AsyncSession, partner_id: UUID) -> tuple[Partner, str]:
    """Make a new secret, and return it with the partner.

    The former one signs too until its end. While two secrets sign, the newest is replaced, and the former stays.

    Raises:
        WebhookMissing
    """
    partner = await load(session, Partner, partner_id, noun="partner")
    if partner.webhook_url is None:
        raise WebhookMissing
    if partner.former_valid_until is None:
        keep_former_secret(session, partner)
        partner.former_valid_until = until = datetime.now(UTC) + FORMER_TERM
        await schedule(session, END_FORMER_SECRET, until, subject_id=partner_id, clock="real")
    return partner, set_secret(session, partner)


async def end_secret(session: AsyncSession, partner_id: UUID, ended: EndedSecret) -> Partner:
    """End one of two secrets. Pending notices are sent again at once.

    Raises:
        OneSecretOnly
    """
    partner = await load(session, Partner, partner_id, noun="partner")
    if partner.former_valid_until is None:
        raise OneSecretOnly
    if ended is EndedSecret.NEWEST:
        restore_former_secret(session, partner)
    else:
        drop_former_secret(partner)
    await reset_breaker(session, partner_id)
    await schedule_pending_notices(session, partner_id)
    return partner


async def end_former_secret(session: AsyncSession, due: ScheduledTask) -> None:
    """End the former secret of a partner if its time has passed."""
    partner = await load(session, Partner, UUID(due.subject_id))
    until = partner.former_valid_until
    if until is not None and until <= datetime.now(UTC):
        drop_former_secret(partner)
