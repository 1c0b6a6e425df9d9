"""The order of the consent texts, and the consent to an offer."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.consent.errors import ConsentMissing
from services.referral.consent.models import Consent, ConsentText
from services.referral.rujukan.models import RujukanProgram
from shared.database import vault_of
from shared.errors import NotFound
from shared.privacy import open_texts

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


def open_reason(session: AsyncSession, consent: Consent) -> dict[str, Any]:
    """Return a consent with the reason of its withdrawal in clear text."""
    names, consent_id = ("withdrawn_reason",), consent.consent_id
    return open_texts(vault_of(session), dict(consent), names, table="consent", row_id=consent_id)


async def require_consent(session: AsyncSession, row: RujukanProgram) -> Consent:
    """Return the consent in force of an offer.

    Raises:
        ConsentMissing
    """
    given = sa.select(Consent).where(Consent.rujukan_program_id == row.rujukan_program_id)
    consent = await session.scalar(given)
    if consent is None or not consent.in_force:
        raise ConsentMissing
    return consent
