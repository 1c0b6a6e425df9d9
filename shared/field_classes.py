"""Classes of fields, and answers without the fields that a role may not see."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, get_args, get_origin

from pydantic import BaseModel, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


class FieldClass(IntEnum):
    """How sensitive a field is.

    A role sees the classes up to that of its permission. UMUM: no personal data. PRIBADI: who somebody is, and where.
    SPESIFIK: health, children and finance (UU 27/2022, article 4 paragraph 2), and the phone.
    """

    UMUM = 1
    PRIBADI = 2
    SPESIFIK = 3


@dataclass(frozen=True, slots=True)
class Classified:
    """Marks a field with its class: `Annotated[str, PRIBADI]`. A field without a mark is UMUM."""

    level: FieldClass

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Publish the class as `x-field-class`."""
        return handler(schema) | {"x-field-class": self.level.name}


PRIBADI = Classified(FieldClass.PRIBADI)
SPESIFIK = Classified(FieldClass.SPESIFIK)


@dataclass(frozen=True, slots=True)
class ReadUnder:
    """Marks a field of an answer that only roles with another permission see, too."""

    permission: str

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Publish the permission as `x-field-permission`."""
        return handler(schema) | {"x-field-permission": self.permission}


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """The classes of the fields of a view, and of the views within it.

    `permissions` are those of single fields of the view itself.
    """

    classes: dict[str, FieldClass] = field(default_factory=dict[str, FieldClass])
    permissions: dict[str, str] = field(default_factory=dict[str, str])
    within: dict[str, "FieldPlan"] = field(default_factory=dict[str, "FieldPlan"])

    @classmethod
    def of(cls, model: Any, outer: tuple[Any, ...] = ()) -> "FieldPlan":
        """Return the plan of a response model.

        Raises:
            TypeError: a view contains itself, a field maps names to views, whose fields no plan reaches, or a view
            within another has a field under a permission of its own.
        """
        if model in outer:
            msg = f"{model.__name__} contains itself, so no plan of its fields has an end"
            raise TypeError(msg)
        plan = FieldPlan()
        for name, info in fields_of(model):
            parts = [*parts_of(info.annotation)]
            for mark in (one for one in info.metadata if isinstance(one, ReadUnder)):
                if outer:
                    msg = f"{model.__name__}.{name} is within {outer[0].__name__}: only a whole answer has parts"
                    raise TypeError(msg)
                plan.permissions[name] = mark.permission
            marks = [mark.level for mark in (*info.metadata, *parts) if isinstance(mark, Classified)]
            if marks:
                plan.classes[name] = max(marks)
            inner = [cls.of(part, (*outer, model)) for part in parts if fields_of(part)]
            if any(inner):
                plan.within[name] = cls.union(inner)
            if any(inner) and any(get_origin(part) in {dict, Mapping} for part in parts):
                msg = f"{model.__name__}.{name} maps names to views with classes: make it a list"
                raise TypeError(msg)
        return plan

    @classmethod
    def union(cls, plans: Iterable["FieldPlan"]) -> "FieldPlan":
        """Return the plan of a value that may be any of several views."""
        merged = FieldPlan()
        for plan in plans:
            for name, level in plan.classes.items():
                merged.classes[name] = max(level, merged.classes.get(name, FieldClass.UMUM))
            for name, inner in plan.within.items():
                merged.within[name] = cls.union(one for one in (merged.within.get(name), inner) if one)
        return merged

    def __bool__(self) -> bool:
        """Whether any field is more than UMUM."""
        return bool(self.classes or self.within)

    def names_up_to(self, most: FieldClass) -> tuple[str, ...]:
        """Return the classes of the fields that an actor sees, by name."""
        levels = {*self.classes.values(), FieldClass.UMUM}
        names = {level.name for level in levels if level <= most}
        return tuple(sorted(names.union(*(plan.names_up_to(most) for plan in self.within.values()))))

    def leave_out(self, value: Any, most: FieldClass, hidden: Collection[str] = ()) -> Any:
        """Return the value without its hidden fields, and without those above a class."""
        if isinstance(value, list):
            return [self.leave_out(item, most) for item in value]
        if not isinstance(value, Mapping):
            return value
        return {
            name: self.within[name].leave_out(item, most) if name in self.within else item
            for name, item in value.items()
            if name not in hidden and self.classes.get(name, FieldClass.UMUM) <= most
        }


def fields_of(model: Any) -> list[tuple[str, Any]]:
    """Return the fields of a model, none for any other type."""
    if not isinstance(model, type) or not issubclass(model, BaseModel):
        return []
    model.model_rebuild()  # resolves types that are defined below the model
    return [*model.model_fields.items()]


def parts_of(annotation: Any) -> Iterator[Any]:
    """Return a type and all types within it, and the marks of `Annotated`."""
    yield annotation
    for part in get_args(annotation):
        yield from parts_of(part)


def field_names(annotation: Any) -> frozenset[str]:
    """Return the names of the fields of an answer, at any depth."""
    names, pending, seen = set[str](), [annotation], set[Any]()
    while pending:
        for part in parts_of(pending.pop()):
            if fields_of(part) and part not in seen:
                seen.add(part)
                names.update(name for name, _ in fields_of(part))
                pending += [info.annotation for _, info in fields_of(part)]
    return frozenset(names)
