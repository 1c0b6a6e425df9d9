"""The public check of a certificate's number."""

from datetime import date
from urllib.parse import quote

import pytest

from services.graduation.certificate.models import has_valid_check_digit, new_certificate_no
from tests.factories.graduation.case import CaseDriver, expect_ok, set_day
from tests.factories.graduation.objection import DAY_AFTER, LAST_DAY, decide_sanggah, lodge_sanggah
from tests.factories.services import Running

SHOWN = {"certificate_no", "status", "stands", "issued_on", "effective_on", "en", "id"}


async def issue_certificate(service: Running) -> tuple[CaseDriver, str]:
    driver = await (await CaseDriver.start(service)).advance_to("MASA_SANGGAH")
    await set_day(service, DAY_AFTER)
    await service.work()
    return driver, (await service.sql("SELECT certificate_no FROM certificate"))[0][0]


async def test_certificate_is_valid_then_suspended_then_annulled(graduation: Running) -> None:
    driver, number = await issue_certificate(graduation)
    shown = expect_ok(await graduation.get(f"/v1/certificate/{number}"), 200)  # without a token
    assert set(shown) == SHOWN
    assert (shown["status"], shown["stands"], shown["effective_on"]) == ("STANDS", True, "2026-07-01")
    sanggah_id = expect_ok(await lodge_sanggah(driver, LAST_DAY))["sanggah_id"]
    shown = expect_ok(await graduation.get(f"/v1/certificate/{number}"), 200)
    assert (shown["status"], shown["stands"]) == ("SUSPENDED", False)
    expect_ok(await decide_sanggah(driver, sanggah_id, "DITERIMA"))
    shown = expect_ok(await graduation.get(f"/v1/certificate/{number}"), 200)
    assert (shown["status"], shown["stands"]) == ("ANNULLED", False)
    assert str(driver.kpm_id) not in str(shown)


async def test_mistyped_number_and_unissued_number_have_different_refusals(graduation: Running) -> None:
    _, number = await issue_certificate(graduation)
    wrong = number[:-1] + ("A" if number[-1] != "A" else "B")
    answer = await graduation.get(f"/v1/certificate/{wrong}")
    assert (answer.status_code, answer.json()["title"]) == (422, "CertificateMistyped")
    never = await graduation.get(f"/v1/certificate/{new_certificate_no(date(2026, 6, 18))}")
    assert never.status_code == 404


def type_differently(number: str) -> list[str]:
    """Return the ways in which people type a number from paper."""
    plain = number.replace("-", "")
    return [
        *(number.lower(), plain, plain.lower(), number.replace("-", " "), f"  {number} "),
        *(number.replace("-", " - "), number.replace("-", "\u2013"), f"{number[:9]} {number[9:]}"),
    ]


async def test_number_is_found_however_it_is_typed(graduation: Running) -> None:
    _, number = await issue_certificate(graduation)
    for typed in type_differently(number):
        shown = expect_ok(await graduation.get(f"/v1/certificate/{quote(typed)}"), 200)
        assert shown["certificate_no"] == number, typed


@pytest.mark.parametrize("typed", ["GR-2026", "x", "GR-2026-7K2M9QXP4T-CC", "3324011203159001", "%20"])
async def test_text_that_is_no_number_is_mistyped(graduation: Running, typed: str) -> None:
    answer = await graduation.get(f"/v1/certificate/{typed}")
    assert (answer.status_code, answer.json()["title"]) == (422, "CertificateMistyped")


async def test_public_check_reads_nothing_but_the_certificate(graduation: Running) -> None:
    """The check widens the scope for its one row, and closes it behind itself."""
    _, number = await issue_certificate(graduation)
    async with graduation.database.transaction() as session:
        from sqlalchemy import text

        shown = await session.execute(text("SELECT * FROM certificate_shown(:no)"), {"no": number})
        assert len(shown.all()) == 1
        assert (await session.execute(text("SELECT * FROM certificate"))).all() == []


@pytest.mark.parametrize("_", range(50))
def test_check_digit_detects_one_wrong_digit_and_two_swapped_digits(_: int) -> None:
    number = new_certificate_no(date(2026, 6, 18))
    assert has_valid_check_digit(number)
    body, check = number[8:18], number[-1]
    for place in range(10):
        for sign in "0123456789ABCDEFGHJKMNPQRSTVWXYZ":
            slipped = f"{number[:8]}{body[:place]}{sign}{body[place + 1 :]}-{check}"
            assert has_valid_check_digit(slipped) == (slipped == number)
    for place in range(9):
        turned = body[:place] + body[place + 1] + body[place] + body[place + 2 :]
        assert has_valid_check_digit(f"{number[:8]}{turned}-{check}") == (turned == body)
