"""The public check of a certificate: anybody may ask, and learns nothing of the family."""

from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.case.models import EFFECTIVE, GraduasiState
from services.graduation.certificate.errors import CertificateMistyped
from services.graduation.certificate.models import is_well_typed
from shared.errors import NotFound


class CertificateStatus(StrEnum):
    """Whether the exit on a piagam stands, is objected to, or was undone."""

    STANDS = "STANDS"
    SUSPENDED = "SUSPENDED"
    ANNULLED = "ANNULLED"


SAID = {
    CertificateStatus.STANDS: (
        "This certificate stands.",
        "Piagam ini berlaku.",
    ),
    CertificateStatus.SUSPENDED: (
        "This certificate is suspended: an objection is being decided. Ask again later.",
        "Piagam ini ditangguhkan: sanggah sedang diputus. Periksa kembali kemudian.",
    ),
    CertificateStatus.ANNULLED: (
        "This certificate does not stand any more: the decision behind it was undone.",
        "Piagam ini tidak berlaku lagi: keputusan yang mendasarinya telah dipulihkan.",
    ),
}


async def certificate(session: AsyncSession, certificate_no: str) -> dict[str, Any]:
    """Return whether an exit stands, by the number on its piagam.

    Raises:
        CertificateMistyped: the check sign is wrong. NotFound: no such certificate was issued.
    """
    if not is_well_typed(certificate_no):
        raise CertificateMistyped("/path/certificate_no")
    shown = sa.text("SELECT certificate_no, issued_on, effective_on, state FROM certificate_shown(:no)")
    row = (await session.execute(shown, {"no": certificate_no})).one_or_none()
    if row is None:
        raise NotFound("certificate")
    status = status_of(GraduasiState(row.state))
    en, id_ = SAID[status]
    return {
        "certificate_no": row.certificate_no,
        "status": status,
        "stands": status is CertificateStatus.STANDS,
        "issued_on": row.issued_on,
        "effective_on": row.effective_on,
        "en": en,
        "id": id_,
    }


def status_of(state: GraduasiState) -> CertificateStatus:
    """Return what a case's state means for its certificate."""
    if state in EFFECTIVE:
        return CertificateStatus.STANDS
    return CertificateStatus.SUSPENDED if state is GraduasiState.DISANGGAH else CertificateStatus.ANNULLED
