"""Orders of the partner lists, and the office that partners call about a family."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.referral.partner.models import BreakerLimit, Office, OfficeTerms, Partner, PartnerChange
from shared import wilayah

PARTNER_ORDER = (Partner.code,)
PARTNER_CHANGE_ORDER = (PartnerChange.version,)
OFFICE_ORDER = (Office.kode_wilayah,)
BREAKER_LIMIT_ORDER = (BreakerLimit.partner_code,)


async def read_office(session: AsyncSession, kode_wilayah: str) -> OfficeTerms:
    """Return the Dinsos office of the kabupaten.

    Without a recorded contact it has only a name.
    """
    code = ".".join(kode_wilayah.split(".")[:2])
    office = await session.get(Office, code)
    return office or OfficeTerms(kode_wilayah=code, name=default_office_name(code))


def default_office_name(code: str) -> str:
    """Return the name of the office of a kabupaten without a recorded contact."""
    return f"Dinas Sosial {wilayah.name(code) or code}"
