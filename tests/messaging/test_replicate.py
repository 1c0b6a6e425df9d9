"""Declared replicas: which columns an event fills."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.schema import CreateTable

from shared.contracts.caseload import KpmUpdated
from shared.contracts.kinds import Ditjen, EmployerStatus, PendampingStatus, PilarKind, SubjectKind
from shared.contracts.registry import (
    PendampingRegistered,
    PendampingStatusChanged,
    PenugasanEnded,
    PenugasanStarted,
)
from shared.database import uuid7
from shared.events import Event
from shared.messaging import Meta, Received, Subscription
from shared.messaging.envelope import BadData, Record, parse
from tests.factories.messaging.events import (
    DAY,
    TOPIC,
    build_record,
    build_registered,
    build_status_changed,
    create_keys,
)
from tests.factories.messaging.replica_tables import (
    Penugasan,
    PenugasanHistory,
    Person,
    ReplicaTable,
    Status,
    build_replica,
)
from tests.factories.messaging.service_pair import ServicePair

LATER = date(2026, 6, 1)
TABLES = (Penugasan, PenugasanHistory, Status, Person)


@pytest.fixture
async def replica_stage(stage: ServicePair) -> AsyncIterator[ServicePair]:
    """The stage with this file's tables."""
    made = [CreateTable(model.__table__) for model in TABLES]  # type: ignore[arg-type]
    for statement in made:
        await stage.query_reader(str(statement.compile(dialect=postgresql.dialect())))
    for model in TABLES:
        await stage.query_reader(f"GRANT ALL ON replica_pendamping.{model.__tablename__} TO reader_worker")
    yield stage
    for model in TABLES:
        await stage.query_reader(f"DROP TABLE replica_pendamping.{model.__tablename__}")


def build_penugasan_started(key: UUID, penugasan_id: UUID, valid_to: date | None = None) -> PenugasanStarted:
    return PenugasanStarted(
        penugasan_id=penugasan_id,
        pendamping_id=key,
        kind=PilarKind.TKSK,
        ditjen=Ditjen.known()[0],
        employer_status=EmployerStatus.known()[0],
        valid_from=DAY,
        valid_to=valid_to,
    )


def build_penugasan_ended(key: UUID, penugasan_id: UUID) -> PenugasanEnded:
    fields = build_penugasan_started(key, penugasan_id).model_dump() | {
        "valid_to": LATER,
        "reason": "resigned",
    }
    return PenugasanEnded.model_validate(fields)


def build_records(key: UUID, *events: Event) -> list[Record]:
    return [build_record(key, seq, event=event) for seq, event in enumerate(events, start=1)]


async def read_rows(stage: ServicePair, model: type[ReplicaTable]) -> list[dict[str, Any]]:
    rows = await stage.query_reader(f"SELECT * FROM replica_pendamping.{model.__tablename__} ORDER BY 1, 2")
    return [dict(row) for row in rows]


async def test_columns_are_filled_by_the_fields_of_their_names(replica_stage: ServicePair) -> None:
    sub, (key, penugasan_id) = build_replica(), create_keys(2)
    sub.replicate(Penugasan, PenugasanStarted, PenugasanEnded)
    await replica_stage.receive(sub, build_records(key, build_penugasan_ended(key, penugasan_id)))
    assert await read_rows(replica_stage, Penugasan) == [
        {
            "penugasan_id": penugasan_id,
            "pendamping_id": key,
            "kind": "TKSK",
            "valid_from": DAY,
            "valid_to": LATER,
            "reason": "resigned",
        }
    ]


async def test_a_column_that_only_the_other_event_declares_becomes_null(replica_stage: ServicePair) -> None:
    sub, (key, penugasan_id) = build_replica(), create_keys(2)
    sub.replicate(Penugasan, PenugasanStarted, PenugasanEnded)
    await replica_stage.receive(sub, build_records(key, build_penugasan_ended(key, penugasan_id)))
    await replica_stage.receive(sub, [build_record(key, 2, event=build_penugasan_started(key, penugasan_id))])
    (row,) = await read_rows(replica_stage, Penugasan)
    assert (row["valid_to"], row["reason"]) == (None, None)


