"""Remove one guard and show which tests fail: `python -m tests.without_guard [NAME]`.

Exits with 1 if no test fails without a guard.
"""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg
import pytest

from shared.database import Database
from shared.messaging import batch, cursors, outbox, recovery
from shared.messaging.relay import Relay
from shared.migrations import run_in_thread
from shared.schema import SHARDS
from tests.factories import cluster

HERE = "tests/messaging"


def without_sorted_streams() -> None:
    """Positions are taken in the order of emission."""
    outbox.TAKE_POSITIONS = outbox.TAKE_POSITIONS.replace("ORDER BY topic, key\n", "")
    vars(outbox)["sorted"] = list


def without_cursor_lock() -> None:
    """The cursor is read, and created when it is stored, without a lock in between."""

    async def read_places(session: Any, subscription: str, keys: Iterable[tuple[str, str]]) -> Any:
        sorted_keys = sorted(set(keys))
        connection = await cursors.raw(session)
        statement = cursors.LOCK_CURSORS.replace("FOR UPDATE", "")
        rows = await connection.fetch(statement, subscription, cursors._as_json(sorted_keys))
        stored = {
            (r["topic"], r["key"]): cursors.Cursor(r["epoch"], r["seq"], r["event_id"], r["state"])
            for r in rows
        }
        return {at: stored.get(at) or cursors.Cursor(0, 0, None, "OPEN") for at in sorted_keys}

    cursors.UPDATE_CURSORS = (
        "INSERT INTO platform.cursor (subscription, topic, key, epoch, seq, event_id, state) SELECT $1, m.* FROM"
        " json_to_recordset($2::json) AS m(topic text, key text, epoch int, seq bigint, event_id uuid, state text)"
        " ON CONFLICT (subscription, topic, key) DO UPDATE SET epoch = EXCLUDED.epoch, seq = EXCLUDED.seq,"
        " event_id = EXCLUDED.event_id, state = EXCLUDED.state"
    )
    batch.lock_cursors = read_places
    recovery.lock_cursors = read_places


def without_shard_lock() -> None:
    """Every relay owns every shard."""

    async def own_all_shards(relay: Relay, connection: Any) -> None:
        del connection
        relay.owned.update(range(SHARDS))

    Relay.balance_shards = own_all_shards  # type: ignore[method-assign]


def without_stored_offset() -> None:
    """Each reader stores its offset, whatever offset and generation are stored."""
    guard = " AND o.generation = n.generation\n  AND o.next_offset BETWEEN n.first_offset AND n.next_offset"
    assert guard in cursors.UPDATE_OFFSETS
    cursors.UPDATE_OFFSETS = cursors.UPDATE_OFFSETS.replace(guard, "")


def without_commit_before_answer() -> None:
    """The answer is sent before the commit."""
    original = Database.transaction
    commits: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def commit_later(database: Database, *known: Any, **more: Any) -> AsyncIterator[Any]:
        stack = AsyncExitStack()
        yield await stack.enter_async_context(original(database, *known, **more))
        commits.add(asyncio.create_task(stack.aclose()))

    Database.transaction = commit_later  # type: ignore[method-assign]


def without_exclusion_constraints() -> None:
    """No exclusion constraint exists."""
    migrate = cluster.upgrade

    def upgrade(service: str, url: str) -> None:
        migrate(service, url)
        run_in_thread(execute(url, DROP_EXCLUSIONS))

    cluster.upgrade = upgrade


async def execute(url: str, statement: str) -> None:
    """Run one statement."""
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


DROP_EXCLUSIONS = """
DO $$ DECLARE c record; BEGIN
    FOR c IN SELECT conrelid::regclass AS t, conname FROM pg_constraint WHERE contype = 'x' AND conparentid = 0 LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.t, c.conname);
    END LOOP;
END $$
"""
GUARDS: dict[str, tuple[Callable[[], None], list[str]]] = {
    "sorted-streams": (without_sorted_streams, [f"{HERE}/test_event_publication.py", "-k", "deadlock"]),
    "cursor-lock": (without_cursor_lock, [f"{HERE}/test_event_application.py", "-k", "two_owners"]),
    "shard-lock": (
        without_shard_lock,
        [f"{HERE}/test_relay.py", "-k", "(three_relays and local) or one_owner"],
    ),
    "stored-offset": (without_stored_offset, [f"{HERE}/test_event_application.py", "-k", "refused"]),
    "commit-before-answer": (
        without_commit_before_answer,
        ["tests/platform/test_commit_before_answer.py"],
    ),
    "exclusion-constraints": (
        without_exclusion_constraints,
        [
            "tests/graduation/test_distinct_persons_per_stage.py",
            "tests/registry",
            "tests/caseload",
            "-k",
            "sql_of_the_service_role or overlap",
        ],
    ),
}


class Failed:
    """Collect the tests that fail."""

    def __init__(self) -> None:
        self.tests: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and report.when == "call":
            reason = report.longreprtext.strip().splitlines()
            message = next((line for line in reversed(reason) if line.startswith("E ")), "")
            self.tests.append(f"{report.nodeid.split('::')[-1]}: {message[1:].strip()[:140]}")


def run_without(name: str) -> int:
    """Run the guard's tests without it, and return 0 if one of them failed."""
    remove, arguments = GUARDS[name]
    remove()
    failed = Failed()
    # The guard's modules are imported before pytest, which warns that it cannot rewrite their plugins.
    options = ["-q", "-p", "no:cacheprovider", "--tb=short", "--no-header"]
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    pytest.main([*arguments, *options], plugins=[failed])
    for test in failed.tests:
        sys.stderr.write(f"without {name}: {test}\n")
    return 0 if failed.tests else 1


def main() -> int:
    """Run each guard in its own process, because a removed guard is not restored."""
    if len(sys.argv) == 2:
        return run_without(sys.argv[1])
    undetected = 0
    for name in GUARDS:
        result = subprocess.run(
            [sys.executable, "-m", "tests.without_guard", name],
            check=False,
            capture_output=True,
            text=True,
        )
        undetected += result.returncode
        lines = [line for line in result.stderr.splitlines() if line.startswith("without ")]
        sys.stdout.write("\n".join(lines or [f"without {name}: no test failed"]) + "\n")
    return 1 if undetected else 0


if __name__ == "__main__":
    sys.exit(main())
