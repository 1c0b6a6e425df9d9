"""Classes of fields in the published OpenAPI document."""

from collections.abc import Iterator
from typing import Any

from shared.access.permissions import GRANTS
from shared.field_classes import FieldClass
from shared.roles import Role

CLASS, PERMISSION = "x-field-class", "x-field-permission"


def make_optional(document: dict[str, Any]) -> None:
    """Make fields optional that some role of an operation does not see (docs/architecture.md#fields)."""
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        for field in schema.get("properties", {}).values():
            _lift_class(field)
    for path in document["paths"].values():
        for operation in path.values():
            roles = GRANTS.get(operation.get("x-permission"), {})
            least = min((grant.fields for grant in roles.values()), default=FieldClass.SPESIFIK)
            answers = [one for status, one in operation["responses"].items() if status.startswith("2")]
            for name in names_of_schemas(answers, schemas):
                _allow_absence(schemas[name], least, {*roles})


def _lift_class(field: dict[str, Any]) -> None:
    """Move the class of a nullable field from its option to the field."""
    for option in field.get("anyOf", ()):
        if (published := option.pop(CLASS, None)) is not None:
            field[CLASS] = published


def _allow_absence(schema: dict[str, Any], least: FieldClass, roles: set[Role]) -> None:
    """Make the fields of a schema optional that one of the roles does not see."""
    fields = schema.get("properties", {})
    hidden = {name for name, field in fields.items() if FieldClass[field.get(CLASS, "UMUM")] > least}
    hidden |= {name for name, field in fields.items() if roles - {*GRANTS.get(field.get(PERMISSION), roles)}}
    if hidden & {*schema.get("required", ())}:
        schema["required"] = [name for name in schema["required"] if name not in hidden]


def names_of_schemas(part: Any, schemas: dict[str, Any]) -> set[str]:
    """Return the names of all schemas to which a part of a document leads."""
    names, pending = set[str](), [part]
    while pending:
        for name in references(pending.pop()):
            if name not in names:
                names.add(name)
                pending.append(schemas[name])
    return names


def references(part: Any) -> Iterator[str]:
    """Return the names of the schemas that a part of a document names."""
    if isinstance(part, dict):
        if "$ref" in part:
            yield str(part["$ref"]).rpartition("/")[2]
        for one in part.values():
            yield from references(one)
    elif isinstance(part, list):
        for one in part:
            yield from references(one)
