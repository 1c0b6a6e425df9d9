"""Computation of candidates from the replicas of families, businesses and memberships."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.candidate.models import UNRANKED, Candidate
from shared.contracts.kinds import DesilScope
from shared.database import raw
from shared.messaging import Received
from shared.transaction import context_of
from shared.wilayah import KABKOTA_LENGTH

COLUMNS = list(Candidate.model_fields)
VALUE_COLUMNS = [name for name in COLUMNS if name != "kepesertaan_id"]


def _rank_sql(scope: DesilScope) -> str:
    newest = f"max(t.snapshot || lpad(t.value::text, 2, '0')) FILTER (WHERE t.scope = '{scope.value}')"
    return f"coalesce({UNRANKED} - right({newest}, 2)::int, {UNRANKED})"


# The former family of a business that moved with its owner to another family.
FORMER_FAMILIES = "SELECT kpm_id FROM {schema}.candidate WHERE usaha_id = ANY($1::text::uuid[])"
# The desil and the usaha of a family are read once for all its memberships. A membership ends with the family at the
# latest. Unchanged rows are filtered out before the INSERT: ON CONFLICT would lock each row and write it to the WAL,
# even without a change.
UPSERT_CANDIDATES = f"""
INSERT INTO {{schema}}.candidate ({", ".join(COLUMNS)})
SELECT {", ".join(f"n.{name}" for name in COLUMNS)} FROM (
    SELECT m.kepesertaan_id, f.*, m.bansos, m.valid_from AS member_since,
        (m.valid_from - coalesce((SELECT sum(age(e.valid_to::timestamp, e.valid_from::timestamp)) FROM {{schema}}.kepesertaan e
            WHERE e.kpm_id = m.kpm_id AND e.bansos = m.bansos AND e.valid_to <= m.valid_from), '0'))::date AS counted_since,
        least(m.valid_to, f.ended_on) AS member_until
    FROM (
        SELECT k.kpm_id, k.kode_wilayah, left(k.kode_wilayah, {KABKOTA_LENGTH}) AS kabkota, k.able_productive, k.lansia, k.disabilitas,
            k.last_komponen_ends_on, k.ended_on, d.*, u.*
        FROM {{schema}}.kpm k
        CROSS JOIN LATERAL (SELECT {_rank_sql(DesilScope.NAS)} AS rank_nas, {_rank_sql(DesilScope.PROV)} AS rank_prov,
            {_rank_sql(DesilScope.KABKOTA)} AS rank_kabkota
            FROM jsonb_to_recordset(k.desil) AS t(scope text, value int, snapshot text)) AS d
        LEFT JOIN LATERAL (SELECT usaha_id, started_on AS usaha_since FROM {{schema}}.usaha
            WHERE kpm_id = k.kpm_id AND ended_on IS NULL ORDER BY started_on, usaha_id LIMIT 1) AS u ON true
        WHERE k.kpm_id = ANY($1::text::uuid[]) OFFSET 0
    ) AS f JOIN {{schema}}.kepesertaan m ON m.kpm_id = f.kpm_id
) AS n LEFT JOIN {{schema}}.candidate c ON c.kepesertaan_id = n.kepesertaan_id
WHERE ({", ".join(f"c.{name}" for name in VALUE_COLUMNS)})
    IS DISTINCT FROM ({", ".join(f"n.{name}" for name in VALUE_COLUMNS)})
ON CONFLICT (kepesertaan_id) DO UPDATE SET {", ".join(f"{name} = EXCLUDED.{name}" for name in VALUE_COLUMNS)}
"""  # noqa: S608 (no user input)


async def recompute_candidates(session: AsyncSession, events: list[Received[Any]]) -> None:
    """Upsert the candidates of the families of a batch of events.

    A membership becomes a candidate row once both the family and the membership have been replicated.
    """
    # During a rebuild the session fills another schema.
    schema = context_of(session).schema_of("replica_kpm")
    # Fast path: one statement for the families of a batch (bench: delivery).
    connection = await raw(session)
    await session.flush()
    kpm_ids = {event.meta.key for event in events}
    if usaha_ids := {str(event.fields["usaha_id"]) for event in events if "usaha_id" in event.fields}:
        rows = await connection.fetch(FORMER_FAMILIES.format(schema=schema), _to_array(usaha_ids))
        kpm_ids |= {str(row["kpm_id"]) for row in rows}
    await connection.execute(UPSERT_CANDIDATES.format(schema=schema), _to_array(kpm_ids))


def _to_array(ids: set[str]) -> str:
    # One text, because the driver encodes each element of an array separately.
    return f"{{{','.join(sorted(ids))}}}"
