"""The jars of one Kafka broker, resolved once by Maven from pom.xml."""

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
    """A broker cannot run on this machine. The message says what to do."""


def missing() -> str | None:
    """Return a sentence that names the Debian packages to install, or None."""
    packages = [package for program, package in PACKAGES.items() if shutil.which(program) is None]
    if "maven" in packages and jars_folder().exists():
        packages.remove("maven")
    return f"A real Kafka needs {' and '.join(packages)}: install with apt-get." if packages else None


def jars_folder() -> Path:
    """Return the folder of the jars, named by the pom's digest.

    So another version has another folder.
    """
    return CACHE / f"jars-{hashlib.sha256(POM.read_bytes()).hexdigest()[:12]}"


def jars() -> Path:
    """Return the folder of the jars, after resolving them if it does not exist.

    Raises:
        KafkaUnusable: a program is missing, or Maven failed. The message is one sentence.
    """
    if sentence := missing():
        raise KafkaUnusable(sentence)
    target = jars_folder()
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "resolving.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test workers resolve at the same time
        if not target.exists():
            _resolve(target)
    return target


def _resolve(target: Path) -> None:
    temporary = target.with_suffix(f".{os.getpid()}")
    result = subprocess.run(
        [
            *("mvn", "--quiet", "--batch-mode", "-f", POM, "dependency:copy-dependencies"),
            *("-DincludeScope=runtime", f"-DoutputDirectory={temporary}"),
        ],
        check=False,
        capture_output=True,
        text=True,
    )
    if result.returncode:
        shutil.rmtree(temporary, ignore_errors=True)
        lines = (result.stdout or result.stderr).strip().splitlines()
        raise KafkaUnusable(
            f"Maven could not resolve Kafka's jars: {lines[0] if lines else 'it printed no reason'}"
        )
    temporary.rename(target)
