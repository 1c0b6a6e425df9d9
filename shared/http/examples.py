"""Examples of every request and answer, composed from the schemas and from `examples.txt`."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID, uuid5

import orjson

from shared.http.problems import PROBLEM
from shared.http.texts import read_texts

NAMES = UUID("0198a0de-0000-7000-8000-000000000000")
FORMATS = {"date": "2026-05-18", "date-time": "2026-05-18T03:00:00Z"}
SCALARS: dict[str, Any] = {"integer": 3, "number": 0.5, "boolean": True, "null": None}
ENTRIES = {"422": [{"pointer": "/body/kpm_id", "code": "missing", "message": "This field is required."}]}


class ExampleMissing(ValueError):
    """A text has no example."""


def add_examples(document: dict[str, Any]) -> None:
    """Add an example to each JSON body of a request or an answer."""
    composer = Composer(document["components"]["schemas"])
    for content in list_contents(document):
        content["example"] = composer.compose(content["schema"])
    examples = document["components"].setdefault("examples", {})
    refusals = {one["title"]: one for one in document["x-problems"]}
    for status, content in list_refusal_contents(document):
        name = str(content["schema"]["$ref"]).rpartition("/")[2]
        titles = document["components"]["schemas"][name]["allOf"][1]["properties"]["title"]["enum"]
        examples.setdefault(name, {"value": _compose_refusal(refusals, status, titles)})
        content["examples"] = {"refusal": {"$ref": f"#/components/examples/{name}"}}


def _compose_refusal(
    refusals: Mapping[str, Mapping[str, Any]], status: str, titles: Sequence[str]
) -> dict[str, Any]:
    title = "Invalid" if "Invalid" in titles else titles[0]
    refusal = refusals[title]
    values = {name: one["examples"][0] for name, one in refusal["params"]["properties"].items()}
    texts = {name: _as_text(value) for name, value in values.items()}
    return {
        "type": f"urn:pilar:problem:{title}",
        "title": title,
        "status": int(status),
        "detail": refusal["en"].format(**texts),
        "params": values,
        "errors": ENTRIES.get(status, []),
        "remedy": refusal["remedy"],
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    }


def _as_text(value: Any) -> str:
    """Return a value as the English sentence has it."""
    if isinstance(value, list):
        return ", ".join(map(_as_text, value))
    return value["en"] if isinstance(value, dict) else str(value)


def list_refusal_contents(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the content of each refusal of each operation with its status."""
    for operation in (operation for path in document["paths"].values() for operation in path.values()):
        for status, answer in operation["responses"].items():
            if PROBLEM in answer.get("content", {}):
                yield status, answer["content"][PROBLEM]


def list_contents(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the JSON content of each request and each answer that is no refusal."""
    for operation in (operation for path in document["paths"].values() for operation in path.values()):
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        yield from (body["content"][JSON] for body in bodies if JSON in body.get("content", {}))


JSON = "application/json"


@cache
def read_examples() -> dict[str, Any]:
    """Return the value of each name in `examples.txt`."""
    return {name: orjson.loads(text) for name, text in read_texts("examples").items()}


class Composer:
    """Composes examples, in which a field has the same value under the same name."""

    def __init__(self, schemas: Mapping[str, Any]) -> None:
        self.schemas = schemas

    def compose(self, schema: Mapping[str, Any], field: str = "", owner: str = "") -> Any:
        """Return an example of a schema, of this field of an owner.

        Raises:
            ExampleMissing: it is a text without a format, an enum or an example.
        """
        stored, name = read_examples(), str(schema.get("$ref", "")).rpartition("/")[2]
        for key in (f"{owner}.{field}", name):
            if key in stored:
                return stored[key]
        if name:
            part = self.schemas[name]
            return self.compose(part, field, name if "properties" in part else owner)
        choices: list[Mapping[str, Any]] = schema.get("anyOf", schema.get("oneOf", []))
        if choices:
            is_empty = stored.get(field, ...) is None and {"type": "null"} in choices
            return None if is_empty else self.compose({**choices[0], **_declared_in(schema)}, field, owner)
        declared = _declared_in(schema)
        return declared["examples"][0] if declared else self._compose_by_type(schema, field, owner)

    def _compose_by_type(self, schema: Mapping[str, Any], field: str, owner: str) -> Any:
        kind = schema.get("type")
        kind = kind[0] if isinstance(kind, list) else kind
        if "properties" in schema:
            return {name: self.compose(part, name, owner) for name, part in schema["properties"].items()}
        if read_examples().get(field) is not None:
            return read_examples()[field]
        if kind == "array":
            return [self.compose(schema["items"], field, owner)]
        if kind == "integer":
            return max(SCALARS[kind], schema.get("minimum", 0))
        if kind in SCALARS:
            return SCALARS[kind]
        return self._compose_text_or_map(schema, field, owner)

    def _compose_text_or_map(self, schema: Mapping[str, Any], field: str, owner: str) -> Any:
        if schema.get("format") == "uuid":
            return str(uuid5(NAMES, field.removesuffix("s")))
        if schema.get("format") in FORMATS:
            return FORMATS[schema["format"]]
        if isinstance(inner := schema.get("additionalProperties"), dict):
            key = self.compose(schema.get("propertyNames", {}), f"{field}.key", owner)
            return {key: self.compose(inner, field, owner)}
        msg = f"{owner}.{field}: add an example to shared/http/texts/examples.txt"
        raise ExampleMissing(msg)


def _declared_in(schema: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return the examples, constant or values of a schema as its examples."""
    declared = schema.get("examples") or ([schema["const"]] if "const" in schema else schema.get("enum"))
    return {"examples": declared} if declared else {}
