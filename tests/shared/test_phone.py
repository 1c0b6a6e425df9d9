"""One phone number has one form in every service."""

import phonenumbers
import pytest

from shared.phone import PLAIN_MOBILE, PhoneUnusable, parse_phone

MOBILE, OFFICE = "+6281200009001", "+62294381234"


@pytest.mark.parametrize(
    "written",
    [
        "081200009001",
        "'081200009001",
        '="081200009001"',
        "0812.0000.9001",
        "0812 0000-9001",
        "81200009001",
        "81200009001.0",
        "6281200009001",
        "+62 812-0000-9001",
        "(+62) 812 0000 9001",
        "0062 812 0000 9001",
        "+62\u00a0812\u200b00009001",
    ],
)
def test_a_mobile_number_is_read_as_people_write_it(written: str) -> None:
    assert parse_phone(written) == MOBILE


@pytest.mark.parametrize("written", ["(0294) 381234", "0294-381234", "+62 294 381234"])
def test_a_fixed_line_is_read(written: str) -> None:
    assert parse_phone(written) == OFFICE


def test_a_number_of_another_country_keeps_its_code() -> None:
    assert parse_phone("+1 202 555 0123") == "+12025550123"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "telepon",
        "-",
        "0812",
        "8.12E+10",
        "081200009001 / 081200009002",
        "0812 0000 9001 (Budi)",
        "08120000900x",
        "0" * 50,
    ],
)
def test_what_is_not_one_usable_number_is_refused(written: str) -> None:
    with pytest.raises(PhoneUnusable):
        parse_phone(written)


@pytest.mark.parametrize("operator", "12356789")
@pytest.mark.parametrize("digits", [7, 8, 9, 10])
def test_a_plain_mobile_number_is_read_as_the_library_reads_it(operator: str, digits: int) -> None:
    written = f"08{operator}{'5550090001'[:digits]}"
    assert PLAIN_MOBILE.fullmatch(written)
    number = phonenumbers.parse(written, "ID")
    assert phonenumbers.is_valid_number(number)
    assert parse_phone(written) == phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
