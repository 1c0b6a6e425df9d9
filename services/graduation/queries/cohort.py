"""What became of the families of a year: determined, in effect, undone, seen and still out, helped (chain.md 3)."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.models import MonitoringRule
from shared import clock

MONTHS = sa.select(sa.func.unnest(MonitoringRule.survival_months)).distinct()
# One row a case of the year; row security has narrowed it to the caller's areas.
CASES = """
WITH cohort AS MATERIALIZED (
    SELECT g.graduasi_id, g.exit_reason, p.effective_on,
        g.state = 'DIPULIHKAN' AS annulled, c.certificate_no IS NOT NULL AND g.state <> 'DIPULIHKAN' AS effective
    FROM sk JOIN penetapan p USING (sk_id) JOIN graduasi g USING (graduasi_id)
    LEFT JOIN certificate c USING (graduasi_id)
    WHERE sk.sk_on >= make_date(CAST(:year AS int), 1, 1) AND sk.sk_on < make_date(CAST(:year AS int) + 1, 1, 1)
    AND (CAST(:area AS text) IS NULL
        OR (p.kode_wilayah >= CAST(:area AS text) AND p.kode_wilayah < CAST(:area AS text) || '/'))
)
"""
COUNTS = sa.text(
    CASES  # noqa: S608 (our own words)
    + """, aid AS (
    SELECT r.graduasi_id, bool_or(r.sent_on IS NOT NULL) AS sent,
        bool_or(r.answer = 'DISETUJUI' OR r.delivered_on IS NOT NULL) AS accepted,
        bool_or(r.delivered_on IS NOT NULL) AS delivered,
        coalesce(sum(r.amount_rp) FILTER (WHERE r.delivered_on IS NOT NULL), 0) AS amount_rp
    FROM cohort JOIN replica_rujukan.rujukan_program r USING (graduasi_id) GROUP BY r.graduasi_id
)
SELECT exit_reason, count(*) AS determined, count(*) FILTER (WHERE annulled) AS annulled,
    count(*) FILTER (WHERE effective) AS effective, count(*) FILTER (WHERE sent) AS sent,
    count(*) FILTER (WHERE accepted) AS accepted, count(*) FILTER (WHERE delivered) AS delivered,
    coalesce(sum(amount_rp), 0)::bigint AS amount_rp
FROM cohort LEFT JOIN aid USING (graduasi_id) GROUP BY exit_reason ORDER BY exit_reason"""
)
SURVIVAL = sa.text(
    CASES  # noqa: S608 (our own words)
    + """, fallen AS (
    SELECT t.graduasi_id, t.month FROM cohort JOIN monitoring_task t USING (graduasi_id) WHERE t.confirms_relapse
)
SELECT c.exit_reason, m.month, count(*) AS reached,
    count(*) FILTER (WHERE t.recorded_on IS NOT NULL OR f.month <= m.month) AS seen,
    count(*) FILTER (WHERE t.still_out AND (f.month IS NULL OR f.month > m.month)) AS still_out
FROM cohort c CROSS JOIN unnest(CAST(:months AS int[])) AS m(month)
LEFT JOIN monitoring_task t ON t.graduasi_id = c.graduasi_id AND t.month = m.month AND t.kind <> 'LAPORAN'
LEFT JOIN fallen f ON f.graduasi_id = c.graduasi_id
WHERE c.effective AND c.effective_on + make_interval(months => m.month) <= CAST(:today AS date)
GROUP BY c.exit_reason, m.month ORDER BY c.exit_reason, m.month"""
)


async def cohort(session: AsyncSession, year: int, kode_wilayah: str | None) -> dict[str, Any]:
    """Return the families determined in SK of a year, per exit reason, in the caller's areas or one below them.

    Of those in effect it says at each month of survival how many have come so far, were seen, and were still out; a
    family whose relapse is confirmed counts as seen, and as out no more. Money in rupiah.
    """
    months = sorted((await session.scalars(MONTHS)).all())
    asked = {"year": year, "area": kode_wilayah}
    rows = (await session.execute(COUNTS, asked)).mappings().all()
    seen = await session.execute(SURVIVAL, {**asked, "months": months, "today": await clock.today(session)})
    after = {(row.exit_reason, row.month): row for row in seen}
    return {
        "year": year,
        "kode_wilayah": kode_wilayah,
        "items": [
            {
                **row,
                "survival": [_survival(after.get((row["exit_reason"], month)), month) for month in months],
            }
            for row in rows
        ],
    }


def _survival(row: Any, month: int) -> dict[str, int]:
    return {
        "month": month,
        "reached": row.reached if row else 0,
        "seen": row.seen if row else 0,
        "still_out": row.still_out if row else 0,
    }
