"""Orders of the partner lists, and the office that partners call about a family."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.partner.models import BreakerLimit, Office, OfficeTerms, Partner
from shared import wilayah

PARTNER_ORDER = (Partner.code,)
BREAKER_LIMIT_ORDER = (BreakerLimit.partner_code,)


async def office_of(session: AsyncSession, kode_wilayah: str) -> OfficeTerms:
    """Return the Dinsos office of the kabupaten; by its area's name alone where nobody has given its contact."""
    code = ".".join(kode_wilayah.split(".")[:2])
    office = await session.get(Office, code)
    return office or OfficeTerms(kode_wilayah=code, name=default_office_name(code))


def default_office_name(code: str) -> str:
    """Return how the office of a kabupaten is named where nobody has given its contact."""
    return f"Dinas Sosial {wilayah.name(code) or code}"
