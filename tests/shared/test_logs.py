"""A log line is JSON with ids and codes, without personal data."""

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from shared import logs
from shared.privacy import Nik
from shared.settings import Settings

NIK, KK, PHONE = "3324095708850001", "3324091112150007", "081234567890"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    stream = io.StringIO()
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    monkeypatch.setattr(sys, "stderr", stream)
    logs.configure(Settings.load_for("caseload", mode="development"))
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:], root.level = before, level
    structlog.reset_defaults()


Lines = Callable[[], list[dict[str, Any]]]


def test_mask_a_nik_in_every_position(lines: Lines) -> None:
    log = structlog.get_logger("planted")
    planted = f"looked up {NIK}"
    log.warning(planted, found=NIK, number=int(NIK), deep={"rows": [(NIK,), {NIK: KK}]}, typed=Nik(NIK))
    logging.getLogger("library").error("bad row %s, %d, %r", NIK, int(KK), [NIK])
    logging.getLogger("library").error(
        "3324 0957 0885 0001 / 332409-570885-0001 / 33.24.09.570885.0001 / x%sx", NIK
    )
    text = json.dumps(lines())
    assert NIK not in text
    assert KK not in text
    assert not [part for part in ("0957 0885", "570885-0001", "570885.0001") if part in text]
    assert "3324************" in text


def test_mask_phones_tokens_and_passwords(lines: Lines) -> None:
    logging.getLogger("x").error("call %s or +62 812-3456-7890", PHONE)
    logging.getLogger("x").error(
        "Bearer eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln at postgresql://caseload:geheim@db/x"
    )
    text = json.dumps(lines())
    assert not [part for part in (PHONE, "3456", "eyJ", "geheim") if part in text]


def test_withhold_fields_that_name_a_person(lines: Lines) -> None:
    structlog.get_logger("x").error(
        "saved", name="Siti", address="Jalan Melati 3", inner={"phone": "1", "token": "t"}
    )
    (line,) = lines()
    assert (line["name"], line["address"]) == ("[withheld]", "[withheld]")
    assert line["inner"] == {"phone": "[withheld]", "token": "[withheld]"}


def test_withhold_the_row_that_postgresql_prints(lines: Lines) -> None:
    for text in (
        "duplicate key\nDETAIL:  Key (nik)=(Siti) already exists.",
        "violates check\nDETAIL:  Failing row contains (Siti, Melati).",
        "(sqlalchemy) error [parameters: ('Siti',)]",
    ):
        try:
            int("x" + text)
        except ValueError:
            structlog.get_logger("x").exception("failed")
    assert len(lines()) == 3
    assert "Siti" not in json.dumps(lines())
    assert all("ValueError" in line["exception"] for line in lines())


def test_keep_the_exceptions_after_a_withheld_row(lines: Lines) -> None:
    def fail() -> None:
        try:
            int("x\nDETAIL:  Failing row contains (Siti,\nMelati).")
        except ValueError as error:
            raise LookupError("in a command") from error

    try:
        fail()
    except LookupError:
        structlog.get_logger("x").exception("failed")
    (line,) = lines()
    assert "LookupError: in a command" in line["exception"]
    assert not [part for part in ("Siti", "Melati") if part in line["exception"]]


def test_keep_ids_codes_and_times(lines: Lines) -> None:
    kept = {
        "kpm_id": "01934567-8901-7234-8123-456789012345",
        "areas": ["33.24.09.2013", "33.24.09.2014"],
        "milliseconds": 1.5,
    }
    structlog.get_logger("x").info(
        "33.24.09.2013 33.24.09.2014 on 2026-10-01T12:30:45.123456+00:00", **kept, ok=True
    )
    (line,) = lines()
    assert line["event"] == "33.24.09.2013 33.24.09.2014 on 2026-10-01T12:30:45.123456+00:00"
    assert {name: line[name] for name in kept} == kept
    assert (line["service"], line["level"], line["ok"]) == ("caseload", "info", True)


def test_carry_what_the_request_bound(lines: Lines) -> None:
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        logging.getLogger("library").info("hello")
    assert lines()[0]["request_id"] == "r-1"


def test_write_no_line_for_each_request_of_the_server(lines: Lines) -> None:
    logging.getLogger("uvicorn.access").info("GET /v1/kpm")
    logging.getLogger("uvicorn.error").warning("shown")
    assert [line["event"] for line in lines()] == ["shown"]


def test_cut_long_values(lines: Lines) -> None:
    logging.getLogger("x").error("a" * 1_000_000)
    assert len(lines()[0]["event"]) <= logs.LONGEST
