"""On a kepesertaan one case is open or in effect, whoever opens another at the moment in which it takes effect."""

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


async def test_of_every_two_states_unless_one_ended_without_an_exit(graduation: Running) -> None:
    stood: set[tuple[GraduasiState, GraduasiState]] = set()
    refused_by: set[str | None] = set()
    for one, other in product(GraduasiState, repeat=2):
        await graduation.sql(CASE, one.value, f"{one} {other}")
        try:
            await graduation.sql(CASE, other.value, f"{one} {other}")
        except asyncpg.UniqueViolationError as error:
            refused_by.add(error.constraint_name)
        else:
            stood.add((one, other))
    assert refused_by == {"uq_graduasi_one_case"}
    assert stood == {pair for pair in product(GraduasiState, repeat=2) if set(pair) & ENDED_WITHOUT_EXIT}


async def test_so_the_service_itself_can_write_no_second_one(graduation: Running) -> None:
    await graduation.sql(CASE, "EFEKTIF", "k")
    connection = await asyncpg.connect(graduation.settings.worker_database_url)
    try:
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute(CASE, "TERIDENTIFIKASI", "k")
    finally:
        await connection.close()
