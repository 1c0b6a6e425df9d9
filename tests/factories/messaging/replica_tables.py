"""Tables that replicate events of registry."""

from datetime import date
from uuid import UUID

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.database import COLUMN_TYPES, service_metadata
from shared.messaging import Subscription
from tests.factories.messaging.events import TOPIC

SCHEMA = {"schema": "replica_pendamping"}


class ReplicaTable(DeclarativeBase):
    metadata = service_metadata()
    type_annotation_map = COLUMN_TYPES


class Penugasan(ReplicaTable):
    __tablename__ = "penugasan"
    __table_args__ = SCHEMA
    penugasan_id: Mapped[UUID] = mapped_column(primary_key=True)
    pendamping_id: Mapped[UUID]
    kind: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    reason: Mapped[str | None]


class PenugasanHistory(ReplicaTable):
    __tablename__ = "penugasan_history"
    __table_args__ = SCHEMA
    penugasan_id: Mapped[UUID] = mapped_column(primary_key=True)
    from_on: Mapped[date] = mapped_column(primary_key=True)
    pendamping_id: Mapped[UUID]
    kind: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    reason: Mapped[str | None]


class Status(ReplicaTable):
    """One row for each day from which a status holds."""

    __tablename__ = "status"
    __table_args__ = SCHEMA
    pendamping_id: Mapped[UUID] = mapped_column(primary_key=True)
    from_on: Mapped[date] = mapped_column(primary_key=True)
    status: Mapped[str]


class Person(ReplicaTable):
    """Filled by two events, each with columns of its own."""

    __tablename__ = "person"
    __table_args__ = SCHEMA
    pendamping_id: Mapped[UUID] = mapped_column(primary_key=True)
    pendamping_no: Mapped[str]
    registered_on: Mapped[date | None]
    reason: Mapped[str | None]
    on_leave: Mapped[bool | None]


class Elsewhere(ReplicaTable):
    __tablename__ = "elsewhere"
    __table_args__ = ({"schema": "replica_other"},)
    pendamping_id: Mapped[UUID] = mapped_column(primary_key=True)


def build_replica() -> Subscription:
    """Return a replica without handlers."""
    return Subscription("pendamping", "replica", [TOPIC])
