"""What must be true of the four databases at rest (reliability.md, I2 to I8), as one list of what is not.

`violations` takes the kit's running services, or `databases(dsns)` over any deployment's four addresses (a role that
passes row security). I1 needs the history of a caller, and is checked by the tests that have one.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import asyncpg

from deploy.local.outboxes import Outboxes
from shared.messaging.relay import SEALED_TOPIC


class Asked(Protocol):
    """A service's database, to be asked past row security."""

    async def sql(self, statement: str, *values: Any) -> list[asyncpg.Record]: ...


@dataclass(frozen=True, slots=True)
class Address:
    """A database by its address."""

    dsn: str

    async def sql(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.dsn)
        try:
            return await connection.fetch(statement, *values)
        finally:
            await connection.close()


def databases(dsns: Mapping[str, str]) -> dict[str, Address]:
    """The four services' databases by their addresses."""
    return {service: Address(dsn) for service, dsn in dsns.items()}


@dataclass(frozen=True, slots=True)
class Sent:
    """A record of a topic."""

    topic: str
    key: str
    seq: int
    event_id: str


async def violations(services: Mapping[str, Asked], bootstrap: str = "") -> list[str]:
    """Each sentence is something that must not be; `bootstrap` names the broker where facts travel by Kafka."""
    found: list[str] = []
    sent = await kafka_log(bootstrap) if bootstrap else []
    for name, service in services.items():
        found += [f"{name}: {fault}" for fault in await contiguous(service)]
        here = sent if bootstrap else await local_log(service)
        found += [f"{name}: {fault}" for fault in await all_sent(service, here)]
        found += [f"{name}: {fault}" for fault in inverted(here if here is not sent else [])]
    found += inverted(sent)
    found += await heard_by_all(services)
    found += await at_most_one_case(services["graduation"])
    found += await one_rujukan_each(services)
    return found + await conserved(services)


async def contiguous(service: Asked) -> list[str]:
    """I2: the positions of each key are 1 to n, and the stream stands at n."""
    rows = await service.sql(
        "SELECT topic, key FROM platform.outbox FULL JOIN platform.stream USING (topic, key) GROUP BY topic, key"
        " HAVING count(DISTINCT outbox.seq) <> count(outbox.seq) OR min(outbox.seq) IS DISTINCT FROM 1"
        " OR max(outbox.seq) <> count(outbox.seq) OR max(stream.seq) IS DISTINCT FROM max(outbox.seq)"
    )
    return [f"I2: the positions of {row['topic']} {row['key']} are not 1 to n" for row in rows]


async def local_log(service: Asked) -> list[Sent]:
    rows = await service.sql(
        "SELECT l.topic, coalesce(o.key, '') AS key, coalesce(o.seq, 0) AS seq, coalesce(o.event_id::text,"
        " 'nothing') AS event_id FROM platform.local_log l LEFT JOIN platform.outbox o"
        ' USING (recorded_at, outbox_id) ORDER BY l.topic, l.partition, l."offset"'
    )
    return [Sent(**row) for row in rows]


async def kafka_log(bootstrap: str) -> list[Sent]:
    from tests.journeys.carrying import kafka_records

    found: list[Sent] = []
    for record in await kafka_records(bootstrap):
        envelope = json.loads(record.value)
        found.append(Sent(record.topic, record.key.decode(), envelope["seq"], envelope["id"]))
    return found


async def all_sent(service: Asked, log: Iterable[Sent]) -> list[str]:
    """I3: nothing is unsent; what was written was sent, and what was sent was written."""
    unsent = await service.sql("SELECT count(*) AS count FROM platform.unsent")
    rows = await service.sql("SELECT topic, event_id::text FROM platform.outbox")
    written = {row["event_id"] for row in rows}
    topics = {row["topic"] for row in rows}
    there = {record.event_id for record in log if record.topic in topics}
    found = [f"I3: {unsent[0]['count']} events are unsent"] if unsent[0]["count"] else []
    found += [f"I3: event {event} was never sent" for event in sorted(written - there)]
    return found + [f"I3: event {event} was sent but never written" for event in sorted(there - written)]


