"""Export the audit trail of the four services, or check it.

    python -m deploy.audit export FOLDER [--since 2026-01-01T00:00:00+07:00]
    python -m deploy.audit verify [FOLDER] [--keys FILE]

Without a folder, `verify` exports the running deployment and checks it. The databases are those of
`python -m deploy.invariants`. Exit status: 0 nothing was changed, 1 faults, 2 not checked.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from datetime import datetime
from pathlib import Path

import asyncpg

from deploy.audit import verifier
from deploy.audit.export import export_trails
from deploy.invariants.addresses import NoDatabases, addresses


def main() -> int:
    arguments = _parse(sys.argv[1:])
    try:
        if arguments.verb == "export":
            arguments.folder.mkdir(parents=True, exist_ok=True)
            asyncio.run(export_trails(addresses()[0], arguments.folder, arguments.since))
            return 0
        if arguments.folder is not None:
            return _verify(arguments.folder, arguments.keys)
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(export_trails(addresses()[0], Path(folder)))
            return _verify(Path(folder), arguments.keys)
    except (NoDatabases, OSError, asyncpg.PostgresError) as error:
        print(f"Not checked: {error}", file=sys.stderr)
        return 2


def _parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="deploy.audit")
    verbs = parser.add_subparsers(dest="verb", required=True)
    export = verbs.add_parser("export", help="write one file per service")
    export.add_argument("folder", type=Path)
    export.add_argument("--since", type=datetime.fromisoformat, default=None)
    verify = verbs.add_parser("verify", help="check the files of an export, or the running deployment")
    verify.add_argument("folder", type=Path, nargs="?")
    verify.add_argument("--keys", type=Path, help="JSON with the public key of each service")
    return parser.parse_args(words)


def _verify(folder: Path, keys: Path | None) -> int:
    return verifier.main([str(path) for path in (folder, keys) if path is not None])


if __name__ == "__main__":
    sys.exit(main())
