"""The published schema of notices to partners, and the published check of their signature."""

import re
from collections.abc import Callable
from typing import Any

from jsonschema import Draft202012Validator

from tests.factories.applications import application
from tests.factories.repository import ROOT

PAGE = ROOT / "docs/api-partner.md"


def read_document() -> dict[str, Any]:
    return application("referral").openapi()


def validate_notice(notice: dict[str, Any]) -> None:
    document = read_document()
    schema = {"$ref": "#/components/schemas/NoticeBody", "components": document["components"]}
    Draft202012Validator(schema).validate(notice)


def without_head(notice: dict[str, Any], day_field: str = "") -> dict[str, Any]:
    """Return a notice without what every notice has, which is checked. `day_field` stays."""
    validate_notice(notice)
    head = {"notified_at", "sla_due_on", "kode_wilayah"} - {day_field}
    assert head <= notice.keys()
    return {name: value for name, value in notice.items() if name not in head}


def read_published_check() -> Callable[..., bool]:
    """Return the check of a signature as the documentation shows it."""
    (source,) = re.findall(r"```python\n(.*?def is_from_pilar.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(source, names)  # noqa: S102 (a partner runs this text too)
    return names["is_from_pilar"]
