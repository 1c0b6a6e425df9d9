"""Write the files that the code generates, or name stale ones with `--check`."""

import json
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from deploy.contracts.asyncapi import document
from deploy.contracts.compatibility import breaks, promises
from deploy.contracts.declarations import events, openapi_of, readers
from deploy.contracts.samples import sample_of
from deploy.contracts.table import with_tables
from deploy.contracts.used_by import with_used_by
from deploy.services import SERVICES
from shared.database.models import metadata_of
from shared.migrations import ddl_of

ROOT = Path(__file__).resolve().parents[2]
SNAPSHOTS = ROOT / "tests" / "contracts"
# Remove a revision when it is released: its tables are then never written again.
UNRELEASED = frozenset({"0001"})
TABLES_HEAD = (
    "-- Written from the models by `python -m deploy.contracts`. Change the models, not this file.\n\n"
)


def expected_files() -> dict[Path, str]:
    """Return the expected text of each file. An existing sample is never written again."""
    expected = {ROOT / "asyncapi.json": as_text(document()), SNAPSHOTS / "fields.json": as_text(promises())}
    for service in SERVICES:
        if (ROOT / "services" / service / "app.py").exists():
            expected[migrations_of(service) / "openapi.json"] = as_text(openapi_of(service))
            expected |= tables_of(service)
    for wire, kind in events().items():
        sample = SNAPSHOTS / "samples" / f"{wire}.json"
        if not sample.exists():
            expected[sample] = as_text(sample_of(kind))
    for module in (ROOT / "shared" / "contracts").glob("*.py"):
        expected[module] = with_used_by(module.read_text("utf-8"), readers())
    for page in (ROOT / "docs").glob("*.md"):
        expected[page] = with_tables(page.read_text("utf-8"))
    return expected


def migrations_of(service: str) -> Path:
    """Return the folder of a service's migrations and its OpenAPI document."""
    return ROOT / "services" / service / "migrations"


def tables_of(service: str, unreleased: Collection[str] = UNRELEASED) -> dict[Path, str]:
    """Return the tables' SQL by file, for revisions that are not released."""
    if not unreleased:
        return {}
    text = TABLES_HEAD + ddl_of(metadata_of(service))
    return {migrations_of(service) / f"{revision}_tables.sql": text for revision in unreleased}


def as_text(value: Any) -> str:
    """Return JSON as it is committed."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def find_broken_promises() -> list[str]:
    """Return what the committed snapshot promises and the event classes no longer have."""
    snapshot = SNAPSHOTS / "fields.json"
    return breaks(json.loads(snapshot.read_text("utf-8")), promises()) if snapshot.exists() else []


def main(arguments: list[str]) -> int:
    """Write or check the files. Return 1 if a file is stale.

    Nothing is written if a promise is broken.
    """
    broken = find_broken_promises()
    if broken:
        lines = ["These changes break existing readers. Add a new event version instead:", *broken]
        sys.stderr.write("\n".join(lines) + "\n")
        return 1
    stale = {
        path: text
        for path, text in expected_files().items()
        if not path.exists() or path.read_text("utf-8") != text
    }
    if arguments == ["--check"]:
        for path in stale:
            sys.stderr.write(f"{path.relative_to(ROOT)} is not current. Run: python -m deploy.contracts\n")
        return 1 if stale else 0
    for path, text in stale.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        sys.stdout.write(f"written: {path.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
