"""Plant one mistake after another, and show which tests notice it: `make mutants ARGS="NAME ..."`.

Each mistake is planted in a copy of the working tree, two at a time. Exits with 1 if a named test file passes.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic

from tests.factories.repository import ROOT
from tests.mutants.catalogue import MUTANTS
from tests.mutants.mutant import Mutant

AT_ONCE = 2
TIMEOUT_SECONDS = 600
FAILED = re.compile(r"^FAILED (tests/[^:]+)::(\S+)(?: - (.*))?", re.MULTILINE)
OPTIONS = ("-q", "--tb=line", "-rf", "-p", "no:cacheprovider", "-n", "0")


def main(names: list[str]) -> int:
    """Run the named mutants, all if none is named, and return the exit status."""
    known = {mutant.name: mutant for mutant in MUTANTS}
    if unknown := [name for name in names if name not in known]:
        sys.stderr.write(f"There is no mutant {', '.join(unknown)}. There are: {', '.join(known)}.\n")
        return 2
    chosen = [known[name] for name in names] or list(MUTANTS)
    started = monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        missed = list(pool.map(run_mutant, chosen))
    minutes = (monotonic() - started) / 60
    sys.stdout.write(
        f"{len(chosen)} mistakes, {sum(map(bool, missed))} not noticed by a named file, {minutes:.1f} minutes\n"
    )
    return int(any(missed))


def run_mutant(mutant: Mutant) -> set[str]:
    """Return the named test files that pass with the mistake, and print them."""
    started = monotonic()
    with tempfile.TemporaryDirectory(prefix="pilar-mutant-") as folder:
        copy = copy_tree(Path(folder) / "tree")
        mutant.plant(copy)
        select = ("-k", mutant.select) if mutant.select else ()
        command = [str(ROOT / ".venv/bin/python"), "-m", "pytest", *mutant.tests, *OPTIONS, *select]
        environment = os.environ | {"PYTHONPATH": str(copy), "COLUMNS": "200"}
        ended = subprocess.run(
            command,
            cwd=copy,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_SECONDS,
        )
    failures = FAILED.findall(ended.stdout)
    passed = set(mutant.tests) - {file for file, _, _ in failures}
    outcome = f"NOT NOTICED by {', '.join(sorted(passed))}" if passed else "noticed"
    seconds = monotonic() - started
    sys.stdout.write(f"{mutant.name}: {mutant.mistake}: {outcome}, {len(failures)} failed, {seconds:.0f} s\n")
    # A mistake that breaks the code tells nothing about the tests, so the reason of one failure per file is printed.
    for file, test, reason in {file: (file, test, reason) for file, test, reason in failures}.values():
        sys.stdout.write(f"    {file}: {test}: {reason}\n")
    if passed:
        sys.stdout.write(ended.stdout[-1000:] + ended.stderr[-1000:])
    sys.stdout.flush()
    return passed


def copy_tree(to: Path) -> Path:
    """Copy the files that git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, to / name)
    (to / ".venv").symlink_to(ROOT / ".venv")
    return to


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
