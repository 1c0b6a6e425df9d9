"""Route of the public certificate check, open without a token."""

from datetime import date
from typing import Annotated, Any

from fastapi import Path
from pydantic import Field

from services.graduation.certificate import queries
from services.graduation.certificate.queries import CertificateStatus
from shared.fields import View
from shared.http import Router, Session, open_to_anybody

router = Router(tag="certificate")


class CertificateView(View):
    """Whether a certificate is valid, as a code and as a sentence in both languages."""

    certificate_no: str = Field(examples=["GR-2026-7K2M9QXP4T-C"])
    status: CertificateStatus
    # Clients read this field as `stands`.
    is_valid: bool = Field(alias="stands")
    issued_on: date
    effective_on: date
    en: str
    id: str


@router.get("/certificate/{certificate_no}", response_model=CertificateView)
@open_to_anybody()
async def check_certificate(
    certificate_no: Annotated[str, Path(max_length=60, examples=["GR-2026-7K2M9QXP4T-C"])],
    session: Session,
) -> dict[str, Any]:
    """Return whether the certificate is valid. A mistyped number has its own refusal.

    Capitals, blanks and hyphens of the number do not matter.
    """
    return await queries.read_certificate(session, certificate_no)
