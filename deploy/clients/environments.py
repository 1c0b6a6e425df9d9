"""The Node.js and Python environments of the clients, under build/clients."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.local.data_folder import ROOT

SOURCES = Path(__file__).resolve().parent
FOLDER = ROOT / "build" / "clients"
VENV = FOLDER / "venv"
REQUIREMENTS = ROOT / "requirements" / "clients.txt"
UV = Path(sys.executable).with_name("uv")
COPIED = ("*.ts", "*.json", "*.yaml", "python_flow.py")


class StepFailed(Exception):
    """A tool refused something. Its output has been printed."""


def run(*command: object, stdin: str | None = None) -> None:
    """Run a tool in the folder of the clients.

    Raises:
        StepFailed
    """
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=FOLDER, input=stdin, text=True, check=False)
    if done.returncode:
        raise StepFailed(" ".join(words[:4]))


def tool(name: str) -> Path:
    """Return a command of the Node.js environment."""
    return FOLDER / "node_modules" / ".bin" / name


def python(name: str) -> Path:
    """Return a command of the Python environment."""
    return VENV / "bin" / name


def prepare() -> None:
    """Copy the sources, and install what has changed."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for pattern in COPIED:
        for source in SOURCES.glob(pattern):
            shutil.copy(source, FOLDER)
    npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    install("node", SOURCES / "package-lock.json", npm)
    if not VENV.exists():
        run(UV, "venv", "--quiet", "--python", sys.executable, VENV)
    sync = [UV, "pip", "sync", "--quiet", "--require-hashes", "--python", python("python"), REQUIREMENTS]
    install("python", REQUIREMENTS, sync)


def install(name: str, lock: Path, command: Sequence[object]) -> None:
    """Run an installer unless this lock is installed already."""
    stamp, digest = FOLDER / f".installed-{name}", hashlib.sha256(lock.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != digest:
        run(*command)
        stamp.write_text(digest)
