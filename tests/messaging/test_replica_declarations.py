"""Declarations of replicas that cannot work are refused."""

from typing import Any

import pytest

from shared.contracts.caseload import KpmUpdated
from shared.contracts.registry import PendampingRegistered, PenugasanStarted
from shared.events import Event
from shared.messaging import Subscription
from tests.factories.messaging.events import TOPIC
from tests.factories.messaging.replica_tables import (
    Elsewhere,
    Penugasan,
    Person,
    ReplicaTable,
    Status,
    build_replica,
)


@pytest.mark.parametrize(
    ("model", "event", "options", "sentence"),
    [
        (Penugasan, PendampingRegistered, {}, "no value for penugasan_id, kind, valid_from"),
        (Status, PendampingRegistered, {"omit": ["from_on"]}, "no value for from_on"),
        (Status, PendampingRegistered, {"omit": ["status"]}, "no value for status"),
        (Status, PendampingRegistered, {"renamed": {"state": "status"}}, "do not have: state"),
        (Status, PendampingRegistered, {"renamed": {"status": "reason"}}, "do not have: reason"),
        (Status, PendampingRegistered, {"fixed": {"state": "AKTIF"}}, "do not have: state"),
        (Status, PendampingRegistered, {"where": {"purpose": "X"}}, "do not have: purpose"),
        (Status, KpmUpdated, {"renamed": {"pendamping_id": "kpm_id"}}, "no value for from_on, status"),
        (Elsewhere, PendampingRegistered, {}, "not a table of its schema"),
        (Penugasan, PenugasanStarted, {"history": Person}, "Person is no history of Penugasan"),
    ],
)
def test_a_declaration_that_cannot_work_is_refused(
    model: type[ReplicaTable], event: type[Event], options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        build_replica().replicate(model, event, **options)


def test_an_event_is_not_handled_twice() -> None:
    sub = build_replica()
    sub.replicate(Status, PendampingRegistered)
    with pytest.raises(ValueError, match="handled twice"):
        sub.replicate(Person, PendampingRegistered)


def test_a_reaction_replicates_nothing() -> None:
    with pytest.raises(ValueError, match="not a table of its schema"):
        Subscription("pendamping", "reaction", [TOPIC]).replicate(Status, PendampingRegistered)
