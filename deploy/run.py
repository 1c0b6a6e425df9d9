"""The verbs of Pilar, on the standard library alone: `python3 deploy/run.py VERB [arguments]`.

It makes .venv from a bare clone, installs what the verb needs from the hash-pinned lists in
requirements/, remembers that it did, and hands the process over to a module inside .venv.
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
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / "python"
REQUIREMENTS = ROOT / "requirements"
OLDEST_PYTHON = (3, 11)

VERBS = {
    "up": "start all four services on this machine (FRESH=1: anew, TRANSPORT=kafka: with a real broker)",
    "demo": "a pendamping's year and one family's whole road over HTTP, on running services or on its own",
    "life": "the life of one family, event by event across the services: make life KPM=<kpm_id>",
    "invariants": "what must be true of the four databases of a deployment, checked",
    "test": "the tests; further arguments go to pytest, as in: test -k sanggah (make test ARGS='-k sanggah')",
    "check": "lint, format, types, import contracts, compose file, generated files",
    "bench": "the figures, each beside its floor, printed and written to build/bench.json",
    "lock": "resolve requirements/*.in anew into hash-pinned lists",
    "help": "this list",
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
        return fail("Pilar needs Python 3.11 or newer; install the Debian package python3.")
    os.chdir(ROOT)
    die_with_make()
    os.environ["PYTHONPATH"] = str(ROOT)
    return ACTIONS[verb](rest)


def show_help() -> int:
    print("make VERB, or python3 deploy/run.py VERB\n")
    for verb, meaning in VERBS.items():
        print(f"  {verb:10} {meaning}")
    return 0


def fail(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


def die_with_make() -> None:
    """When make is killed outright, what it started stops too, and with it every process below."""
    if "MAKELEVEL" in os.environ and sys.platform == "linux":
        parent_death_signal = 1
        ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGTERM)


# What is installed


def need(which: str) -> None:
    """Leave .venv holding the locked list `which`; instant when it does already."""
    if not PYTHON.exists():
        make_venv()
    wanted = REQUIREMENTS / f"{which}.txt"
    if not stamped(wanted):
        install_uv()
        print(f"Installing requirements/{which}.txt", file=sys.stderr)
        # Compiled once here: each process starts in a third of the time, also where none may write bytecode.
        words = ("pip", "install", "--quiet", "--compile-bytecode", "--require-hashes")
        run(BIN / "uv", *words, "--python", PYTHON, "-r", wanted)
        stamp(wanted)


def make_venv() -> None:
    if sys.version_info < OLDEST_PYTHON or shutil.which(sys.executable) is None:
        raise SystemExit(fail("Pilar needs Python 3.11 or newer; install the Debian package python3."))
    # Debian splits these off, and venv's own message about it is a page long.
    if any(importlib.util.find_spec(part) is None for part in ("venv", "ensurepip")):
        sys.exit("This Python cannot make a virtual environment; install the Debian package python3-venv.")
    import venv

    print("Making .venv", file=sys.stderr)
    venv.EnvBuilder(with_pip=True, clear=VENV.exists(), symlinks=os.name != "nt").create(VENV)


def install_uv() -> None:
    wanted = REQUIREMENTS / "uv.txt"
    if not stamped(wanted) or not (BIN / "uv").exists():
        run(PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", wanted)
        stamp(wanted)


def stamp_of(wanted: Path) -> Path:
    return VENV / f".installed-{wanted.stem}"


def stamped(wanted: Path) -> bool:
    """Whether this very list was installed, or one that contains it: dev holds local, local holds base."""
    larger = LOCKS[LOCKS.index(wanted.stem) :] if wanted.stem != "uv" else ("uv",)
    return any(read(stamp_of(path)) == digest(path) for path in (REQUIREMENTS / f"{x}.txt" for x in larger))


def stamp(wanted: Path) -> None:
    stamp_of(wanted).write_text(digest(wanted))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def run(*command: object, quiet: bool = False) -> None:
    """Run to the end; a failure ends everything with its own exit code, its words already on the screen."""
    words = [str(word) for word in command]
    result = subprocess.run(words, check=False, stdout=subprocess.DEVNULL if quiet else None)
    if result.returncode:
        sys.exit(result.returncode)


def become(*command: object) -> NoReturn:
    """Hand this process over, so that whoever stops it stops the thing itself."""
    words = [str(word) for word in command]
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(words[0], words)  # noqa: S606  # a list of our own words


# The verbs


def up(rest: list[str]) -> int:
    need_kafka_when_asked()
    need("local")
    become(PYTHON, "-m", "deploy.local.up", *rest)


def demo(rest: list[str]) -> int:
    need_kafka_when_asked()
    need("local")
    become(PYTHON, "-m", "deploy.demo", *rest)


def life(rest: list[str]) -> int:
    need("local")
    become(PYTHON, "-m", "deploy.demo.life", *rest)


def invariants(rest: list[str]) -> int:
    need("local")
    become(PYTHON, "-m", "deploy.invariants", *rest)


def bench(rest: list[str]) -> int:
    say_when_kafka_is_missing()
    need("dev")
    become(PYTHON, "-m", "deploy.bench", *rest)


def test(rest: list[str]) -> int:
    """Without Java or Maven everything else runs, and says so; with CI=true that is a failure."""
    arguments = ["-p", "no:cacheprovider"] if os.environ.get("CI") else []
    if not any(word in {"-n", "-p", "--pdb"} or word.startswith("-n") for word in rest):
        # One more than CI has cores: of some tests half the time is waiting, for a broker or for a process that begins.
        arguments += ["-n", "3", "--dist", "loadgroup"]
    if say_when_kafka_is_missing():
        if os.environ.get("CI") == "true":
            return fail("CI runs every test, so it cannot go on without them.")
        arguments += ["-m", "not kafka"]
    need("dev")
    become(PYTHON, "-m", "pytest", *arguments, *rest)


def check(_rest: list[str]) -> int:
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


def lock(_rest: list[str]) -> int:
    """Each list is held to the versions of the one below it; no address and no path reaches a list."""
    if not PYTHON.exists():
        make_venv()
    install_uv()
    below = ""
    for which in LOCKS:
        source, target = f"requirements/{which}.in", f"requirements/{which}.txt"
        held = ("-c", below) if below else ()
        run(BIN / "uv", *COMPILE, *held, source, "-o", target)
        below = target if which != "uv" else ""
    return 0


COMPILE = (
    *("pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"),
    *("--no-header", "--no-emit-index-url", "--no-emit-find-links"),
)


def missing_for_kafka() -> str:
    """One sentence that names the packages to install, or nothing."""
    packages = {"java": "openjdk-17-jdk-headless", "mvn": "maven"}
    lacking = [package for program, package in packages.items() if shutil.which(program) is None]
    if not lacking:
        return ""
    return f"A real Kafka needs {' and '.join(lacking)}: install the Debian package{'s' * (len(lacking) > 1)} of that name."


def say_when_kafka_is_missing() -> bool:
    sentence = missing_for_kafka()
    if sentence:
        print(sentence, "Everything that needs a broker is left out.", file=sys.stderr)
    return bool(sentence)


def need_kafka_when_asked() -> None:
    if os.environ.get("TRANSPORT") == "kafka" and (sentence := missing_for_kafka()):
        sys.exit(sentence)


ACTIONS = {
    "up": up,
    "demo": demo,
    "life": life,
    "invariants": invariants,
    "test": test,
    "check": check,
    "bench": bench,
    "lock": lock,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