async def test_events_of_two_calls_leave_each_others_columns(replica_stage: ServicePair) -> None:
    sub, (key,) = build_replica(), create_keys(1)
    sub.replicate(Person, PendampingRegistered, renamed={"registered_on": "from_on"})
    sub.replicate(Person, PendampingStatusChanged, fixed={"on_leave": True})
    await replica_stage.receive(
        sub,
        build_records(
            key, build_registered(key), build_status_changed(key, "leave"), build_registered(key, 2)
        ),
    )
    assert await read_rows(replica_stage, Person) == [
        {
            "pendamping_id": key,
            "pendamping_no": "2",
            "registered_on": DAY,
            "reason": "leave",
            "on_leave": True,
        }
    ]


async def test_an_omitted_column_keeps_its_value(replica_stage: ServicePair) -> None:
    sub, (key,) = build_replica(), create_keys(1)
    sub.replicate(Person, PendampingStatusChanged, omit=["reason"])
    await replica_stage.receive(sub, build_records(key, build_status_changed(key, "leave")))
    assert [row["reason"] for row in await read_rows(replica_stage, Person)] == [None]


async def test_a_key_of_two_columns_keeps_one_row_for_each_pair(replica_stage: ServicePair) -> None:
    sub, (key,) = build_replica(), create_keys(1)
    sub.replicate(Status, PendampingRegistered, PendampingStatusChanged)
    later = build_status_changed(key).model_copy(update={"from_on": LATER})
    await replica_stage.receive(
        sub, build_records(key, build_registered(key), build_status_changed(key), later)
    )
    statuses = [(row["from_on"], row["status"]) for row in await read_rows(replica_stage, Status)]
    assert statuses == [(DAY, "CUTI"), (LATER, "CUTI")]


async def test_of_two_events_of_one_row_in_a_batch_the_last_counts(replica_stage: ServicePair) -> None:
    sub, (key, penugasan_id) = build_replica(), create_keys(2)
    sub.replicate(Penugasan, PenugasanStarted, PenugasanEnded)
    await replica_stage.receive(
        sub,
        build_records(
            key, build_penugasan_started(key, penugasan_id), build_penugasan_ended(key, penugasan_id)
        ),
    )
    assert [row["valid_to"] for row in await read_rows(replica_stage, Penugasan)] == [LATER]


@pytest.mark.parametrize("batches", [1, 2])
async def test_the_last_position_counts_although_its_time_is_earlier(
    replica_stage: ServicePair, batches: int
) -> None:
    """A business clock may be set back, and clocks of two processes differ."""
    sub, (key, penugasan_id) = build_replica(), create_keys(2)
    sub.replicate(Penugasan, PenugasanStarted, PenugasanEnded)
    started, ended = build_penugasan_started(key, penugasan_id), build_penugasan_ended(key, penugasan_id)
    records = [
        build_record(key, 1, event=started, time="2026-05-04T00:00:01Z"),
        build_record(key, 2, event=ended, time="2026-05-04T00:00:00Z"),
    ]
    for batch in [records] if batches == 1 else [[record] for record in records]:
        await replica_stage.receive(sub, batch)
    assert [row["valid_to"] for row in await read_rows(replica_stage, Penugasan)] == [LATER]


@pytest.mark.parametrize("size", [1, 5])
async def test_a_history_has_the_last_state_of_each_day(replica_stage: ServicePair, size: int) -> None:
    sub, (key, penugasan_id) = build_replica(), create_keys(2)
    sub.replicate(Penugasan, PenugasanStarted, PenugasanEnded, history=PenugasanHistory)
    started, ended = build_penugasan_started(key, penugasan_id), build_penugasan_ended(key, penugasan_id)
    states = [(4, started), (4, ended), (6, ended), (6, started), (5, ended)]
    records = [
        build_record(key, seq, event=event, time=f"2026-05-0{day}T18:00:00Z", offset=seq - 1)
        for seq, (day, event) in enumerate(states, start=1)
    ]
    for first in range(0, len(records), size):
        await replica_stage.receive(sub, records[first : first + size])
    assert [row["valid_to"] for row in await read_rows(replica_stage, Penugasan)] == [LATER]
    history = await read_rows(replica_stage, PenugasanHistory)
    assert [(row["from_on"].day, row["valid_to"]) for row in history] == [(5, LATER), (6, LATER), (7, None)]


async def test_a_field_that_this_release_does_not_know_is_ignored(replica_stage: ServicePair) -> None:
    sub, (key,) = build_replica(), create_keys(1)
    sub.replicate(Status, PendampingRegistered)
    record = build_record(key, 1, event=build_registered(key))
    await replica_stage.receive(sub, [replace_data(record, later={"field": [1]})])
    assert [row["pendamping_id"] for row in await read_rows(replica_stage, Status)] == [key]


