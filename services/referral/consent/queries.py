"""The order of the consent texts, and the consent to an offer."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.consent.models import Consent, ConsentText
from shared.errors import NotFound

CONSENT_TEXT_ORDER = (ConsentText.version,)


async def read_consent(session: AsyncSession, rujukan_program_id: UUID) -> Consent:
    """Return the consent to an offer.

    Raises:
        NotFound
    """
    statement = sa.select(Consent).where(Consent.rujukan_program_id == rujukan_program_id)
    consent = await session.scalar(statement)
    if consent is None:
        raise NotFound("consent")
    return consent
