"""Mistakes in the messaging, the transaction of a command and the constraints of the databases."""

import re

from tests.mutants.mutant import Mutant

COMMIT_LATER = """COMMITS = []


@asynccontextmanager
async def commit_later(transaction):
    session = await transaction.__aenter__()
    try:
        yield session
    except BaseException as error:
        await transaction.__aexit__(type(error), error, None)
        raise
    COMMITS.append(asyncio.create_task(transaction.__aexit__(None, None, None)))


@dataclass(frozen=True, slots=True)
class Declared:"""

MESSAGING = (
    Mutant(
        "sorted-streams",
        "streams are locked in the order of emission",
        (
            ("shared/messaging/outbox.py", "ORDER BY topic, key\n", ""),
            ("shared/messaging/outbox.py", "streams = sorted(counts)", "streams = list(counts)"),
        ),
        ("tests/messaging/test_event_publication.py",),
        "deadlock",
    ),
    Mutant(
        "cursor-lock",
        "cursors are read without a lock",
        (
            ("shared/messaging/cursors.py", "LIMIT 1 FOR UPDATE", "LIMIT 1"),
            (
                "shared/messaging/cursors.py",
                "inserted = await connection.fetch(INSERT_CURSORS, subscription, _as_json(sorted_keys))",
                "inserted = []",
            ),
            (
                "shared/messaging/cursors.py",
                "    return cursors\n",
                '    return {at: cursors.get(at) or Cursor(0, 0, None, "OPEN") for at in sorted_keys}\n',
            ),
        ),
        ("tests/messaging/test_event_application.py",),
        "two_owners",
    ),
    Mutant(
        "shard-lock",
        "each relay takes every shard",
        (
            (
                "shared/messaging/relay.py",
                "        relays = await connection.fetchval(",
                "        self.owned.update(range(SHARDS))\n        return\n        relays = await connection.fetchval(",
            ),
        ),
        ("tests/messaging/test_relay.py",),
        "one_owner",
    ),
    Mutant(
        "stored-offset",
        "an offset is stored, whatever is stored already",
        (
            (
                "shared/messaging/cursors.py",
                " AND o.generation = n.generation\n  AND o.next_offset BETWEEN n.first_offset AND n.next_offset",
                "",
            ),
        ),
        ("tests/messaging/test_event_application.py",),
        "refused",
    ),
    Mutant(
        "exclusion-constraints",
        "no exclusion constraint exists",
        (
            (
                "services/*/migrations/0001_tables.sql",
                re.compile(r"^    CONSTRAINT ex_\w+ EXCLUDE [^\n]*,\n", re.MULTILINE),
                "",
            ),
        ),
        (
            "tests/graduation/test_distinct_persons_per_stage.py",
            "tests/registry/placement/test_placements.py",
            "tests/caseload/dampingan/test_dampingan_start.py",
        ),
        "sql_of_the_service_role or database_refuses",
    ),
    Mutant(
        "position-of-events",
        "a batch is applied in the order of its business times",
        (
            (
                "shared/messaging/dispatch.py",
                "in rounds(session, subscription, ready):",
                "in rounds(session, subscription, sorted(ready, key=lambda one: one.meta.occurred_at)):",
            ),
        ),
        ("tests/messaging/test_event_application.py", "tests/messaging/test_replicate.py"),
        "times_fall or time_is_earlier",
    ),
    Mutant(
        "position-of-replicated-rows",
        "of two events of one row the one with the later business time counts",
        (
            (
                "shared/messaging/subscription.py",
                "for event in received:",
                "for event in sorted(received, key=lambda one: one.meta.occurred_at):",
            ),
        ),
        ("tests/messaging/test_replicate.py",),
        "time_is_earlier",
    ),
    Mutant(
        "position-after-a-gap",
        "the events after a gap are applied in the order of their business times",
        (
            (
                "shared/messaging/batch.py",
                "sorted(items, key=lambda item: parked_events.position_of(item[0]))",
                "sorted(items, key=lambda item: item[0].meta.occurred_at)",
            ),
        ),
        ("tests/messaging/test_event_application.py",),
        "times_fall",
    ),
    Mutant(
        "dampingan-of-another-kind",
        "families have a dampingan of one placement twice at once, if its kind is not PKH_PENDAMPING",
        (
            (
                "services/caseload/migrations/0001_tables.sql",
                re.compile(r"^    CONSTRAINT ex_dampingan_once_at_a_time [^\n]*,\n", re.MULTILINE),
                "",
            ),
        ),
        ("tests/caseload/dampingan/test_dampingan_start.py",),
        "any_other_kind",
    ),
    Mutant(
        "commit-before-answer",
        "the answer is sent before the commit",
        (
            (
                "shared/http/route.py",
                "from collections.abc import A",
                "import asyncio\nfrom collections.abc import A",
            ),
            ("shared/http/route.py", "@dataclass(frozen=True, slots=True)\nclass Declared:", COMMIT_LATER),
            (
                "shared/http/route.py",
                "transaction as session",
                "commit_later(transaction) as session",
            ),
        ),
        ("tests/platform/test_commit_before_answer.py",),
        "commit_failure",
    ),
)
