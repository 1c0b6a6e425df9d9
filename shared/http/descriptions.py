"""Descriptions of fields that have none of their own, in a published document."""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.http.texts import read_texts


def describe_fields(schemas: Mapping[str, Any], *files: str) -> None:
    """Add a description to each field of the schemas that has none.

    It is from `fields.txt`, or from the first of `files` that describes the field.
    """
    texts = [read_texts(file) for file in (*files, "fields")]
    for schema, name, field in fields_of(schemas):
        names = [(text, key) for key in (f"{schema}.{name}", name) for text in texts]
        described = next((text[key] for text, key in names if key in text), None)
        if "description" not in field and described is not None:
            field["description"] = described


def fields_of(schemas: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield each field with the name of its schema, also the fields within fields."""
    for schema, part in schemas.items():
        pending = [part]
        while pending:
            one = pending.pop()
            fields = one.get("properties", {})
            yield from ((schema, name, field) for name, field in fields.items())
            inner = [
                *one.get("anyOf", ()),
                one.get("items"),
                one.get("additionalProperties"),
                *fields.values(),
            ]
            pending += [each for each in inner if isinstance(each, dict)]
