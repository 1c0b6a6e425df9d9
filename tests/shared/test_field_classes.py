"""Fields above a class are left out of an answer, at every depth."""

from typing import Annotated

import pytest
from pydantic import BaseModel

from shared.field_classes import PRIBADI, SPESIFIK, FieldClass, FieldPlan, ReadUnder
from shared.privacy import MaskedNumber


class Business(BaseModel):
    sector: str
    omzet_rp: Annotated[int | None, SPESIFIK]


class Person(BaseModel):
    person_id: int
    name: Annotated[str, PRIBADI]
    nik: MaskedNumber | None
    usaha: Business | None
    komponen: Annotated[list[str], SPESIFIK]
    parents: list["Parent"]


class Parent(BaseModel):
    name: Annotated[str, PRIBADI]


class Circle(BaseModel):
    inner: list["Circle"]


class ByName(BaseModel):
    people: dict[str, Parent]


class Either(BaseModel):
    one: Business | Parent | None


class InParts(BaseModel):
    name: str
    usaha: Annotated[Business | None, ReadUnder("usaha.read")]


class Around(BaseModel):
    inner: InParts


class Page(BaseModel):
    items: list[Person]
    next: str | None


USAHA = {"sector": "DAGANG", "omzet_rp": 9_000_000}
ANI = {"person_id": 1, "name": "Ani", "nik": None, "usaha": USAHA, "komponen": ["SD"]}
PAGE = {"items": [ANI | {"parents": [{"name": "Siti"}]}], "next": None}


def test_fields_above_the_class_are_left_out() -> None:
    plan = FieldPlan.of(Page)
    assert plan.leave_out(PAGE, FieldClass.SPESIFIK) == PAGE
    known = {"person_id": 1, "usaha": {"sector": "DAGANG"}}
    named = {"name": "Ani", "nik": None, "parents": [{"name": "Siti"}]}
    assert plan.leave_out(PAGE, FieldClass.PRIBADI)["items"] == [known | named]
    assert plan.leave_out(PAGE, FieldClass.UMUM)["items"] == [known | {"parents": [{}]}]


def test_each_view_of_a_union_loses_its_own_fields() -> None:
    plan = FieldPlan.of(Either)
    assert plan.leave_out({"one": {"name": "Siti"}}, FieldClass.UMUM) == {"one": {}}
    assert plan.leave_out({"one": USAHA}, FieldClass.UMUM) == {"one": {"sector": "DAGANG"}}


def test_a_view_that_no_plan_covers_is_refused() -> None:
    for model in (Circle, ByName):
        with pytest.raises(TypeError, match=model.__name__):
            FieldPlan.of(model)


def test_a_part_under_a_permission_belongs_to_a_whole_answer() -> None:
    plan = FieldPlan.of(InParts)
    assert plan.permissions == {"usaha": "usaha.read"}
    shown = {"name": "Ani", "usaha": USAHA}
    assert plan.leave_out(shown, FieldClass.SPESIFIK, ["usaha"]) == {"name": "Ani"}
    assert plan.leave_out(shown, FieldClass.SPESIFIK) == shown
    with pytest.raises(TypeError, match="InParts"):
        FieldPlan.of(Around)


def test_a_view_without_personal_data_has_no_plan() -> None:
    assert not FieldPlan.of(dict[str, int])
    assert Person.model_json_schema()["properties"]["name"]["x-field-class"] == "PRIBADI"
