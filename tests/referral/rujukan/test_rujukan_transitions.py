"""domain.md 5 and chain.md 8 typed anew: every move that is not written there is refused, and only those."""

import itertools

import asyncpg
import pytest

from services.referral.rujukan.models import Rujukan, RujukanProgram, RujukanState, transition_to
from shared.contracts.kinds import RujukanProgramState as S
from shared.errors import IllegalTransition
from tests.factories.referral.catalogue import a_world
from tests.factories.referral.events import determined, family_facts
from tests.factories.services import Running

WRITTEN = """
DRAF            DISETUJUI_KPM
DISETUJUI_KPM   TERKIRIM GAGAL_KIRIM
TERKIRIM        DITERIMA_SISTEM GAGAL_KIRIM
GAGAL_KIRIM     TERKIRIM
DITERIMA_SISTEM DIPROSES
DIPROSES        DISETUJUI DITOLAK PERLU_DATA DAFTAR_TUNGGU
PERLU_DATA      DIPROSES
DAFTAR_TUNGGU   DIPROSES
DISETUJUI       DISALURKAN
DISALURKAN      TUTUP
"""
LEGAL = {(begin, end) for begin, *ends in map(str.split, filter(None, WRITTEN.splitlines())) for end in ends}
# KEDALUWARSA from TERKIRIM to DAFTAR_TUNGGU; DICABUT from any before TUTUP that has not ended otherwise.
LEGAL |= {
    (begin, "KEDALUWARSA")
    for begin in ("TERKIRIM", "DITERIMA_SISTEM", "DIPROSES", "PERLU_DATA", "DAFTAR_TUNGGU")
}
LEGAL |= {(begin, "DICABUT") for begin, _ in set(LEGAL)}
STATES = [str(state) for state in S.known()]
CASES = {("TERBUKA", "DICABUT"), ("TERBUKA", "TUTUP"), ("TUTUP", "DICABUT")}


def moved(begin: str, end: str) -> bool:
    row = RujukanProgram(state=S(begin), version=1)
    try:
        left = transition_to(row, S(end))
    except IllegalTransition:
        assert (row.state, row.version) == (begin, 1)
        return False
    assert (left, row.state, row.version) == (begin, end, 2)
    return True


def test_of_a_program_is_the_written_one() -> None:
    assert {pair for pair in itertools.product(STATES, STATES) if moved(*pair)} == LEGAL


def closed(begin: str, end: str) -> bool:
    row = Rujukan(state=RujukanState(begin), version=1)
    try:
        row.close(RujukanState(end))
    except IllegalTransition:
        assert (row.state, row.version) == (begin, 1)
        return False
    return True


def test_of_a_case_is_the_written_one() -> None:
    assert {pair for pair in itertools.product(RujukanState, RujukanState) if closed(*pair)} == CASES


async def allowed(connection: asyncpg.Connection, table: str, begin: str, end: str) -> bool:
    """Put a row in a state past the guard, then move it as any writer would; undone whatever came of it."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute(f"UPDATE {table} SET state = '{begin}'")
        await connection.execute("SET LOCAL session_replication_role = origin")
        await connection.execute(f"UPDATE {table} SET state = '{end}'")
    except asyncpg.CheckViolationError as error:
        if error.constraint_name != f"{table}_moves":
            raise
        return False
    else:
        return True
    finally:
        await transaction.rollback()


async def test_is_refused_by_the_database_too(referral: Running) -> None:
    world = await a_world(referral, {})
    await world.apply_events(*family_facts(world.family), determined(world.family))
    dsn = referral.cluster.postgres.superuser_dsn.rsplit("/", 1)[0] + f"/{referral.database_name}"
    connection = await asyncpg.connect(dsn)
    try:
        # What the other CHECKs ask of some states is there, so that the move alone is judged.
        await connection.execute(
            "UPDATE rujukan_program SET refusal_code = 'LAINNYA', delivered_on = current_date"
        )
        for begin, end in itertools.product(STATES, STATES):
            wanted = (begin, end) in LEGAL or begin == end
            assert await allowed(connection, "rujukan_program", begin, end) is wanted, (begin, end)
        for begin, end in itertools.product(RujukanState, RujukanState):
            wanted = (begin, end) in CASES or begin == end
            assert await allowed(connection, "rujukan", begin, end) is wanted, (begin, end)
    finally:
        await connection.close()


@pytest.mark.parametrize("state", ["TUTUP", "DITOLAK", "KEDALUWARSA", "DICABUT"])
def test_from_an_end_is_none(state: str) -> None:
    assert not any(moved(state, other) for other in STATES)
