"""The verbs of Pilar: `python3 deploy/run.py VERB [arguments]`.

This file needs the standard library only. It creates .venv in a new clone, installs what the verb needs from the
hash-pinned lists in requirements/, and then runs a module inside .venv.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / "python"
REQUIREMENTS = ROOT / "requirements"
OLDEST_PYTHON = (3, 11)

VERBS = {
    "up": "start all services on this machine (FRESH=1: empty databases, TRANSPORT=kafka: a real broker)",
    "demo": "play a pendamping's year and one family's graduation over HTTP, and compare the counts",
    "timeline": "print one family's events across the services: make timeline KPM=<kpm_id>",
    "invariants": "check the invariants of a deployment's four databases",
    "audit": "export the audit trail of a deployment and check that nothing was changed",
    "test": "run the tests with pytest arguments: test -k sanggah, or make test ARGS='-k sanggah'",
    "check": "check lint, format, types, import contracts, compose file and generated files",
    "check-contracts": "generate clients from the published contracts, and use them (needs Node.js 20)",
    "prove": "run the proofs of access and audit in full size, print a table, and play every journey over Kafka",
    "mutants": "plant known mistakes one by one and show that tests notice them: make mutants ARGS=NAME",
    "bench": "measure the figures and their floors, print them and write build/bench.json",
    "lock": "resolve requirements/*.in into hash-pinned lists",
    "help": "print this list",
}
LOCKS = ("uv", "base", "local", "dev")


def main(arguments: list[str]) -> int:
    verb, rest = (arguments[0], arguments[1:]) if arguments else ("help", [])
    if verb in {"help", "-h", "--help"}:
        return show_help()
    if verb not in VERBS:
        show_help()
        return fail(f"There is no verb {verb!r}.")
    if sys.version_info < OLDEST_PYTHON:
        return fail("Pilar needs Python 3.11 or newer. Install the Debian package python3.")
    os.chdir(ROOT)
    stop_with_make()
    os.environ["PYTHONPATH"] = str(ROOT)
    return ACTIONS[verb](rest)


def show_help() -> int:
    print("make VERB, or python3 deploy/run.py VERB\n")
    for verb, meaning in VERBS.items():
        print(f"  {verb:15} {meaning}")
    return 0


def fail(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


def stop_with_make() -> None:
    """Stop this process when make is killed, and with it all its children."""
    if "MAKELEVEL" in os.environ and sys.platform == "linux":
        parent_death_signal = 1
        ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGTERM)


# Installation


def need(name: str) -> None:
    """Install the locked list `name` into .venv, unless it is installed already."""
    if not PYTHON.exists():
        make_venv()
    requirements = REQUIREMENTS / f"{name}.txt"
    if not is_installed(requirements):
        install_uv()
        print(f"Installing requirements/{name}.txt", file=sys.stderr)
        # Compiled bytecode: each process starts in a third of the time, also without write access to .venv.
        arguments = ("pip", "install", "--quiet", "--compile-bytecode", "--require-hashes")
        run(BIN / "uv", *arguments, "--python", PYTHON, "-r", requirements)
        mark_installed(requirements)


def make_venv() -> None:
    if sys.version_info < OLDEST_PYTHON or shutil.which(sys.executable) is None:
        raise SystemExit(fail("Pilar needs Python 3.11 or newer. Install the Debian package python3."))
    # Debian packages these separately, and venv's own message about it is a page long.
    if any(importlib.util.find_spec(part) is None for part in ("venv", "ensurepip")):
        sys.exit("This Python cannot create a virtual environment. Install the Debian package python3-venv.")
    import venv

    print("Creating .venv", file=sys.stderr)
    venv.EnvBuilder(with_pip=True, clear=VENV.exists(), symlinks=os.name != "nt").create(VENV)


def install_uv() -> None:
    requirements = REQUIREMENTS / "uv.txt"
    if not is_installed(requirements) or not (BIN / "uv").exists():
        run(PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", requirements)
        mark_installed(requirements)


def stamp_file(requirements: Path) -> Path:
    return VENV / f".installed-{requirements.stem}"


def is_installed(requirements: Path) -> bool:
    """Return whether this list, or one that contains it, is installed.

    dev contains local, and local contains base.
    """
    larger = LOCKS[LOCKS.index(requirements.stem) :] if requirements.stem != "uv" else ("uv",)
    return any(read(stamp_file(path)) == digest(path) for path in (REQUIREMENTS / f"{x}.txt" for x in larger))


def mark_installed(requirements: Path) -> None:
    stamp_file(requirements).write_text(digest(requirements))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def run(*command: object, quiet: bool = False) -> None:
    """Run a command to its end. If it fails, exit with its exit code."""
    words = [str(word) for word in command]
    result = subprocess.run(words, check=False, stdout=subprocess.DEVNULL if quiet else None)
    if result.returncode:
        sys.exit(result.returncode)


def replace_process(*command: object) -> NoReturn:
    """Replace this process by the command, so that signals reach it directly."""
    words = [str(word) for word in command]
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(words[0], words)  # noqa: S606  # no shell, constant arguments


# The verbs


def up(arguments: list[str]) -> int:
    require_kafka_if_requested()
    need("local")
    replace_process(PYTHON, "-m", "deploy.local.up", *arguments)


def demo(arguments: list[str]) -> int:
    require_kafka_if_requested()
    need("local")
    replace_process(PYTHON, "-m", "deploy.demo", *arguments)


def run_module(name: str, *default: str) -> Callable[[list[str]], int]:
    """Return a verb that runs a module of the one-machine deployment."""

    def verb(arguments: list[str]) -> int:
        need("local")
        replace_process(PYTHON, "-m", name, *(arguments or default))

    return verb


def bench(arguments: list[str]) -> int:
    report_missing_kafka()
    need("dev")
    replace_process(PYTHON, "-m", "deploy.bench", *arguments)


def test(arguments: list[str]) -> int:
    """Run pytest. Without Java or Maven the Kafka tests are skipped, which fails with CI=true."""
    options = ["-p", "no:cacheprovider"] if os.environ.get("CI") else []
    if not any(word in {"-n", "-p", "--pdb"} or word.startswith("-n") for word in arguments):
        # One more than CI's two cores, because some tests wait half their time for a broker or a process.
        options += ["-n", "3", "--dist", "loadgroup"]
    if report_missing_kafka():
        if os.environ.get("CI") == "true":
            return fail("CI must run every test.")
        options += ["-m", "not kafka"]
    need("dev")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # Else hundreds of processes compile the sources again.
    replace_process(PYTHON, "-m", "pytest", *options, *arguments)


def prove(arguments: list[str]) -> int:
    os.environ["PILAR_PROVE"] = "full"
    return test(["-m", "proof", *arguments])


def mutants(arguments: list[str]) -> int:
    report_missing_kafka()
    need("dev")
    replace_process(PYTHON, "-m", "tests.mutants", *arguments)


def check(_arguments: list[str]) -> int:
    need("dev")
    steps = (
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("basedpyright",),
        ("lint-imports",),
        ("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"),
        ("python", "-m", "deploy.contracts", "--check"),
    )
    failed = [step for step in steps if subprocess.run([BIN / step[0], *step[1:]], check=False).returncode]
    for step in failed:
        print("Failed:", " ".join(step), file=sys.stderr)
    return 1 if failed else 0


def lock(_arguments: list[str]) -> int:
    """Resolve each list with the versions of the one below it.

    The list of the clients is resolved alone, because its environment is another one.
    No index address and no path is written to a list.
    """
    if not PYTHON.exists():
        make_venv()
    install_uv()
    below = ""
    for name in (*LOCKS, "clients"):
        source, target = f"requirements/{name}.in", f"requirements/{name}.txt"
        constraints = ("-c", below) if below and name != "clients" else ()
        run(BIN / "uv", *COMPILE, *constraints, source, "-o", target)
        below = target if name != "uv" else ""
    return 0


def check_contracts(arguments: list[str]) -> int:
    if shutil.which("npm") is None:
        return fail(
            "check-contracts needs Node.js 20 or newer with npm. Install the Debian packages nodejs and npm."
        )
    need("dev")
    replace_process(PYTHON, "-m", "deploy.clients", *arguments)


COMPILE = (
    *("pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"),
    *("--no-header", "--no-emit-index-url", "--no-emit-find-links"),
)


def kafka_requirement() -> str:
    """Return a sentence that names the packages to install, or an empty text."""
    packages = {"java": "openjdk-17-jdk-headless", "mvn": "maven"}
    packages_to_install = [package for program, package in packages.items() if shutil.which(program) is None]
    if not packages_to_install:
        return ""
    return f"A real Kafka needs {' and '.join(packages_to_install)}: install the Debian package{'s' * (len(packages_to_install) > 1)} of that name."


def report_missing_kafka() -> bool:
    sentence = kafka_requirement()
    if sentence:
        print(sentence, "Everything that needs a broker is skipped.", file=sys.stderr)
    return bool(sentence)


def require_kafka_if_requested() -> None:
    if os.environ.get("TRANSPORT") == "kafka" and (sentence := kafka_requirement()):
        sys.exit(sentence)


ACTIONS = {
    "up": up,
    "demo": demo,
    "timeline": run_module("deploy.demo.timeline"),
    "invariants": run_module("deploy.invariants"),
    "audit": run_module("deploy.audit", "verify"),
    "test": test,
    "check": check,
    "check-contracts": check_contracts,
    "prove": prove,
    "mutants": mutants,
    "bench": bench,
    "lock": lock,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