async def test_an_event_that_does_not_match_writes_nothing_and_moves_the_cursor(
    replica_stage: ServicePair,
) -> None:
    sub, (person, lembaga) = build_replica(), create_keys(2)
    sub.replicate(Status, PendampingRegistered, where={"subject": SubjectKind.PERSON})
    other = build_registered(lembaga).model_copy(update={"subject": SubjectKind.LEMBAGA})
    await replica_stage.receive(
        sub, [*build_records(person, build_registered(person)), *build_records(lembaga, other)]
    )
    assert [row["pendamping_id"] for row in await read_rows(replica_stage, Status)] == [person]
    assert await replica_stage.read_cursor(lembaga, "pendamping") == (1, 1, "OPEN")


async def test_then_gets_only_the_written_events(replica_stage: ServicePair) -> None:
    sub, (person, lembaga) = build_replica(), create_keys(2)
    seen: list[list[str]] = []

    async def store_keys(_session: AsyncSession, facts: list[Received[Any]]) -> None:
        seen.append([fact.meta.key for fact in facts])

    sub.replicate(Status, PendampingRegistered, where={"subject": SubjectKind.PERSON}, then=store_keys)
    other = build_registered(lembaga).model_copy(update={"subject": SubjectKind.LEMBAGA})
    await replica_stage.receive(
        sub, [*build_records(person, build_registered(person)), *build_records(lembaga, other)]
    )
    await replica_stage.receive(sub, [build_record(lembaga, 2, event=other)])
    assert seen == [[str(person)]]


async def test_an_unknown_code_reads_as_unknown(replica_stage: ServicePair) -> None:
    sub, (key,) = build_replica(), create_keys(1)
    sub.replicate(Status, PendampingRegistered)
    await replica_stage.receive(
        sub, [replace_data(build_record(key, 1, event=build_registered(key)), status="NEW_STATUS")]
    )
    assert [row["status"] for row in await read_rows(replica_stage, Status)] == ["UNKNOWN"]


async def test_an_event_without_a_needed_field_parks_its_key_alone(replica_stage: ServicePair) -> None:
    sub, (bad, good) = build_replica(), create_keys(2)
    sub.replicate(Status, PendampingRegistered)
    broken = remove_field(build_record(bad, 1, event=build_registered(bad)), "status")
    await replica_stage.receive(sub, [broken, build_record(good, 1, event=build_registered(good))])
    assert [(row["key"], row["error"]) for row in await replica_stage.read_parked("pendamping")] == [
        (str(bad), "BadData")
    ]
    assert [row["pendamping_id"] for row in await read_rows(replica_stage, Status)] == [good]


def test_a_field_that_should_be_a_list_and_is_none_is_bad_data() -> None:
    facts = {"kpm_id": str(uuid7()), "kode_wilayah": "33.24.09.2011", "komponen": {}, "desil": []}
    counts = dict.fromkeys(("members", "able_productive", "lansia", "disabilitas"), 1)
    event = KpmUpdated.model_validate(facts | counts)
    record = build_record(event.kpm_id, 1, event=event, topic=KpmUpdated.topic)
    assert parse(record).fields["desil"] == []
    with pytest.raises(BadData, match="desil"):
        _ = parse(replace_data(record, desil={"scope": "NAS"})).fields


async def test_a_handler_with_three_parameters_gets_the_envelope(stage: ServicePair) -> None:
    sub, (key,) = Subscription("received", "reaction", [TOPIC]), create_keys(1)
    seen: list[object] = []

    @sub.on(PendampingRegistered)
    async def handle(_session: AsyncSession, event: PendampingRegistered) -> None:
        seen.append(event.status)

    @sub.on(PendampingStatusChanged)
    async def handle_with_meta(_session: AsyncSession, event: PendampingStatusChanged, meta: Meta) -> None:
        seen.append((event.status, meta.seq))

    await stage.receive(sub, build_records(key, build_registered(key), build_status_changed(key)))
    assert seen == [PendampingStatus.AKTIF, (PendampingStatus.CUTI, 2)]


def replace_data(record: Record, **fields: Any) -> Record:
    envelope = orjson.loads(record.value)
    envelope["data"] |= fields
    return Record(record.topic, record.partition, record.offset, record.key, orjson.dumps(envelope))


def remove_field(record: Record, field: str) -> Record:
    envelope = orjson.loads(record.value)
    del envelope["data"][field]
    return Record(record.topic, record.partition, record.offset, record.key, orjson.dumps(envelope))
