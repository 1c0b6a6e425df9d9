"""Query of the public certificate check. It returns nothing about the family."""

from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.case.models import EFFECTIVE, GraduasiState
from services.graduation.certificate.errors import CertificateMistyped
from services.graduation.certificate.models import as_written, has_valid_check_digit
from shared.errors import NotFound


class CertificateStatus(StrEnum):
    """Whether the exit on a piagam is valid, under objection, or annulled."""

    # Clients read this value as `STANDS`.
    VALID = "STANDS"
    SUSPENDED = "SUSPENDED"
    ANNULLED = "ANNULLED"


STATUS_SENTENCES = {
    CertificateStatus.VALID: (
        "This certificate is valid.",
        "Piagam ini berlaku.",
    ),
    CertificateStatus.SUSPENDED: (
        "This certificate is suspended: an objection is being decided. Check again later.",
        "Piagam ini ditangguhkan: sanggah sedang diputus. Periksa kembali kemudian.",
    ),
    CertificateStatus.ANNULLED: (
        "This certificate is no longer valid: the decision behind it was undone.",
        "Piagam ini tidak berlaku lagi: keputusan yang mendasarinya telah dibatalkan bagi keluarga ini.",
    ),
}


async def read_certificate(session: AsyncSession, certificate_no: str) -> dict[str, Any]:
    """Return the status of a certificate, however its number is typed.

    Raises:
        CertificateMistyped: The check character is wrong.
        NotFound: No certificate with this number was issued.
    """
    certificate_no = as_written(certificate_no)
    if not has_valid_check_digit(certificate_no):
        raise CertificateMistyped("/path/certificate_no")
    statement = sa.text("SELECT certificate_no, issued_on, effective_on, state FROM certificate_shown(:no)")
    row = (await session.execute(statement, {"no": certificate_no})).one_or_none()
    if row is None:
        raise NotFound("certificate")
    status = to_status(GraduasiState(row.state))
    en, id_ = STATUS_SENTENCES[status]
    return {
        "certificate_no": row.certificate_no,
        "status": status,
        "stands": status is CertificateStatus.VALID,
        "issued_on": row.issued_on,
        "effective_on": row.effective_on,
        "en": en,
        "id": id_,
    }


def to_status(state: GraduasiState) -> CertificateStatus:
    """Return the status of a certificate by the state of its case."""
    if state in EFFECTIVE:
        return CertificateStatus.VALID
    return CertificateStatus.SUSPENDED if state is GraduasiState.DISANGGAH else CertificateStatus.ANNULLED
