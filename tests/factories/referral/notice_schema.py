"""The published schema of notices to partners."""

from typing import Any

from jsonschema import Draft202012Validator

from tests.factories.applications import application


def read_document() -> dict[str, Any]:
    return application("referral").openapi()


def validate_notice(notice: dict[str, Any]) -> None:
    document = read_document()
    schema = {"$ref": "#/components/schemas/NoticeBody", "components": document["components"]}
    Draft202012Validator(schema).validate(notice)
