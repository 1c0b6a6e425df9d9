"""What is about to be replaced is kept first: where somebody belonged, what a business was."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

ANGGOTA = """
INSERT INTO anggota_past (anggota_past_id, kpm_id, anggota_id, relation, end_reason, valid)
SELECT uuidv7(), kpm_id, anggota_id, relation, end_reason, daterange(joined_on, left_on) FROM kpm_anggota
WHERE anggota_id = ANY($1) AND left_on > joined_on
"""
USAHA = """
INSERT INTO usaha_past (usaha_id, version, kpm_id, sector, started_on, omzet_rp, has_nib, has_letter, as_of, recorded_at)
SELECT usaha_id, version, kpm_id, sector, started_on, omzet_rp, nib_sealed IS NOT NULL, has_letter, as_of, recorded_at
FROM usaha WHERE usaha_id = ANY($1)
"""


async def keep_anggota(connection: Any, anggota_ids: Sequence[UUID]) -> None:
    """Keep the days of those who had left and now belong somewhere again."""
    await connection.execute(ANGGOTA, anggota_ids)


async def keep_usaha(connection: Any, usaha_ids: Sequence[UUID]) -> None:
    """Keep businesses as they are, before they are revised."""
    await connection.execute(USAHA, usaha_ids)
