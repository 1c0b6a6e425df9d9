"""A mistake to plant, and the test files that must fail with it."""

import re
from dataclasses import dataclass
from pathlib import Path

Replacement = tuple[str, str | re.Pattern[str], str]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A mistake in words, its replacements (files, old, new), and its test files.

    `files` is a path or a pattern of paths. An old text occurs once in its file, an old pattern at least once. Each of
    the test files must have a failure. `select` is pytest's -k.
    """

    name: str
    mistake: str
    replacements: tuple[Replacement, ...]
    tests: tuple[str, ...]
    select: str = ""

    def plant(self, root: Path) -> None:
        """Change the files of the copy.

        Raises:
            ValueError: An old text is not there any more, so the mutant must be rewritten.
        """
        for files, old, new in self.replacements:
            paths = list(root.glob(files))
            if not paths:
                raise ValueError(f"{self.name}: no file {files}")
            for path in paths:
                text = path.read_text("utf-8")
                if isinstance(old, str):
                    count, changed = text.count(old), text.replace(old, new)
                else:
                    changed, count = old.subn(new, text)
                if count == 0 or (isinstance(old, str) and count > 1):
                    raise ValueError(f"{self.name}: {path.relative_to(root)} has {count} times: {old}")
                path.write_text(changed, "utf-8")
