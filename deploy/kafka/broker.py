"""One real Apache Kafka broker in KRaft mode on this machine's loopback address."""

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

# Small and soon ready: a broker of one machine is short-lived, and the optimising compiler costs more than it wins.
JAVA = ("java", "-Xmx384m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData")
SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "inter.broker.listener.name": "PLAINTEXT",
    # The log is the history: kept without limit, dated by the broker, and no topic exists by accident.
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
    # A broker that was killed is let in again when its old session has ended: nine seconds by default.
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


class Broker:
    """A broker whose data is kept below `folder`. It dies with this process, even on kill -9.

    Its port (a free one when 0) is chosen once: `stop` or `kill`, then `start`, is an outage that clients
    with the same `bootstrap` live through. Raises KafkaUnusable with one sentence.
    """

    def __init__(
        self, folder: Path | str, *, port: int = 0, settings: Mapping[str, str] | None = None
    ) -> None:
        self.folder = Path(folder).resolve()
        self.port = port
        self._controller_port = 0
        self._settings = dict(settings or {})
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

    def start(self, *, patience: float = 60.0) -> None:
        """It answers on its port when this returns; about two seconds."""
        if missing_parts := missing():
            raise KafkaUnusable(missing_parts)
        self._own_the_folder()
        try:
            self._classes = f"{jars()}/*"
            self._launch_until_ready(patience)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """By its own id, in order; data is kept."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """As a power cut would; for tests of outages."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """It holds its connections and answers nobody, which is worse for a client than a dead one."""
        self._running.send(signal.SIGSTOP)
        self._paused = True

    def resume(self) -> None:
        self._running.send(signal.SIGCONT)
        self._paused = False

    def wipe(self) -> None:
        """Stop, and forget every topic; the next start is a new cluster on the same port."""
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
            self._child.stop(how, patience=20)
            self._child = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _own_the_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._lock = lock_folder(self.folder)
        except FolderInUse as owner:
            raise KafkaUnusable(
                f"Process {owner} already runs a broker on {self.folder}; stop it first."
            ) from None

    def _launch_until_ready(self, patience: float) -> None:
        """A free port may be taken by another in between, so another is tried; a port asked for is kept."""
        asked = self.port
        for _attempt in range(3):
            self._controller_port = free_port()
            self.port = asked or free_port()
            self._launch()
            if self._became_ready(patience):
                return
        raise KafkaUnusable(f"The broker did not start: {self._last_words()}")

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
        own = {
            "log.dirs": str(self.folder / "data"),
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "controller.quorum.voters": f"1@{controller}",
        }
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

    def _became_ready(self, patience: float) -> bool:
        """The listener opens only when the broker has caught up with its own metadata."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and self.running:
            with closing(socket.socket()) as probe:
                probe.settimeout(1)
                if probe.connect_ex((LOOPBACK, self.port)) == 0:
                    return True
            time.sleep(0.05)
        self._running.kill()
        return False

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return next((line for line in lines if " ERROR " in line), lines[-1] if lines else "it said nothing")
