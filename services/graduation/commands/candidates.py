"""The rows that candidates are found by, written anew from the replicas' own rows whenever one of those has changed."""

from collections.abc import Iterable
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.graduation.models import UNRANKED, Candidate, Kepesertaan, Kpm, Usaha
from shared.contracts.kinds import DesilScope

# The code of a kabupaten or kota: `33.24`.
KABKOTA = 5


def rank(scope: DesilScope) -> Any:
    """The rank of a family by its newest desil of a scope."""
    told = sa.func.jsonb_array_elements(Kpm.desil).table_valued(sa.column("value", JSONB), name="told")
    newest = (
        sa.select(UNRANKED - told.c.value["value"].as_integer())
        .where(told.c.value["scope"].astext == scope.value)
        .order_by(told.c.value["snapshot"].astext.desc())
        .limit(1)
        .scalar_subquery()
    )
    return sa.func.coalesce(newest, UNRANKED)


TABLE = cast("sa.Table", Candidate.__table__)
COLUMNS = {
    "kepesertaan_id": Kepesertaan.kepesertaan_id,
    "kpm_id": Kpm.kpm_id,
    "kode_wilayah": Kpm.kode_wilayah,
    "kabkota": sa.func.left(Kpm.kode_wilayah, KABKOTA),
    "bansos": Kepesertaan.bansos,
    "member_since": Kepesertaan.valid_from,
    "member_until": Kepesertaan.valid_to,
    "able_productive": Kpm.able_productive,
    "last_komponen_ends_on": Kpm.last_komponen_ends_on,
    "rank_nas": rank(DesilScope.NAS),
    "rank_prov": rank(DesilScope.PROV),
    "rank_kabkota": rank(DesilScope.KABKOTA),
    "usaha_since": sa.select(sa.func.min(Usaha.started_on))
    .where(Usaha.kpm_id == Kpm.kpm_id)
    .scalar_subquery(),
}
FOUND = (
    sa.select(*(column.label(name) for name, column in COLUMNS.items()))
    .select_from(Kpm)
    .join(Kepesertaan, Kepesertaan.kpm_id == Kpm.kpm_id)
)


async def keep_candidates(session: AsyncSession, kpm_ids: Iterable[object]) -> None:
    """Write what is now known of these families' memberships; a family whose other half has not come has none yet."""
    ids = sa.literal(sorted({UUID(str(one)) for one in kpm_ids}), sa.ARRAY(sa.Uuid()))
    row = insert(TABLE).from_select(list(COLUMNS), FOUND.where(Kpm.kpm_id == sa.any_(ids)))
    new = {name: row.excluded[name] for name in COLUMNS if name != "kepesertaan_id"}
    changed = sa.tuple_(*(TABLE.c[name] for name in new)).is_distinct_from(sa.tuple_(*new.values()))
    await session.execute(
        row.on_conflict_do_update(index_elements=["kepesertaan_id"], set_=new, where=changed)
    )
