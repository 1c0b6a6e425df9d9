"""The moves of docs/case-lifecycle.md#rujukan-programs, written again here.

Every other move is refused.
"""

import itertools

import asyncpg

from services.referral.rujukan.models import Rujukan, RujukanProgram, RujukanState, transition_to
from shared.contracts.rujukan_kinds import RujukanProgramState as S
from shared.errors import IllegalTransition
from tests.factories.referral.catalogue import create_world
from tests.factories.referral.events import build_family_facts, build_graduasi_determined
from tests.factories.services import Running

DOCUMENTED = """
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
LEGAL = {
    (begin, end) for begin, *ends in map(str.split, filter(None, DOCUMENTED.splitlines())) for end in ends
}
# KEDALUWARSA from TERKIRIM to DAFTAR_TUNGGU; DICABUT from any before TUTUP that has not ended otherwise.
LEGAL |= {
    (begin, "KEDALUWARSA")
    for begin in ("TERKIRIM", "DITERIMA_SISTEM", "DIPROSES", "PERLU_DATA", "DAFTAR_TUNGGU")
}
LEGAL |= {(begin, "DICABUT") for begin, _ in set(LEGAL)}
ANSWERS = ("DITERIMA_SISTEM", "DIPROSES", "PERLU_DATA", "DAFTAR_TUNGGU", "DISETUJUI", "DITOLAK")
LEGAL |= set(itertools.permutations(ANSWERS, 2))  # a corrected answer
LEGAL |= {("KEDALUWARSA", late) for late in (*ANSWERS, "DISALURKAN")}
LEGAL |= {(begin, end) for begin in ("DISALURKAN", "TUTUP") for end in ("DISETUJUI", "KEDALUWARSA")}  # a void
LEGAL |= {("TUTUP", "DISALURKAN")}
STATES = [str(state) for state in S.known()]
CASES = {("TERBUKA", "DICABUT"), ("TERBUKA", "TUTUP"), ("TUTUP", "DICABUT"), ("TUTUP", "TERBUKA")}


def can_move(begin: str, end: str) -> bool:
    row = RujukanProgram(state=S(begin), version=1)
    try:
        previous = transition_to(row, S(end))
    except IllegalTransition:
        assert (row.state, row.version) == (begin, 1)
        return False
    assert (previous, row.state, row.version) == (begin, end, 2)
    return True


def test_program_moves_are_exactly_the_documented_ones() -> None:
    assert {pair for pair in itertools.product(STATES, STATES) if can_move(*pair)} == LEGAL


def can_close(begin: str, end: str) -> bool:
    row = Rujukan(state=RujukanState(begin), version=1)
    try:
        row.move_to(RujukanState(end))
    except IllegalTransition:
        assert (row.state, row.version) == (begin, 1)
        return False
    return True


def test_rujukan_moves_are_exactly_the_documented_ones() -> None:
    assert {pair for pair in itertools.product(RujukanState, RujukanState) if can_close(*pair)} == CASES


async def is_allowed_by_database(connection: asyncpg.Connection, table: str, begin: str, end: str) -> bool:
    """Set a row to a state without triggers, then move it.

    The transaction is rolled back.
    """
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


async def test_database_refuses_an_illegal_move(referral: Running) -> None:
    world = await create_world(referral, {})
    await world.apply_events(*build_family_facts(world.family), build_graduasi_determined(world.family))
    dsn = referral.cluster.postgres.superuser_dsn.rsplit("/", 1)[0] + f"/{referral.database_name}"
    connection = await asyncpg.connect(dsn)
    try:
        # Columns that other CHECKs need for some states, so that only the move is tested.
        await connection.execute(
            "UPDATE rujukan_program SET refusal_code = 'LAINNYA', delivered_on = current_date"
        )
        for begin, end in itertools.product(STATES, STATES):
            expected = (begin, end) in LEGAL or begin == end
            assert await is_allowed_by_database(connection, "rujukan_program", begin, end) is expected, (
                begin,
                end,
            )
        for begin, end in itertools.product(RujukanState, RujukanState):
            expected = (begin, end) in CASES or begin == end
            assert await is_allowed_by_database(connection, "rujukan", begin, end) is expected, (begin, end)
    finally:
        await connection.close()


def test_final_state_has_no_move() -> None:
    assert not any(can_move("DICABUT", other) for other in STATES)
