"""Events, records and subscriptions for a service pair."""

import itertools
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.contracts.caseload import IdentitySealed
from shared.contracts.kinds import PendampingStatus, SubjectKind
from shared.contracts.registry import PendampingRegistered, PendampingStatusChanged
from shared.database import COLUMN_TYPES, raw, service_metadata, upsert, uuid7
from shared.events import Event
from shared.messaging import Meta, Received, Subscription
from shared.messaging.envelope import Record

TOPIC = PendampingRegistered.topic
SEALED = IdentitySealed.topic
DAY = date(2026, 5, 4)


class StageTable(DeclarativeBase):
    metadata = service_metadata()
    type_annotation_map = COLUMN_TYPES


class Pendamping(StageTable):
    """The reader's replica."""

    __tablename__ = "pendamping"
    __table_args__ = ({"schema": "replica_pendamping"},)
    pendamping_id: Mapped[UUID] = mapped_column(primary_key=True)
    pendamping_no: Mapped[str]
    status: Mapped[str]
    last_seq: Mapped[int] = mapped_column(sa.BigInteger)


def build_registered(key: UUID, number: object = 1) -> PendampingRegistered:
    return PendampingRegistered(
        pendamping_id=key,
        pendamping_no=str(number),
        subject=SubjectKind.PERSON,
        status=PendampingStatus.AKTIF,
        from_on=DAY,
    )


def build_status_changed(key: UUID, reason: object = "") -> PendampingStatusChanged:
    return PendampingStatusChanged(
        pendamping_id=key,
        pendamping_no="1",
        subject=SubjectKind.PERSON,
        status=PendampingStatus.CUTI,
        reason=str(reason),
        from_on=DAY,
    )


def build_identity_sealed(key: UUID) -> IdentitySealed:
    return IdentitySealed(recipient="reader", for_id=uuid7(), kpm_id=key, key_id="k1", ciphertext="c2VhbGVk")


def create_keys(count: int) -> list[UUID]:
    return [UUID(str(uuid7())) for _ in range(count)]


def build_recorder(
    name: str = "received", *, starts: Any = "beginning", topics: Sequence[str] = (TOPIC,)
) -> Subscription:
    """A reaction that stores each event as often as it receives it."""
    made = Subscription(name, "reaction", list(topics), starts=starts)

    async def store_event(session: AsyncSession, event: Any, meta: Meta) -> None:
        await (await raw(session)).execute(
            "INSERT INTO received (subscription, key, epoch, seq, wire, reason) VALUES ($1, $2, $3, $4, $5, $6)",
            name,
            meta.key,
            meta.epoch,
            meta.seq,
            meta.wire,
            getattr(event, "reason", ""),
        )

    if TOPIC in topics:
        made.on(PendampingRegistered, PendampingStatusChanged)(store_event)
    if SEALED in topics:
        made.on(IdentitySealed)(store_event)
    return made


def build_replica() -> Subscription:
    """A batch replica that stores the position of its last event, for comparison."""
    made = Subscription("pendamping", "replica", [TOPIC])

    @made.on_batch(PendampingRegistered, PendampingStatusChanged)
    async def store_rows(session: AsyncSession, facts: list[Received[Any]]) -> None:
        rows = [
            {
                "pendamping_id": fact.event.pendamping_id,
                "pendamping_no": fact.event.pendamping_no,
                "status": fact.event.status,
                "last_seq": fact.meta.seq,
            }
            for fact in facts
        ]
        await upsert(session, Pendamping, rows, key=["pendamping_id"])

    return made


_offsets = itertools.count(1_000_000)


def build_record(
    key: object,
    seq: int,
    *,
    event_id: UUID | None = None,
    epoch: int = 1,
    event: Event | None = None,
    wire: str = "",
    topic: str = TOPIC,
    partition: int = 0,
    offset: int | None = None,
    time: str = "2026-05-04T00:00:00Z",
) -> Record:
    """Return a record at an offset of its own."""
    fact = event or build_status_changed(UUID(str(key)), seq)
    envelope = {
        "id": str(event_id or uuid7()),
        "type": wire or fact.wire,
        "subject": str(key),
        "time": time,
        "epoch": epoch,
        "seq": seq,
        "data": fact.model_dump(mode="json"),
    }
    return Record(
        topic, partition, next(_offsets) if offset is None else offset, str(key), orjson.dumps(envelope)
    )
