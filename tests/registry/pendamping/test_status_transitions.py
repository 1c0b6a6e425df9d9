"""The state machine of a pendamping's status: over HTTP and in the database, every pair is moved or refused as drawn."""

import asyncpg
import pytest

from services.registry.pendamping.models import TRANSITIONS, Pendamping
from shared.contracts.kinds import PendampingStatus
from shared.errors import IllegalTransition
from tests.factories.registry import commands
from tests.factories.services import Running

FINAL_STATUSES = ("MUTASI", "PENSIUN", "BERAKHIR_KONTRAK", "DIBERHENTIKAN", "MENINGGAL")
# domain.md 2.4 and issue 4, drawn by hand: CALON to AKTIF, AKTIF to and from CUTI and NONAKTIF, the rest are ends.
LEGAL = (
    {("CALON", "AKTIF"), ("CALON", "DIBERHENTIKAN"), ("CALON", "MENINGGAL")}
    | {("AKTIF", "CUTI"), ("CUTI", "AKTIF"), ("AKTIF", "NONAKTIF"), ("NONAKTIF", "AKTIF")}
    | {(serving, end) for serving in ("AKTIF", "CUTI", "NONAKTIF") for end in FINAL_STATUSES}
)
STATUSES = [status.value for status in PendampingStatus.known()]
PAIRS = [(old, new) for old in STATUSES for new in STATUSES]
ROAD = {
    "CALON": (),
    "AKTIF": ("AKTIF",),
    "CUTI": ("AKTIF", "CUTI"),
    "NONAKTIF": ("AKTIF", "NONAKTIF"),
    **{end: ("AKTIF", end) for end in FINAL_STATUSES},
}


def test_the_table_is_the_drawing() -> None:
    assert {(str(old), str(new)) for old, news in TRANSITIONS.items() for new in news} == LEGAL


@pytest.mark.parametrize("old", STATUSES)
async def test_over_http_what_is_drawn_is_moved_and_nothing_else(registry: Running, old: str) -> None:
    ways = [new for new in STATUSES if (old, new) in LEGAL]
    refused = [new for new in STATUSES if (old, new) not in LEGAL]
    for number, way in enumerate(ways or [""]):
        person = await commands.pendamping(registry, f"332407010190900{number + 1}")
        for step in ROAD[old]:
            commands.made(await commands.status(registry, person, step))
        told = len(await registry.emitted())
        for new in refused:
            answer = await commands.status(registry, person, new)
            assert (answer.status_code, answer.json()["title"]) == (409, "IllegalTransition"), (old, new)
        assert len(await registry.emitted()) == told
        if way:
            assert commands.made(await commands.status(registry, person, way))["status"] == way
            assert len(await registry.emitted()) == told + 1


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_transition_to_moves_what_is_drawn_and_nothing_else(old: str, new: str) -> None:
    row = Pendamping(status=PendampingStatus(old), version=1)
    if (old, new) in LEGAL:
        row.transition_to(PendampingStatus(new))
        assert (row.status, row.version) == (PendampingStatus(new), 2)
    else:
        with pytest.raises(IllegalTransition):
            row.transition_to(PendampingStatus(new))
        assert (row.status, row.version) == (PendampingStatus(old), 1)


@pytest.mark.parametrize("role", ["database_url", "worker_database_url"])
async def test_the_database_keeps_what_is_drawn_and_nothing_else(registry: Running, role: str) -> None:
    person = await commands.pendamping(registry)
    connection = await asyncpg.connect(getattr(registry.settings, role))
    try:
        for old, new in [*PAIRS, *((None, new) for new in STATUSES)]:
            wanted = (old, new) in LEGAL or (old, new) == (None, "CALON")
            assert await _kept(connection, person["pendamping_id"], old, new) == wanted, (old, new)
    finally:
        await connection.close()


async def _kept(driver: asyncpg.Connection, pendamping_id: str, old: str | None, new: str) -> bool:
    """Whether the service's own role may write the move; undone at once."""
    undo = driver.transaction()
    await undo.start()
    try:
        await driver.execute(
            "INSERT INTO pendamping_status_history (status_history_id, pendamping_id, number, previous, status, reason,"
            " from_on, recorded_at, recorded_by) SELECT uuidv7(), pendamping_id, 99, $2, $3, 'X', from_on,"
            " recorded_at, recorded_by FROM pendamping_status_history WHERE pendamping_id = $1",
            pendamping_id,
            old,
            new,
        )
    except asyncpg.CheckViolationError as error:
        return error.constraint_name != "ck_pendamping_status_history_move_legal"
    else:
        return True
    finally:
        await undo.rollback()
