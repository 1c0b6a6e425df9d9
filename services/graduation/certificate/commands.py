"""Command that issues a certificate."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.case.models import Graduasi
from services.graduation.certificate.models import Certificate, new_certificate_no


async def issue_certificate(session: AsyncSession, case: Graduasi, on: date) -> Certificate | None:
    """Issue the certificate of a case, or return None if the case has one."""
    statement = sa.select(Certificate.certificate_no).where(Certificate.graduasi_id == case.graduasi_id)
    if await session.scalar(statement) is not None:
        return None
    certificate = Certificate(
        certificate_no=new_certificate_no(on),
        graduasi_id=case.graduasi_id,
        kode_wilayah=case.kode_wilayah,
        issued_on=on,
    )
    session.add(certificate)
    return certificate
