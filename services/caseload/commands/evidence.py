import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.caseload.errors.family import EvidenceUnknown
from shared import schema


async def require_evidence(session: AsyncSession, sha256: str) -> None:
    """Accept evidence that this service holds.

    Raises:
        EvidenceUnknown: it was not uploaded here.
    """
    known = sa.select(schema.file.c.sha256).where(schema.file.c.sha256 == sha256)
    if await session.scalar(known) is None:
        raise EvidenceUnknown("/body/evidence_sha256")
