"""Property: each day of a family has one PKH dampingan or is in a gap."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories.caseload.hand_over import S, T, advance_days, ketua_tim_token, read_loads, read_today
from tests.factories.caseload.intake import DESA, build_csv, dinsos_token, family, import_file
from tests.factories.services import Running

# Of each day from a family's first dampingan to today: how many of PKH cover it, and how many gaps.
DAYS = """
SELECT day::date AS day,
    (SELECT count(*) FROM dampingan d WHERE d.kpm_id = k.kpm_id AND d.valid @> day::date) AS covered,
    (SELECT count(*) FROM dampingan_gap g WHERE g.kpm_id = k.kpm_id AND g.since <= day::date
        AND coalesce(g.until > day::date, true)) AS alone
FROM (SELECT kpm_id, min(lower(valid)) AS first FROM dampingan GROUP BY kpm_id) AS k
CROSS JOIN LATERAL generate_series(k.first, $1::date, interval '1 day') AS day
"""
WEIGHING = """
SELECT penugasan_id::text, count(*) FROM dampingan WHERE NOT ended AND purpose = 'PENDAMPINGAN' GROUP BY 1
"""
PLACES = {"s": S, "t": T}
places = st.sampled_from("st")
acts = st.one_of(
    st.tuples(st.just("assign"), places, st.integers(-5, 3)),
    st.tuples(st.just("end"), places, st.integers(-4, 4)),
    st.tuples(st.just("hand_over"), places, st.integers(-4, 3)),
    st.tuples(st.just("wait"), places, st.integers(1, 6)),
)


async def perform_act(service: Running, kpm_id: str, what: str, place: str, days: int) -> None:
    """Send one request as an official. Refusals are accepted, server errors are not."""
    on, to = await read_today(service) + timedelta(days=days), PLACES[place]
    if what == "wait":
        await advance_days(service, days)
        answer = None
    elif what == "assign":
        body: dict[str, Any] = {"kpm_id": kpm_id, "penugasan_id": to, "valid_from": str(on)}
        answer = await service.post("/v1/dampingan", body, as_=dinsos_token(service))
    elif what == "end":
        rows = await service.sql("SELECT dampingan_id FROM dampingan WHERE kpm_id = $1 AND NOT ended", kpm_id)
        body = {"valid_to": str(on), "reason": "PINDAH_TUGAS"}
        path = f"/v1/dampingan/{rows[0]['dampingan_id']}/end" if rows else ""
        answer = await service.post(path, body, as_=ketua_tim_token(service)) if rows else None
    else:
        body = {"from_penugasan_id": to, "to_penugasan_id": S if to == T else T, "kode_wilayah": DESA}
        body |= {"on": str(on), "reason": "Pembagian wilayah."}
        answer = await service.post("/v1/hand-over", body, as_=ketua_tim_token(service))
    assert answer is None or answer.status_code in {200, 201, 202, 409, 422}, answer.text
    await service.work()


@pytest.mark.timeout(400)
@settings(
    max_examples=12,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(done=st.lists(acts, min_size=4, max_size=12))
async def test_each_day_is_covered_once_or_is_a_gap(
    kendal_caseload: Running, done: list[tuple[str, str, int]]
) -> None:
    number = len(await kendal_caseload.sql("SELECT FROM kpm")) + 1
    before = {row["kpm_id"] for row in await kendal_caseload.sql("SELECT kpm_id FROM kpm")}
    await import_file(kendal_caseload, build_csv(family(number, 1)))
    (kpm_id,) = {row["kpm_id"] for row in await kendal_caseload.sql("SELECT kpm_id FROM kpm")} - before
    for what, place, days in done:
        await perform_act(kendal_caseload, str(kpm_id), what, place, days)
    days = await kendal_caseload.sql(DAYS, await read_today(kendal_caseload))
    assert [tuple(row) for row in days if row["covered"] + row["alone"] != 1] == []
    counted = {row["penugasan_id"]: row["count"] for row in await kendal_caseload.sql(WEIGHING)}
    assert {place: n for place, n in (await read_loads(kendal_caseload)).items() if n} == counted
