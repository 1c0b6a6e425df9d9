"""The jars of one Kafka broker, resolved by Maven from pom.xml once and kept outside the source tree."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
POM = HERE / "pom.xml"
CACHE = HERE.parents[1] / "build" / "kafka"
PACKAGES = {"java": "openjdk-17-jdk-headless", "mvn": "maven"}


class KafkaUnusable(Exception):
    """A broker cannot run here; the message is one sentence that says what to do."""


def missing() -> str | None:
    """One sentence that names the Debian packages to install, or None when nothing lacks."""
    lacking = [package for program, package in PACKAGES.items() if shutil.which(program) is None]
    if "maven" in lacking and jars_folder().exists():
        lacking.remove("maven")
    return f"A real Kafka needs {' and '.join(lacking)}: install with apt-get." if lacking else None


def jars_folder() -> Path:
    """Named by the pom's content, so that another version never meets this one's jars."""
    return CACHE / f"jars-{hashlib.sha256(POM.read_bytes()).hexdigest()[:12]}"


def jars() -> Path:
    """The folder of jars, resolved when it is not there. Raises KafkaUnusable with one sentence."""
    if sentence := missing():
        raise KafkaUnusable(sentence)
    target = jars_folder()
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "resolving.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test workers ask at once
        if not target.exists():
            _resolve(target)
    return target


def _resolve(target: Path) -> None:
    making = target.with_suffix(f".{os.getpid()}")
    result = subprocess.run(
        [
            *("mvn", "--quiet", "--batch-mode", "-f", POM, "dependency:copy-dependencies"),
            *("-DincludeScope=runtime", f"-DoutputDirectory={making}"),
        ],
        check=False,
        capture_output=True,
        text=True,
    )
    if result.returncode:
        shutil.rmtree(making, ignore_errors=True)
        words = (result.stdout or result.stderr).strip().splitlines()
        raise KafkaUnusable(
            f"Maven could not resolve Kafka's jars: {words[0] if words else 'no word of why'}"
        )
    making.rename(target)
