"""docs/architecture.md#personal-data: errors and warnings of a NIK, and that its digits are never shown."""

import copy
import json
import pickle
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from shared.errors import InvalidInput
from shared.privacy import (
    Nik,
    NoKk,
    NumberNotSixteenDigits,
    NumberWarning,
    ProvinceUnknown,
    SerialZero,
    mask,
)
from shared.privacy.masked_number import PROVINCES

WOMAN, MAN, CARD = "3324095708850001", "3324091708859001", "3324091112150007"


class Member(BaseModel):
    nik: Nik
    no_kk: NoKk | None = None


@pytest.mark.parametrize(
    "digits", [WOMAN, MAN, "5471010101700001", "9601010101010001", "3324092902000001", "3324097112990001"]
)
def test_is_well_formed(digits: str) -> None:
    assert Nik(digits).reveal() == digits


@pytest.mark.parametrize(
    ("digits", "fault"),
    [
        ("", NumberNotSixteenDigits),
        ("332409570885000", NumberNotSixteenDigits),
        ("33240957088500011", NumberNotSixteenDigits),
        ("3324095708850001\n", NumberNotSixteenDigits),
        (" 324095708850001", NumberNotSixteenDigits),
        ("332409570885000O", NumberNotSixteenDigits),
        ("٣٣٢٤٠٩٥٧٠٨٨٥٠٠٠١", NumberNotSixteenDigits),
        ("0024095708850001", ProvinceUnknown),
        ("9924095708850001", ProvinceUnknown),
        ("3324095708850000", SerialZero),
    ],
)
def test_is_refused_with_the_reason_and_without_the_digits(digits: str, fault: type[InvalidInput]) -> None:
    with pytest.raises(fault) as refusal:
        Nik(digits)
    assert not digits.strip() or digits.strip() not in str(refusal.value) + refusal.value.sentence("id")


@pytest.mark.parametrize("value", [None, 3324095708850001, 1.5, [], b"3324095708850001"])
def test_is_refused_as_anything_but_a_text(value: object) -> None:
    with pytest.raises(NumberNotSixteenDigits):
        Nik(value)  # type: ignore[arg-type]
    with pytest.raises(ValidationError):
        Member(nik=value)  # type: ignore[arg-type]


def test_of_a_family_card_has_no_women_in_its_date() -> None:
    assert NoKk(CARD).masked == "3324************"
    assert NoKk(CARD).warnings() == []
    assert NoKk(WOMAN).warnings() == [NumberWarning.ISSUE_DATE_IMPOSSIBLE]


@pytest.mark.parametrize(
    "date_digits", ["000885", "320885", "400885", "720885", "820885", "711185", "571385", "310285", "290285"]
)
def test_with_an_impossible_date_is_a_warning(date_digits: str) -> None:
    number = Nik(f"332409{date_digits}0001")
    warnings = number.warnings(sex="P", birth_date=date(1985, 8, 17))
    assert warnings == [NumberWarning.BIRTH_DATE_IMPOSSIBLE]


@pytest.mark.parametrize("written", ["3324.0957.0885.0001", " 3324 0957 0885 0001 ", "'3324095708850001"])
def test_of_a_request_may_have_separators(written: str) -> None:
    assert Member(nik=written, no_kk=CARD).nik == Nik(WOMAN)  # type: ignore[arg-type]


@pytest.mark.parametrize("written", ["3324.0957.0885.0001", " 3324 0957 0885 0001 ", "332409-570885-0001"])
def test_is_parsed_as_people_write_it(written: str) -> None:
    assert Nik.parse(written) == Nik(WOMAN)


def test_that_differs_from_the_record_is_a_warning() -> None:
    assert Nik(WOMAN).warnings(sex="P", birth_date=date(1985, 8, 17)) == []
    assert Nik(WOMAN).warnings(sex="L") == [NumberWarning.SEX_DIFFERS]
    assert Nik(MAN).warnings(sex="L", birth_date=date(1985, 8, 16)) == [NumberWarning.BIRTH_DATE_DIFFERS]


@pytest.mark.parametrize("year", [1923, 2023])
def test_century_is_that_of_the_recorded_birth_date(year: int) -> None:
    recorded = date(year, 5, 1)
    assert Nik("3324090105230001").birth_date(recorded) == recorded


def test_of_a_leap_day_has_only_the_century_in_which_the_day_exists() -> None:
    assert Nik("3324092902000001").birth_date(date(1900, 3, 1)) == date(2000, 2, 29)


def test_prints_masked() -> None:
    nik = Nik(WOMAN)
    member = Member(nik=WOMAN, no_kk=CARD)  # type: ignore[arg-type]
    shown = [repr(nik), str(nik), f"{nik}", f"{nik:>30}", "%s %r" % (nik, nik), str([nik]), str({"nik": nik})]  # noqa: UP031
    shown += [
        repr(member),
        str(member.model_dump()),
        member.model_dump_json(),
        json.dumps(member.model_dump(mode="json")),
    ]
    shown += [str(vars(member)), str(Nik.__slots__), ascii(nik)]
    assert not [text for text in shown if WOMAN in text or CARD in text]
    assert member.model_dump_json() == '{"nik":"3324************","no_kk":"3324************"}'


def test_is_neither_pickled_nor_changed() -> None:
    nik = Nik(WOMAN)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError):
            pickle.dumps(nik, protocol)
    with pytest.raises(AttributeError):
        nik._digits = MAN
    assert copy.deepcopy({"nik": nik})["nik"] is nik


@settings(max_examples=20)
@given(days=st.dates(date(1900, 1, 1), date(2099, 12, 31)), area=st.sampled_from(sorted(PROVINCES)))
def test_masked_form_is_shared_by_many_numbers(days: date, area: str) -> None:
    issued = [f"{area}2409{days:%d%m%y}{serial:04}" for serial in range(1, 10_000)]
    assert {Nik(issued[0]).masked, NoKk(issued[0]).masked} == {mask(number) for number in issued}


def test_is_equal_by_digits_and_kind() -> None:
    digits = "3324091112150007"
    assert Nik(digits) == Nik(digits)
    assert Nik(digits) != NoKk(digits)
    assert Nik(digits) != digits
    assert len({Nik(digits), Nik(digits), NoKk(digits), Nik(MAN)}) == 3


def test_is_published_as_sixteen_digits_in_and_masked_out() -> None:
    taken, given = (
        Member.model_json_schema(mode=mode)["properties"]["nik"] for mode in ("validation", "serialization")
    )
    assert (taken["pattern"], taken["writeOnly"]) == ("^[0-9]{16}$", True)
    assert given["pattern"] == r"^[0-9]{4}\*{12}$"


def test_is_refused_in_a_request_with_a_code_in_two_languages() -> None:
    with pytest.raises(ValidationError) as refusal:
        Member(nik="3324095708850000")  # type: ignore[arg-type]
    (fault,) = refusal.value.errors(include_input=False)
    assert (fault["type"], fault["msg"]) == ("serial_zero", SerialZero.en)
    assert fault["ctx"]["id"] == SerialZero.id
