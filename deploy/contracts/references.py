"""The tables of settings and claims in the documentation."""

from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from shared.access.claims import CLAIMS
from shared.settings import Settings

SCALARS: dict[Any, str] = {
    bool: "`true` or `false`",
    str: "text",
    Path: "path",
    float: "number",
    int: "number",
}
BOUNDS = {"ge": "from", "le": "to"}


def settings_table() -> str:
    """Return the Markdown table of all settings: variable, type, default, meaning."""
    lines = ["| variable | type | default | meaning |", "| --- | --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        cells = (f"`PILAR_{name.upper()}`", type_of(field), default_of(field), field.description or "")
        lines.append(f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |")
    return "\n".join(lines)


def claims_table() -> str:
    """Return the Markdown table of the claims of an access token."""
    lines = ["| claim | form | required | meaning |", "| --- | --- | --- | --- |"]
    lines += [f"| `{claim.name}` | {claim.form} | {claim.required} | {claim.meaning} |" for claim in CLAIMS]
    return "\n".join(lines)


def type_of(field: FieldInfo) -> str:
    """Return the type of a setting in words, with its limits."""
    kind: Any = next((arm for arm in get_args(field.annotation) if arm is not type(None)), field.annotation)
    if get_origin(field.annotation) is Literal or get_origin(kind) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(kind) or get_args(field.annotation))
    if get_origin(field.annotation) is list:
        return "list"
    limits = [
        f"{word} {getattr(limit, bound)}"
        for bound, word in BOUNDS.items()
        for limit in field.metadata
        if hasattr(limit, bound)
    ]
    secret = ", secret" if field.repr is False else ""
    return " ".join([SCALARS[kind], *limits]) + secret


def default_of(field: FieldInfo) -> str:
    """Return the default of a setting as the environment would have it, empty for none."""
    default = field.get_default()
    if field.is_required() or default in (None, "", []):
        return ""
    text = ",".join(map(str, default)) if isinstance(default, list) else str(default)
    return f"`{text.lower() if isinstance(default, bool) else text}`"
