"""Labels of coded values, in the OpenAPI document and as an answer of their own."""

import asyncio
import hashlib
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from fastapi import Header
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from shared.http.answers import json_answer
from shared.http.declared import open_to_anybody
from shared.http.route import Router
from shared.http.texts import read_texts

LABELS, NAME, VALUES = "x-enum-labels", "x-enum", "x-values"
CACHE_SECONDS = 3600

router = Router(tag="labels")


class LabelView(BaseModel):
    """The names of one coded value."""

    value: str
    en: str
    id: str


class EnumView(BaseModel):
    """The values of one enum, with the name that its schemas have as `x-enum`."""

    name: str
    values: list[LabelView]


class LabelsView(BaseModel):
    """The enums of the service."""

    enums: list[EnumView]


def label_enums(document: dict[str, Any]) -> None:
    """Add the labels of its values to each enum of the document without labels."""
    for schema in (schema for _, schema in enums_of(document)):
        name = schema.get(NAME)
        if LABELS not in schema:
            schema[LABELS] = {value: label_of(name, value) for value in values_of(schema)}


def label_of(enum: str | None, value: str) -> dict[str, str]:
    """Return the names of a value, as the enum or as any enum uses it.

    Raises:
        KeyError: `labels.txt` has no such value.
    """
    texts = read_texts("labels")
    english, _, indonesian = (texts.get(f"{enum}.{value}") or texts[value]).partition(" | ")
    return {"en": english, "id": indonesian}


def enums_of(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each schema of labelled strings with the name of the enum."""
    for name, schema in document["components"]["schemas"].items():
        if "enum" in schema:
            schema[NAME] = name
    pending: list[Any] = [document]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            if isinstance(part.get("enum", part.get(VALUES)), list) and part.get("type") == "string":
                yield part.get(NAME, ""), part
            # The titles of refusals, in `allOf`, are no codes: `x-problems` has their sentences.
            pending += [value for key, value in part.items() if key != "allOf"]
        elif isinstance(part, list):
            pending += part


def values_of(schema: Mapping[str, Any]) -> list[str]:
    """Return the values of an enum, or those of which a text is made."""
    return schema[VALUES] if VALUES in schema else schema["enum"]


def list_enums(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the named enums of a document with the labels of all their values."""
    values: dict[str, dict[str, dict[str, str]]] = {}
    for name, schema in enums_of(document):
        if name:
            values.setdefault(name, {}).update(schema[LABELS])
    return [
        {"name": name, "values": [{"value": value, **label} for value, label in labels.items()]}
        for name, labels in sorted(values.items())
    ]


@router.get("/labels", response_model=LabelsView, responses={304: {"description": "Not changed"}})
@open_to_anybody()
async def list_labels(
    request: Request,
    if_none_match: Annotated[str | None, Header(description="The ETag of an earlier answer.")] = None,
) -> Response:
    """Return the names of all coded values of this service, in English and Indonesian."""
    # The first call builds the document.
    document = await asyncio.to_thread(request.app.openapi)
    answer = json_answer({"enums": list_enums(document)})
    tag = f'"{hashlib.sha256(answer.body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": f"public, max-age={CACHE_SECONDS}"}
    if if_none_match == tag:
        return Response(status_code=304, headers=headers)
    answer.headers.update(headers)
    return answer
