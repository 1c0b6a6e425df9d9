"""Every date and instant of a request has the shared type."""

import types
from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_flat_params
from pydantic import BaseModel, TypeAdapter, ValidationError

from shared.fields import Body, Day, Instant
from shared.http.openapi import routes_of
from tests.factories.applications import SERVICES, application

SHARED = {date: {id(marker) for marker in get_args(Day)[1:]}, datetime: {id(get_args(Instant)[1])}}
NOT_A_DAY = [
    1767225600,
    "1767225600",
    "20260518",
    "2026-W21-1",
    "2026-05-18T00:00:00",
    " 2026-05-18",
    "18-05-2026",
]
NOT_AN_INSTANT = [1767225600, "1767225600", "2026-05-18", "2026-05-18T09:00:00", "2026-W21-1T09:00:00+07:00"]


def plain_dates(place: str, kind: Any, markers: tuple[Any, ...] = ()) -> Iterator[str]:
    """Yield the places of dates and instants without the shared type."""
    if get_origin(kind) is Annotated:
        inner, *more = get_args(kind)
        yield from plain_dates(place, inner, (*markers, *more))
    elif kind in SHARED:
        if not SHARED[kind] & {id(marker) for marker in markers}:
            yield place
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, field in kind.model_fields.items():
            yield from plain_dates(f"{place}.{name}", field.annotation, tuple(field.metadata))
    elif get_origin(kind) in {Union, types.UnionType, list, tuple, dict}:
        for part in get_args(kind):
            yield from plain_dates(place, part, markers)


def plain_dates_of(dependant: Dependant) -> list[str]:
    """Return the faulty places of an operation's body and parameters."""
    fields = [*dependant.body_params, *get_flat_params(dependant)]
    return [
        place
        for field in fields
        for place in plain_dates(field.name, field.field_info.annotation, tuple(field.field_info.metadata))
    ]


@pytest.mark.parametrize("service", SERVICES)
def test_every_date_of_a_request_has_the_shared_type(service: str) -> None:
    faulty = {
        f"{route.path} {place}"
        for route in routes_of(application(service))
        for place in plain_dates_of(route.dependant)
    }
    assert faulty == set()


def test_a_request_with_a_plain_date_is_detected() -> None:
    class Request(Body):
        good: Day
        also: Day | None = None
        at: Instant
        bad: date
        worse: list[date | None]
        when: datetime

    assert [*plain_dates("body", Request)] == ["body.bad", "body.worse", "body.when"]


@pytest.mark.parametrize(("kind", "values"), [(Day, NOT_A_DAY), (Instant, NOT_AN_INSTANT)])
def test_other_forms_of_a_date_are_refused(kind: Any, values: list[Any]) -> None:
    adapter = TypeAdapter(kind)
    for value in values:
        with pytest.raises(ValidationError):
            adapter.validate_python(value)


def test_a_day_and_an_instant_are_read() -> None:
    assert TypeAdapter(Day).validate_python("2026-05-18") == date(2026, 5, 18)
    assert (
        TypeAdapter(Instant).validate_python("2026-05-18T09:00:00+07:00").isoformat()
        == "2026-05-18T09:00:00+07:00"
    )
