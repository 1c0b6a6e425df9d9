"""The base of SQLModel tables, views and requests."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Literal,
    TypeAlias,
    TypeGuard,
    Union,
    get_args,
    get_origin,
)

import sqlalchemy as sa
from pydantic import BaseModel, GetJsonSchemaHandler
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from pydantic_core import PydanticUndefined as Undefined
from sqlalchemy import orm
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.types import TypeEngine
from sqlmodel import Field, SQLModel
from sqlmodel._compat import SQLModelConfig
from sqlmodel.main import FieldInfoMetadata

from shared.area_names import describe_name
from shared.database.columns import COLUMN_TYPES, service_metadata, text_enum
from shared.updates import UPDATED_AT

if TYPE_CHECKING:
    Col = orm.Mapped
else:

    class Col:
        """A field typed as `Mapped` for the type checker, plain at run time."""

        def __class_getitem__(cls, kind: Any) -> Any:
            return kind


class Fields(SQLModel):
    """The base of request fields and views, from which a table may derive.

    Only `sqlmodel.Field` may follow `=`. No `sa_column` here: a second table would refuse it.
    """

    model_config = SQLModelConfig(json_schema_serialization_defaults_required=True)

    if not TYPE_CHECKING:
        # SQLModel's own reads a field named `__pydantic_self__`, answers 500 for it, and is three times slower.
        __init__ = BaseModel.__init__
        # SQLModel's own assigns to `__dict__`, which a frozen class refuses.
        model_validate = BaseModel.__dict__["model_validate"]

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe an answer without defaults, and its enums by reference."""
        described = handler(schema)
        if handler.mode == "serialization":
            for field in handler.resolve_ref_schema(described)["properties"].values():
                field.pop("default", None)
                if any("$ref" in arm for arm in (field, *field.get("anyOf", ()))):
                    field.pop("title", None)
        return describe_name(described, handler)


class Authored(Fields):
    """The account that set a version of a rule, and when."""

    set_by: Col[str]
    set_at: Col[datetime] = Field(
        default=None, sa_column_kwargs={"server_default": sa.func.clock_timestamp()}
    )


class Columns(Fields):
    """The base of a service's tables: `class Table(Columns, registry=...)`.

    Each column's type comes from its annotation, the table's name from its class.
    """

    __mapper_args__: ClassVar[Any] = {"exclude_properties": {UPDATED_AT}}

    if TYPE_CHECKING:
        __table__: ClassVar[sa.Table]
        __table_args__: ClassVar[Any]
        __tablename__: ClassVar[Any]
    else:
        # SQLModel compares rows by value and gives them no hash; SQLAlchemy identifies them by object.
        __eq__, __hash__ = object.__eq__, object.__hash__
        # SQLAlchemy's attributes record a change by themselves. SQLModel's own is twice as slow.
        __setattr__ = object.__setattr__

        @orm.declared_attr.directive
        def __tablename__(cls) -> str:  # noqa: N805
            return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(self, /, **values: Any) -> None:
        """Set the values and defaults. The database refuses what is missing.

        Raises:
            TypeError: the table has no such column.
        """
        fields = type(self).model_fields
        if unknown := values.keys() - fields.keys():
            msg = f"{type(self).__name__} has no {', '.join(sorted(unknown))}"
            raise TypeError(msg)
        for name, field in fields.items():
            if name in values:
                setattr(self, name, values[name])
            elif not field.is_required():
                setattr(self, name, field.get_default(call_default_factory=True))

    def __repr_args__(self) -> Sequence[tuple[str | None, Any]]:
        """Show no values: a row may hold personal data."""
        return ()

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Give each field its column type before SQLModel makes the columns."""
        super().__pydantic_init_subclass__(**kwargs)
        replica, enums = _schema_of(cls).startswith("replica_"), set[type[StrEnum]]()
        for name, field in cls.model_fields.items():
            kind, markers = _unwrap(field.annotation, field.metadata)
            if is_enum(kind) and not any(isinstance(marker, TypeEngine) for marker in markers):
                # A table has one CHECK of a name: the second column of an enum names its own.
                check = f"{name}_known" if kind in enums else None
                markers = (text_enum(kind, replica=replica, name=check),)
                enums.add(kind)
            _set_column_type(name, field, _column_type(kind, markers))


Model: TypeAlias = orm.DeclarativeBase | Columns
"""What a service's tables are: SQLModel's, or SQLAlchemy's where the service is not converted."""


