"""The generated `Used by` line in the docstring of each event class."""

import ast
from collections.abc import Mapping, Sequence

from deploy.contracts.declarations import USED_BY, used_by_line

INDENT = "    "


def with_used_by(source: str, readers: Mapping[str, Sequence[str]]) -> str:
    """Return a module of event classes with the current subscriptions in each docstring.

    Args:
        source: the module's text.
        readers: the subscriptions of each event, by wire name.
    """
    lines = source.splitlines()
    for node in reversed(ast.parse(source).body):
        if isinstance(node, ast.ClassDef) and (wire := wire_of(node)):
            docstring = docstring_with(ast.get_docstring(node) or "", used_by_line(readers.get(wire, [])))
            old = node.body[0]
            lines[old.lineno - 1 : old.end_lineno] = docstring
    return "\n".join(lines) + "\n"


def wire_of(node: ast.ClassDef) -> str | None:
    """Return the wire name that a class declares."""
    return next((ast.literal_eval(keyword.value) for keyword in node.keywords if keyword.arg == "wire"), None)


def docstring_with(text: str, line: str) -> list[str]:
    """Return the lines of a docstring whose second paragraph is `line`."""
    summary, *rest = (part for part in text.splitlines() if not part.startswith(USED_BY))
    paragraphs = [summary, line, "\n".join(rest).strip()]
    body = "\n\n".join(filter(None, paragraphs)).splitlines()
    return [
        f'{INDENT}"""{body[0]}',
        *(f"{INDENT}{part}" if part else "" for part in body[1:]),
        f'{INDENT}"""',
    ]
