"""What the rules look at: committed files, and the four applications."""

import importlib
import subprocess
from functools import cache
from pathlib import Path

from fastapi import FastAPI

from shared.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("registry", "caseload", "graduation", "referral")


@cache
def committed(*endings: str) -> list[Path]:
    """Files that git has, by how their names end; a file that is deleted but not yet committed is left out."""
    told = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    files = [ROOT / name for name in told.stdout.split("\0") if name]
    return [file for file in files if file.is_file() and (not endings or file.name.endswith(endings))]


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


@cache
def application(service: str) -> FastAPI:
    """The service's application as development runs it, with every route that there is."""
    module = importlib.import_module(f"services.{service}.app")
    app: FastAPI = module.build(Settings.load_for(service, mode="development"))
    return app
