"""Mistakes in what counts as sent to Kafka."""

from tests.mutants.mutant import Mutant

PRODUCER = "shared/kafka/producer.py"
ACKNOWLEDGEMENT = ("tests/kafka/test_acknowledgement.py",)

KAFKA = (
    Mutant(
        "acks-of-all-replicas",
        "the leader alone acknowledges an event",
        ((PRODUCER, 'acks="all",\n                enable_idempotence=True,', "acks=1,"),),
        ACKNOWLEDGEMENT,
        "all_replicas",
    ),
    Mutant(
        "idempotent-producer",
        "a retry of the producer writes an event twice",
        ((PRODUCER, "                enable_idempotence=True,\n", ""),),
        ACKNOWLEDGEMENT,
        "all_replicas",
    ),
    Mutant(
        "refused-by-the-broker",
        "an event that the broker refused counts as acknowledged",
        ((PRODUCER, "not future.cancelled() and future.exception() is None", "not future.cancelled()"),),
        ACKNOWLEDGEMENT,
        "broker_refuses",
    ),
)