def inverted(log: Iterable[Sent]) -> list[str]:
    """I4: of each key, what is sent for the first time follows what was sent before."""
    last: dict[tuple[str, str], int] = defaultdict(int)
    seen: set[str] = set()
    found: list[str] = []
    for record in log:
        at = (record.topic, record.key)
        if record.event_id not in seen and record.seq != last[at] + 1:
            found.append(f"I4: {record.topic} {record.key}: {record.seq} after {last[at]}")
        if record.event_id not in seen:
            last[at] = record.seq
        seen.add(record.event_id)
    return found


async def heard_by_all(services: Mapping[str, Asked]) -> list[str]:
    """I5: each subscription's cursor stands at the last event of each key, by its id; nothing is parked or stopped."""
    told: dict[tuple[str, str], tuple[int, str]] = {}
    for service in services.values():
        for row in await service.sql(
            "SELECT DISTINCT ON (topic, key) topic, key, seq, event_id::text FROM platform.outbox"
            " ORDER BY topic, key, seq DESC"
        ):
            told[row["topic"], row["key"]] = (row["seq"], row["event_id"])
    found: list[str] = []
    for name, service in services.items():
        found += [f"{name}: {fault}" for fault in await heard(name, service, told)]
    return found


async def heard(name: str, service: Asked, told: Mapping[tuple[str, str], tuple[int, str]]) -> list[str]:
    cursors = {
        (row["subscription"], row["topic"], row["key"]): (row["seq"], row["event_id"], row["state"])
        for row in await service.sql(
            "SELECT subscription, topic, key, seq, event_id::text, state FROM platform.cursor"
        )
    }
    parked = await service.sql("SELECT subscription, wire, reason FROM platform.parked")
    found = [f"I5: {row['subscription']} has parked {row['wire']} ({row['reason']})" for row in parked]
    found += [f"I5: {at[0]} stands at {at[1]} {at[2]}" for at, has in cursors.items() if has[2] != "OPEN"]
    for subscription in Outboxes({}, subscriptions_of(name)).subscriptions[name]:
        for (topic, key), last in told.items():
            has = cursors.get((subscription.name, topic, key), (0, None, ""))[:2]
            if topic in subscription.topics and has != last and (topic != SEALED_TOPIC or has[0] > last[0]):
                found.append(f"I5: {subscription.name} is at {has[0]} of {last[0]} of {topic} {key}")
    return found


def subscriptions_of(name: str) -> dict[str, list[Any]]:
    import importlib

    return {name: list(importlib.import_module(f"services.{name}.subscribers").SUBSCRIPTIONS)}


async def at_most_one_case(graduation: Asked) -> list[str]:
    """I6: a kepesertaan has at most one open case and one in effect, and none in effect without four people."""
    twice = await graduation.sql(
        "SELECT kepesertaan_id FROM graduasi GROUP BY 1 HAVING"
        " count(*) FILTER (WHERE state NOT IN ('SELESAI', 'DITOLAK', 'DIBATALKAN', 'DIPULIHKAN')) > 1 OR"
        " count(*) FILTER (WHERE state IN ('EFEKTIF', 'PEMANTAUAN', 'SELESAI')) > 1"
    )
    few = await graduation.sql(
        "SELECT g.graduasi_id FROM graduasi g JOIN policy USING (policy_id) LEFT JOIN stage_act a USING (graduasi_id)"
        " WHERE g.state IN ('EFEKTIF', 'PEMANTAUAN', 'SELESAI') AND policy.four_people GROUP BY 1"
        " HAVING count(DISTINCT a.person) < 4 OR count(DISTINCT a.stage) < 4"
    )
    again = await graduation.sql(
        "SELECT graduasi_id, person FROM stage_act WHERE four_people GROUP BY 1, 2 HAVING count(DISTINCT stage) > 1"
    )
    found = [f"I6: kepesertaan {row[0]} has more than one case" for row in twice]
    found += [f"I6: case {row[0]} is in effect without four people" for row in few]
    return found + [f"I6: one person acted in two stages of case {row[0]}" for row in again]


