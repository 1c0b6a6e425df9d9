"""Only legal transitions of a status are accepted, over HTTP and in the database."""

import asyncpg
import pytest

from services.registry.pendamping.models import TRANSITIONS, Pendamping
from shared.contracts.kinds import PendampingStatus
from shared.errors import IllegalTransition
from tests.factories.registry import commands
from tests.factories.services import Running, open_scope

FINAL_STATUSES = ("MUTASI", "PENSIUN", "BERAKHIR_KONTRAK", "DIBERHENTIKAN", "MENINGGAL", "DIBATALKAN")
# Written by hand from docs/domain.md#pendamping-status, not from the code.
LEGAL = (
    {("CALON", new) for new in ("AKTIF", "DIBERHENTIKAN", "MENINGGAL", "DIBATALKAN")}
    | {("AKTIF", "CUTI"), ("CUTI", "AKTIF"), ("AKTIF", "NONAKTIF"), ("NONAKTIF", "AKTIF")}
    | {(serving, final) for serving in ("AKTIF", "CUTI", "NONAKTIF") for final in FINAL_STATUSES}
)
STATUSES = [status.value for status in PendampingStatus.known()]
PAIRS = [(old, new) for old in STATUSES for new in STATUSES]
STEPS_TO = {
    "CALON": (),
    "AKTIF": ("AKTIF",),
    "CUTI": ("AKTIF", "CUTI"),
    "NONAKTIF": ("AKTIF", "NONAKTIF"),
    **{final: ("AKTIF", final) for final in FINAL_STATUSES},
}
"""The status changes that lead a new pendamping to a status."""


def test_the_transitions_of_the_code_are_the_specified_ones() -> None:
    assert {(str(old), str(new)) for old, news in TRANSITIONS.items() for new in news} == LEGAL


@pytest.mark.parametrize("old", STATUSES)
async def test_only_legal_transitions_are_accepted_over_http(registry: Running, old: str) -> None:
    legal = [new for new in STATUSES if (old, new) in LEGAL]
    illegal = [new for new in STATUSES if (old, new) not in LEGAL]
    for number, target in enumerate(legal or [""]):
        pendamping = await commands.register_pendamping(registry, f"332407010190900{number + 1}")
        for step in STEPS_TO[old]:
            commands.expect_ok(await commands.change_status(registry, pendamping, step))
        count = len(await registry.read_envelopes())
        for new in illegal:
            answer = await commands.change_status(registry, pendamping, new)
            assert (answer.status_code, answer.json()["title"]) == (409, "IllegalTransition"), (old, new)
        assert len(await registry.read_envelopes()) == count
        if target:
            changed = commands.expect_ok(await commands.change_status(registry, pendamping, target))
            assert changed["status"] == target
            assert len(await registry.read_envelopes()) == count + 1


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_transition_to_accepts_only_legal_transitions(old: str, new: str) -> None:
    row = Pendamping(status=PendampingStatus(old), version=1)
    if (old, new) in LEGAL:
        row.transition_to(PendampingStatus(new))
        assert (row.status, row.version) == (PendampingStatus(new), 2)
    else:
        with pytest.raises(IllegalTransition):
            row.transition_to(PendampingStatus(new))
        assert (row.status, row.version) == (PendampingStatus(old), 1)


@pytest.mark.parametrize("role", ["database_url", "worker_database_url"])
async def test_the_database_accepts_only_legal_transitions(registry: Running, role: str) -> None:
    pendamping = await commands.register_pendamping(registry)
    connection = await asyncpg.connect(getattr(registry.settings, role))
    try:
        for old, new in [*PAIRS, *((None, new) for new in STATUSES)]:
            # The same status again takes back a planned one.
            is_legal = (old, new) in LEGAL or (old, new) == (None, "CALON") or old == new
            accepted = await _is_accepted(connection, pendamping["pendamping_id"], old, new)
            assert accepted == is_legal, (old, new)
    finally:
        await connection.close()


async def _is_accepted(connection: asyncpg.Connection, pendamping_id: str, old: str | None, new: str) -> bool:
    """Return whether the database accepts a row of the transition, and roll it back."""
    transaction = connection.transaction()
    await transaction.start()
    await open_scope(connection, areas="*", scope="NATIONAL")
    try:
        await connection.execute(
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
        await transaction.rollback()
