"""A kepesertaan has at most one open or effective case."""

from itertools import product

import asyncpg
import pytest

from services.graduation.case.models import ENDED_WITHOUT_EXIT, GraduasiState
from tests.factories.services import Running

CASE = (
    "INSERT INTO graduasi (graduasi_id, kpm_id, kepesertaan_id, bansos, exit_reason, kode_wilayah, policy_id,"
    " policy_version, state, postponed_from, outcome, since_on, opened_in, opened_by, opened_at, version)"
    " SELECT uuidv7(), uuidv7(), md5($2::text)::uuid, 'PKH', 'ALAMIAH', '33.24.09.2011', policy_id, version, $1::text,"
    " CASE WHEN $1::text = 'DITUNDA' THEN 'SIAP' END, CASE WHEN $1::text = 'SELESAI' THEN 'BERTAHAN' END, '2026-05-18', '33.24.09.2011', 'x', now(), 1"
    " FROM policy WHERE exit_reason = 'ALAMIAH'"
)


async def test_two_cases_need_one_that_ended_without_an_exit(graduation: Running) -> None:
    accepted: set[tuple[GraduasiState, GraduasiState]] = set()
    refused_by: set[str | None] = set()
    for one, other in product(GraduasiState, repeat=2):
        await graduation.sql(CASE, one.value, f"{one} {other}")
        try:
            await graduation.sql(CASE, other.value, f"{one} {other}")
        except asyncpg.UniqueViolationError as error:
            refused_by.add(error.constraint_name)
        else:
            accepted.add((one, other))
    assert refused_by == {"uq_graduasi_one_case"}
    assert accepted == {pair for pair in product(GraduasiState, repeat=2) if set(pair) & ENDED_WITHOUT_EXIT}


async def test_service_role_cannot_insert_a_second_case(graduation: Running) -> None:
    await graduation.sql(CASE, "EFEKTIF", "k")
    connection = await asyncpg.connect(graduation.settings.worker_database_url)
    try:
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute(CASE, "TERIDENTIFIKASI", "k")
    finally:
        await connection.close()
