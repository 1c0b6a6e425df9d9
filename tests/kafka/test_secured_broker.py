"""Clients reach a broker that asks for TLS, a certificate and an account."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from deploy.kafka.broker import Broker
from deploy.loopback import LOOPBACK
from shared.database import uuid7
from shared.kafka.brokers import Brokers
from shared.kafka.producer import KafkaPublisher
from shared.kafka.topics import TOPICS, create_topics
from shared.messaging.relay import Unsent
from shared.settings import Settings
from tests.factories.certificates import OwnCa

pytestmark = [pytest.mark.kafka, pytest.mark.xdist_group("secured")]
PASSWORD = "rahasia-512"


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Broker, Path]]:
    folder = tmp_path_factory.mktemp("secured")
    ca = OwnCa.create(folder)
    settings = {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(ca.issue(LOOPBACK)),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(ca.file),
        "listener.name.sasl_ssl.ssl.client.auth": "required",
    }
    broker = Broker(
        folder / "kafka", settings=settings, accounts={"broker": "antar-broker", "registry": PASSWORD}
    )
    broker.start()
    yield broker, folder
    broker.wipe()


def build_settings(secured: tuple[Broker, Path], **changed: Any) -> Settings:
    broker, folder = secured
    values: dict[str, Any] = {
        "kafka_bootstrap": broker.bootstrap,
        "kafka_security_protocol": "SASL_SSL",
        "kafka_ca_file": folder / "ca.pem",
        "kafka_certificate_file": folder / f"{LOOPBACK}.pem",
        "kafka_key_file": folder / f"{LOOPBACK}.pem",
        "kafka_user": "registry",
        "kafka_password": PASSWORD,
    }
    return Settings.load_for("registry", mode="development", **(values | changed))


async def test_every_client_uses_the_settings_of_the_brokers(secured: tuple[Broker, Path]) -> None:
    brokers = Brokers.of(build_settings(secured))
    assert PASSWORD not in repr(brokers)
    await create_topics(brokers)
    publisher = KafkaPublisher(brokers)
    row = Unsent(0, 1, datetime.now(UTC), uuid7(), TOPICS[0], "key", "{}")
    assert await publisher.publish(None, [row]) == set()  # type: ignore[arg-type]
    await publisher.close()
    consumer = AIOKafkaConsumer(TOPICS[0], auto_offset_reset="earliest", **brokers.options)
    await consumer.start()
    try:
        assert (await consumer.getone()).key == b"key"
    finally:
        await consumer.stop()


@pytest.mark.parametrize(
    "changed",
    [
        {"kafka_password": "salah"},
        {"kafka_certificate_file": None, "kafka_key_file": None},
        {"kafka_ca_file": None},
        {"kafka_security_protocol": "SSL", "kafka_user": "", "kafka_password": ""},
    ],
)
async def test_broker_or_client_refuses_what_is_not_proved(
    secured: tuple[Broker, Path], changed: dict[str, Any]
) -> None:
    brokers = Brokers.of(build_settings(secured, **changed))
    admin = AIOKafkaAdminClient(**brokers.options, request_timeout_ms=3000)
    with pytest.raises(KafkaError):
        await admin.start()
    await admin.close()


async def test_missing_certificate_file_stops_the_start(secured: tuple[Broker, Path]) -> None:
    settings = build_settings(secured, kafka_ca_file=Path("/nowhere/ca.pem"))
    with pytest.raises(FileNotFoundError):
        Brokers.of(settings)
