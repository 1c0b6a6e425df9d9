"""One Apache Kafka broker in KRaft mode on this machine's loopback address."""

from __future__ import annotations

import base64
import shutil
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import IO

from deploy.child_process import Child
from deploy.folder import FolderInUse, lock_folder
from deploy.kafka.jars import HERE, KafkaUnusable, jars, missing
from deploy.loopback import LOOPBACK, free_port

__all__ = ["Broker", "KafkaUnusable", "missing"]

# A short-lived broker: the optimising compiler would cost more start time than it saves.
JAVA = ("java", "-Xmx384m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData")
SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL",
    # The topics are the history: unlimited retention, timestamps of the broker, no automatic topics.
    "log.message.timestamp.type": "LogAppendTime",
    "log.retention.ms": "-1",
    "log.retention.bytes": "-1",
    "auto.create.topics.enable": "false",
    "num.partitions": "24",
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "8",
    "offsets.retention.minutes": str(60 * 24 * 365 * 10),
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    # A restarted broker waits until its old session has expired: nine seconds by default.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "num.replica.fetchers": "1",
    "log.cleaner.dedupe.buffer.size": "4194304",
    "log.index.size.max.bytes": "1048576",
}
SASL = {
    "sasl.enabled.mechanisms": "SCRAM-SHA-512",
    "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
}
JAAS = "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config"
LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule"


class Broker:
    """A broker with its data in `folder`, which ends with this process.

    It ends even on kill -9. The port is chosen once, a free one for 0. So `stop` or `kill` and then `start` is an outage
    for clients of `bootstrap`. With `accounts`, names and passwords, clients need TLS and SCRAM-SHA-512; `settings`
    then has the certificates.
    """

    def __init__(
        self,
        folder: Path | str,
        *,
        port: int = 0,
        settings: Mapping[str, str] | None = None,
        accounts: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = Path(folder).resolve()
        self.port = port
        self._controller_port = 0
        self._settings = dict(settings or {})
        self._accounts = dict(accounts or {})
        self._child: Child | None = None
        self._lock: IO[str] | None = None
        self._paused = False

    @property
    def bootstrap(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    @property
    def pid(self) -> int:
        return self._running.pid

    @property
    def log(self) -> Path:
        return self.folder / "broker.log"

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.returncode is None

    def start(self, *, timeout: float = 60.0) -> None:
        """Start the broker and wait until it accepts connections, which takes about two seconds.

        Args:
            timeout: seconds to wait.

        Raises:
            KafkaUnusable: the broker cannot start. The message is one sentence.
        """
        if missing_parts := missing():
            raise KafkaUnusable(missing_parts)
        self._lock_folder()
        try:
            self._classes = f"{jars()}/*"
            self._launch_until_ready(timeout)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the broker and keep its data."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill the broker, as a power cut would. For tests of outages."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Suspend the process: its connections stay open and get no answers."""
        self._running.send(signal.SIGSTOP)
        self._paused = True

    def resume(self) -> None:
        self._running.send(signal.SIGCONT)
        self._paused = False

    def wipe(self) -> None:
        """Stop the broker and delete its data.

        The next start is a new cluster on the same port.
        """
        self.stop()
        shutil.rmtree(self.folder / "data", ignore_errors=True)

    @property
    def _running(self) -> Child:
        if self._child is None:
            raise KafkaUnusable("The broker is not running.")
        return self._child

    def _end(self, how: signal.Signals) -> None:
        if self._child is not None:
            if self._paused:
                self.resume()
            self._child.stop(how, timeout=20)
            self._child = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _lock_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._lock = lock_folder(self.folder)
        except FolderInUse as owner:
            raise KafkaUnusable(
                f"Process {owner} already runs a broker on {self.folder}; stop it first."
            ) from None

    def _launch_until_ready(self, timeout: float) -> None:
        """Start the process, and try other ports if a free one was taken in between.

        A port that the caller has chosen is not changed.
        """
        chosen_port = self.port
        for _attempt in range(3):
            self._controller_port = free_port()
            self.port = chosen_port or free_port()
            self._launch()
            if self._became_ready(timeout):
                return
        raise KafkaUnusable(f"The broker did not start: {self._last_error()}")

    @property
    def _formatted(self) -> bool:
        return (self.folder / "data" / "meta.properties").exists()

    def _launch(self) -> None:
        config = self.folder / "server.properties"
        config.write_text("".join(f"{name}={value}\n" for name, value in self._properties().items()))
        if not self._formatted:
            self._format(config)
        with self.log.open("wb") as log:
            self._child = Child(
                [*JAVA, *self._java_options(), "kafka.Kafka", config],
                on_death=signal.SIGKILL,
                folder=self.folder,
                output=log,
            )

    def _properties(self) -> dict[str, str]:
        controller = f"{LOOPBACK}:{self._controller_port}"
        protocol = "SASL_SSL" if self._accounts else "PLAINTEXT"
        own = {
            "log.dirs": str(self.folder / "data"),
            "listeners": f"{protocol}://{self.bootstrap},CONTROLLER://{controller}",
            "advertised.listeners": f"{protocol}://{self.bootstrap}",
            "inter.broker.listener.name": protocol,
            "controller.quorum.voters": f"1@{controller}",
        }
        for name, password in [*self._accounts.items()][:1]:  # The broker's own.
            own |= SASL | {JAAS: f'{LOGIN} required username="{name}" password="{password}";'}
        return SETTINGS | own | self._settings

    def _java_options(self) -> list[str]:
        return ["-cp", self._classes, f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}"]

    def _format(self, config: Path) -> None:
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        shutil.rmtree(self.folder / "data", ignore_errors=True)
        result = subprocess.run(
            [
                *JAVA,
                *self._java_options(),
                *("kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", config),
                *(
                    f"--add-scram=SCRAM-SHA-512=[name={name},password={password}]"
                    for name, password in self._accounts.items()
                ),
            ],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.folder,
        )
        if result.returncode:
            raise KafkaUnusable(
                f"Kafka could not format its folder: {(result.stderr or result.stdout).strip()[-300:]}"
            )

    def _became_ready(self, timeout: float) -> bool:
        """Wait for the listener, which opens when the broker has read its metadata."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and self.running:
            with closing(socket.socket()) as probe:
                probe.settimeout(1)
                if probe.connect_ex((LOOPBACK, self.port)) == 0:
                    return True
            time.sleep(0.05)
        self._running.kill()
        return False

    def _last_error(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return next((line for line in lines if " ERROR " in line), lines[-1] if lines else "its log is empty")
