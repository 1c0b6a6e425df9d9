"""Mistakes in the messaging, the transaction of a command and the constraints of the databases."""

import re

from tests.mutants.mutant import Mutant

COMMIT_LATER = """from contextlib import asynccontextmanager

COMMITS = []


@asynccontextmanager
async def commit_later(transaction):
    session = await transaction.__aenter__()
    try:
        yield session
    except BaseException as error:
        await transaction.__aexit__(type(error), error, None)
        raise
    COMMITS.append(asyncio.create_task(transaction.__aexit__(None, None, None)))


class PreconditionRequired(DomainError):"""

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
        "offset-lock",
        "stored offsets are read without a lock",
        (("shared/messaging/cursors.py", "ORDER BY o.topic, o.partition FOR NO KEY UPDATE OF o\n", ""),),
        ("tests/messaging/test_event_application.py",),
        "two_owners",
    ),
    Mutant(
        "cursor-lock",
        "cursors are read without a lock",
        (("shared/messaging/cursors.py", "ORDER BY key FOR UPDATE", "ORDER BY key"),),
        ("tests/messaging/test_cursor_lookups.py",),
        "waiting_lock",
    ),
    Mutant(
        "first-cursor",
        "a first cursor is stored, whatever is stored already",
        (("shared/messaging/cursors.py", 'if answer != f"INSERT 0 {len(new)}":', "if not answer:"),),
        ("tests/messaging/test_cursor_lookups.py",),
        "first_cursor",
    ),
    Mutant(
        "first-event",
        "a new key's first event counts as applied although it was parked",
        (
            (
                "shared/messaging/batch.py",
                'if cursor.state == "PARKED":',
                'if cursor.state == "PARKED" and at in stored_positions:',
            ),
        ),
        ("tests/messaging/test_parked_events.py",),
        "first_event",
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
                "written = [event for event in received if",
                "received.sort(key=lambda one: one.meta.occurred_at)\n            written = [event for event in received if",
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
            ("shared/http/route.py", "class PreconditionRequired(DomainError):", COMMIT_LATER),
            (
                "shared/http/route.py",
                "database.transaction(actor, first=first) as session",
                "commit_later(database.transaction(actor, first=first)) as session",
            ),
        ),
        ("tests/platform/test_commit_before_answer.py",),
        "commit_failure",
    ),
)
