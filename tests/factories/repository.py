"""The committed files."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def committed_files(*endings: str) -> list[Path]:
    """Return the files in git by the ends of their names, without deleted ones."""
    output = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    files = [ROOT / name for name in output.stdout.split("\0") if name]
    return [file for file in files if file.is_file() and (not endings or file.name.endswith(endings))]


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))
