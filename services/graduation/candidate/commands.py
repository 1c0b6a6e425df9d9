"""The candidates, computed from the replicas of families, businesses and memberships."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.candidate.models import UNRANKED, Candidate
from shared.contracts.kinds import DesilScope
from shared.database import raw
from shared.messaging import Received
from shared.transaction import context_of
from shared.wilayah import KABKOTA_LENGTH

COLUMNS = list(Candidate.model_fields)
NEW = [name for name in COLUMNS if name != "kepesertaan_id"]


def _rank(scope: DesilScope) -> str:
    """The rank of a family by its newest desil of a scope."""
    newest = f"max(t.snapshot || lpad(t.value::text, 2, '0')) FILTER (WHERE t.scope = '{scope.value}')"
    return f"coalesce({UNRANKED} - right({newest}, 2)::int, {UNRANKED})"


# A family's desil are read once and its usaha once, however many memberships it has; and what says the same as before
# is not touched: a conflict locks its row and writes it to the log, also where nothing is changed then.
KEEP = f"""
INSERT INTO {{schema}}.candidate ({", ".join(COLUMNS)})
SELECT {", ".join(f"n.{name}" for name in COLUMNS)} FROM (
    SELECT m.kepesertaan_id, f.*, m.bansos, m.valid_from AS member_since, m.valid_to AS member_until
    FROM (
        SELECT k.kpm_id, k.kode_wilayah, left(k.kode_wilayah, {KABKOTA_LENGTH}) AS kabkota, k.able_productive,
            k.last_komponen_ends_on, d.*, u.*
        FROM {{schema}}.kpm k
        CROSS JOIN LATERAL (SELECT {_rank(DesilScope.NAS)} AS rank_nas, {_rank(DesilScope.PROV)} AS rank_prov,
            {_rank(DesilScope.KABKOTA)} AS rank_kabkota
            FROM jsonb_to_recordset(k.desil) AS t(scope text, value int, snapshot text)) AS d
        CROSS JOIN LATERAL (SELECT min(started_on) AS usaha_since FROM {{schema}}.usaha WHERE kpm_id = k.kpm_id) AS u
        WHERE k.kpm_id = ANY($1::text::uuid[]) OFFSET 0
    ) AS f JOIN {{schema}}.kepesertaan m ON m.kpm_id = f.kpm_id
) AS n LEFT JOIN {{schema}}.candidate c ON c.kepesertaan_id = n.kepesertaan_id
WHERE ({", ".join(f"c.{name}" for name in NEW)}) IS DISTINCT FROM ({", ".join(f"n.{name}" for name in NEW)})
ON CONFLICT (kepesertaan_id) DO UPDATE SET {", ".join(f"{name} = EXCLUDED.{name}" for name in NEW)}
"""  # noqa: S608 (our own words)


async def recompute_candidates(session: AsyncSession, facts: list[Received[Any]]) -> None:
    """Write what is now known of these families' memberships; a family whose other half has not come has none yet.

    Honours a rebuild: the schema is the one that the session fills.
    """
    schema = context_of(session).schema_of("replica_kpm")
    # Fast path: one statement for the families of a batch (bench: delivery).
    connection = await raw(session)
    await session.flush()
    # As one text: the driver looks at each element of an array, twice.
    families = ",".join(sorted({fact.meta.key for fact in facts}))
    await connection.execute(KEEP.format(schema=schema), f"{{{families}}}")