DETERMINED = """
SELECT g.graduasi_id, g.exit_reason, left(g.kode_wilayah, 5) AS area, p.pendamping_id, date_trunc('month', sk.sk_on)::date
       AS month, g.state, g.state = 'DIPULIHKAN' AS annulled, y.counts, y.opens_rujukan,
       c.certificate_no IS NOT NULL AND g.state <> 'DIPULIHKAN' AS effective,
       g.state IN ('DITETAPKAN', 'MASA_SANGGAH', 'DISANGGAH')
       OR (g.state = 'DITUNDA' AND c.certificate_no IS NULL) AS in_term
FROM graduasi g JOIN penetapan p USING (graduasi_id) JOIN sk USING (sk_id) JOIN policy y ON y.policy_id = g.policy_id
LEFT JOIN certificate c ON c.graduasi_id = g.graduasi_id
"""


async def one_rujukan_each(services: Mapping[str, Asked]) -> list[str]:
    """I7: each penetapan whose reason opens a rujukan has exactly one, taken back with it; and there is no other."""
    cases = {row["graduasi_id"]: row for row in await services["graduation"].sql(DETERMINED)}
    rows = await services["referral"].sql(
        "SELECT graduasi_id, state FROM rujukan WHERE purpose = 'PASCAGRADUASI'"
    )
    opened = Counter(row["graduasi_id"] for row in rows)
    wanted = {case for case, row in cases.items() if row["opens_rujukan"]}
    found = [f"I7: case {case} has {opened[case]} rujukan" for case in wanted if opened[case] != 1]
    found += [f"I7: a rujukan of case {case}, which opens none" for case in opened.keys() - wanted]
    for row in rows:
        case = cases.get(row["graduasi_id"])
        if case is not None and case["annulled"] != (row["state"] == "DICABUT"):
            found.append(f"I7: case {row['graduasi_id']} is {case['state']}, its rujukan {row['state']}")
    return found


async def conserved(services: Mapping[str, Asked]) -> list[str]:
    """I8, per exit reason, pendamping, kabupaten and month: the four services count the same graduations."""
    rows = await services["graduation"].sql(DETERMINED)
    group = {row["graduasi_id"]: tuple(row)[1:5] for row in rows}
    stands = [row for row in rows if not row["annulled"]]
    effective = Counter(group[row["graduasi_id"]] for row in stands if row["effective"])
    in_term = Counter(group[row["graduasi_id"]] for row in stands if row["in_term"])
    sums = {
        "effective and in term (graduation)": (
            Counter(group[row["graduasi_id"]] for row in stands),
            effective + in_term,
        ),
        "memberships ended (caseload)": (effective, await counted(services["caseload"], ENDED, group)),
        "net credits (registry)": (
            Counter(group[row["graduasi_id"]] for row in stands if row["counts"]),
            await counted(services["registry"], NET, group),
        ),
        "live rujukan (referral)": (
            Counter(group[row["graduasi_id"]] for row in stands if row["opens_rujukan"]),
            await counted(services["referral"], LIVE, group),
        ),
    }
    return [
        f"I8: {where} of {at}: {has[at]}, graduation says {wanted[at]}"
        for where, (wanted, has) in sums.items()
        for at in wanted.keys() | has.keys()
        if wanted[at] != has[at]
    ]


ENDED = "SELECT graduasi_id, exit_reason FROM kepesertaan WHERE graduasi_id IS NOT NULL AND exit_reason IS NOT NULL"
NET = (
    "SELECT graduasi_id, exit_reason, pendamping_id, left(kode_wilayah, 5) AS area FROM replica_credit.credit"
    " WHERE NOT reversed"
)
LIVE = (
    "SELECT graduasi_id, exit_reason, left(kode_wilayah, 5) AS area, date_trunc('month', sk_on)::date AS month"
    " FROM rujukan WHERE state <> 'DICABUT' AND purpose = 'PASCAGRADUASI'"
)
UNKNOWN = (None, None, None, None)


async def counted(
    service: Asked, statement: str, group: Mapping[Any, tuple[Any, ...]]
) -> Counter[tuple[Any, ...]]:
    """Count a service's own rows: under its own words where it has them, the rest as graduation has the case."""
    words = ("exit_reason", "area", "pendamping_id", "month")
    return Counter(
        tuple(
            row[word] if word in row.keys() else known  # noqa: SIM118 (a record is asked by name)
            for word, known in zip(words, group.get(row["graduasi_id"], UNKNOWN), strict=True)
        )
        for row in await service.sql(statement)
    )


__all__ = ["Address", "databases", "violations"]
