"""The order of the consent texts, and the consent to an offer."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.consent.models import Consent, ConsentText
from shared.errors import NotFound

CONSENT_TEXT_ORDER = (ConsentText.version,)


async def find_consent(session: AsyncSession, rujukan_program_id: UUID) -> Consent | None:
    """Return the consent to an offer, in force or not, or None."""
    return await session.scalar(sa.select(Consent).where(Consent.rujukan_program_id == rujukan_program_id))


async def read_consent(session: AsyncSession, rujukan_program_id: UUID) -> Consent:
    """Return the consent to an offer.

    Raises:
        NotFound
    """
    consent = await find_consent(session, rujukan_program_id)
    if consent is None:
        raise NotFound("consent")
    return consent