def service_registry() -> orm.registry:
    """Return the registry of one service's tables."""
    return orm.registry(metadata=service_metadata())


def no_overlap(
    name: str, *same: str, of: str = "daterange(valid_from, valid_to)", where: str | None = None
) -> ExcludeConstraint[Any]:
    """Return the constraint that ranges of rows with the same values do not overlap."""
    equal = ((sa.text(part), "=") for part in same)
    condition = None if where is None else sa.text(where)
    return ExcludeConstraint(*equal, (sa.text(of), "&&"), name=name, using="gist", where=condition)


class TextArray(sa.types.TypeDecorator[list[Any]]):
    """A list of an enum's members as TEXT[], without a CHECK."""

    impl = sa.ARRAY(sa.Text)
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__(sa.Text)
        self.kind = kind

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> list[Any] | None:
        """Return the members."""
        del dialect
        return None if value is None else [self.kind(one) for one in value]


def is_enum(kind: Any) -> TypeGuard[type[StrEnum]]:
    """Return whether a type is an enum of texts."""
    return isinstance(kind, type) and issubclass(kind, StrEnum)


PLAIN: dict[Any, TypeEngine[Any]] = {**COLUMN_TYPES, datetime: sa.DateTime(timezone=True)}
OBJECT = JSONB(none_as_null=True)


def _unwrap(annotation: Any, markers: Iterable[Any] = ()) -> tuple[Any, tuple[Any, ...]]:
    """Return the type without Annotated and None, and its metadata."""
    arms = [arm for arm in get_args(annotation) if arm is not NoneType]
    if get_origin(annotation) is Annotated:
        return _unwrap(arms[0], (*arms[1:], *markers))
    if get_origin(annotation) in {Union, UnionType} and len(arms) == 1:
        return _unwrap(arms[0], markers)
    return annotation, (*markers,)


def _column_type(kind: Any, markers: Iterable[Any]) -> TypeEngine[Any] | None:
    """Return the type of a column, or None to use SQLModel's own."""
    for marker in markers:
        if isinstance(marker, TypeEngine):
            return marker
    if get_origin(kind) is list:
        return _list_type(_unwrap(*get_args(kind))[0])
    if get_origin(kind) is dict:
        return OBJECT
    return PLAIN.get(str if get_origin(kind) is Literal else kind)


def _list_type(item: Any) -> TypeEngine[Any]:
    if is_enum(item):
        return TextArray(item)
    if item in {str, int}:
        return sa.ARRAY(sa.Text() if item is str else sa.Integer())
    return OBJECT


def _schema_of(cls: type[Columns]) -> str:
    arguments = getattr(cls, "__table_args__", {})
    last = arguments[-1] if isinstance(arguments, tuple) else arguments
    return last.get("schema", "") if isinstance(last, dict) else ""


def _set_column_type(name: str, field: FieldInfo, column_type: TypeEngine[Any] | None) -> None:
    own_markers = [marker for marker in field.metadata if isinstance(marker, FieldInfoMetadata)]
    if any(marker.sa_type is not Undefined or marker.sa_column is not Undefined for marker in own_markers):
        msg = f"{name}: write the column's type into the annotation; SQLModel may lose it in Field()"
        raise TypeError(msg)
    if column_type is not None:
        rest = [marker for marker in field.metadata if not isinstance(marker, FieldInfoMetadata)]
        given = own_markers[-1] if own_markers else FieldInfoMetadata()
        field.metadata = [*rest, replace(given, sa_type=column_type)]
