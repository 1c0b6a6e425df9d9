"""Files as spreadsheets write them are read, or refused with the real cause."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.caseload.intake.rules.csv_file import (
    COLUMNS,
    Record,
    clean_cell,
    parse_record,
    read_header,
    records,
)
from services.caseload.intake.rules.row import Row, read_row
from tests.factories.caseload.intake import build_csv, dinsos_token, family, import_file
from tests.factories.services import Running

TODAY = date(2026, 3, 1)
PLAIN = family(1)[0]
CELLS = ["", "x", "a b", " x", "x ", " ", "-", " - ", "a  b", "'3324", "=x", "é", "x-y"]
NIK, CARD = PLAIN["nik"], PLAIN["no_kk"]


def read_file(content: bytes) -> list[Record]:
    """Return the rows of a file that are not blank."""
    header = read_header(content)
    window = content[header.begins_at :]
    rows = records(window, header, header.begins_at, header.first_row, last=True)
    return [record for record in rows if record.fault != "BLANK"]


def read_values(**values: str) -> Row:
    """Return the row of a pengurus with other values, as a file has it."""
    (record,) = read_file(build_csv([PLAIN | values], delimiter="\t"))
    assert record.fault is None, record
    return read_row(record.fields, TODAY, TODAY)


WHOLE = build_csv(family(1))
EMPTY_RIGHT = "\n".join(line + ",,," for line in WHOLE.decode().splitlines()).encode()
FILES = {
    "carriage returns": build_csv(family(1), newline="\r"),
    "tabs": build_csv(family(1), delimiter="\t"),
    "a first line with the separator": b"sep=;\r\n" + build_csv(family(1), delimiter=";", newline="\r\n"),
    "title lines": b"Data KPM Kabupaten Kendal\nper 1 September 2026,,\n\n" + WHOLE,
    "empty columns at the right": EMPTY_RIGHT,
    "names of columns in capitals": WHOLE.replace(b"no_kk,nik", b"No. KK,NIK"),
    "a first line with another separator than the rest": b"sep=;\r\n" + WHOLE,
    "rows with another delimiter than the header": WHOLE.replace(b",", b";", len(COLUMNS) - 1),
    "each row in quotes as a whole": b"\n".join(b'"%s"' % line for line in WHOLE.splitlines()),
    "columns in another order": b"\n".join(
        b",".join(reversed(line.split(b","))) for line in WHOLE.splitlines()
    ),
    "rows of commas at the end": WHOLE + (b"," * 19 + b"\r\n") * 3,
    "quotes around everything": b'"' + WHOLE.replace(b",", b'","').replace(b"\n", b'"\n"')[:-1],
}


@pytest.mark.parametrize("form", FILES)
def test_a_file_is_read_as_a_spreadsheet_writes_it(form: str) -> None:
    read = [read_row(record.fields, TODAY, TODAY) for record in read_file(FILES[form])]
    plain = [read_row(record.fields, TODAY, TODAY) for record in read_file(WHOLE)]
    assert [row.faults for row in read] == [[], []]
    assert [row.data for row in read] == [row.data for row in plain]


@given(st.lists(st.sampled_from(CELLS), min_size=20, max_size=20), st.sampled_from([",", ";"]))
def test_each_cell_of_a_plain_row_is_as_clean_as_alone(cells: list[str], delimiter: str) -> None:
    header = read_header(delimiter.join(COLUMNS).encode())
    record = parse_record(delimiter.join(["1", *cells[1:]]).encode(), header, (2, 1, 10))
    assert record.fields == ("1", *map(clean_cell, cells[1:]))


def test_rows_are_counted_as_lines_of_the_file() -> None:
    assert [record.row_no for record in read_file(WHOLE)] == [2, 3]
    assert [record.row_no for record in read_file(FILES["title lines"])] == [5, 6]


@pytest.mark.parametrize(
    "written",
    [
        f"{NIK[:4]} {NIK[4:8]} {NIK[8:12]} {NIK[12:]}",
        f'="{NIK}"',
        f"'{NIK}",
        f"\u2019{NIK}",
        f"{NIK[:4]}.{NIK[4:8]}.{NIK[8:12]}.{NIK[12:]}",
        f"\ufeff{NIK}\u200b",
        f"{NIK[:-1]}1.0",
        f"{NIK[0]}.{NIK[1:-1]}1E+15",
    ],
)
def test_a_nik_is_read_in_every_form_that_is_not_rounded(written: str) -> None:
    row = read_values(nik=written, no_kk=f"'{CARD[:8]} {CARD[8:]}")
    assert row.faults == []
    assert row.nik is not None
    assert row.nik.reveal()[:-1] == NIK[:-1]


@pytest.mark.parametrize(
    "written", ["3.32402E+15", "3.32401521187900E+15", "3324015211879000.0", "3,32402E+15"]
)
def test_a_rounded_number_is_refused_with_its_cause(written: str) -> None:
    assert read_values(nik=written).faults == [("nik", "EXCEL_MANGLED")]


@pytest.mark.parametrize(
    "written",
    ["33.24.09.2011", "3324092011", "3324092011.0", "33 24 09 2011", "'3324092011", '="33.24.09.2011"'],
)
def test_an_area_code_is_read_in_every_form(written: str) -> None:
    row = read_values(kode_wilayah=written)
    assert (row.faults, row.data["kode"]) == ([], "33.24.09.2011")


@pytest.mark.parametrize(
    "written",
    ["1/2/1987", "32093", "19871112", "1987-W46-4", "1987-11-12T00:00:00", "532137600", "12.11.1987"],
)
def test_another_form_of_a_date_is_refused(written: str) -> None:
    assert read_values(birth_date=written).faults == [("birth_date", "NOT_A_DATE")]


@pytest.mark.parametrize("written", ["1987-11-12", "1987/11/12", "12-11-1987", "12/11/1987"])
def test_a_date_is_read(written: str) -> None:
    assert read_values(birth_date=written).data["birth"] == "1987-11-12"


USAHA = {"usaha_sector": "JASA", "usaha_started_on": "2023-03-01"}


@pytest.mark.parametrize(
    "written",
    [
        *(
            "9000000",
            "9.000.000",
            "9,000,000",
            "9 000 000",
            "Rp 9.000.000,00",
            "Rp. 9.000.000",
            "rp9.000.000,-",
        ),
        *("9000000.0", "9000000,00", "'9000000"),
    ],
)
def test_an_amount_of_rupiah_is_read(written: str) -> None:
    row = read_values(**USAHA, usaha_omzet_rp=written)
    assert (row.faults, row.data["usaha"]["omzet_rp"]) == ([], 9_000_000)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("9E+06", "EXCEL_MANGLED"),
        ("9,5", "NOT_A_NUMBER"),
        ("9.000,50", "NOT_A_NUMBER"),
        ("9.00.000", "NOT_A_NUMBER"),
        ("9.000,000", "NOT_A_NUMBER"),
        ("9 juta", "NOT_A_NUMBER"),
        ("-9000000", "NOT_A_NUMBER"),
        ("1000000000001", "NOT_A_NUMBER"),
    ],
)
def test_another_amount_is_refused(written: str, code: str) -> None:
    assert read_values(**USAHA, usaha_omzet_rp=written).faults == [("usaha_omzet_rp", code)]


@pytest.mark.parametrize(
    ("column", "written", "value"),
    [
        ("komponen", "ANAK_SD : 2028-07-01", [["ANAK_SD", "2028-07-01"]]),
        (
            "bansos",
            "PKH: 2019-02-01 | SEMBAKO:01/01/2020",
            [["PKH", "2019-02-01"], ["SEMBAKO", "2020-01-01"]],
        ),
        ("desil", "nas : 3 : 2026-q1", [["NAS", "2026-Q1", 3]]),
    ],
)
def test_blanks_and_small_letters_of_a_list_are_read(column: str, written: str, value: object) -> None:
    row = read_values(**{column: written})
    assert (row.faults, row.data[column]) == ([], value)


def test_a_birth_of_today_in_papua_is_read() -> None:
    tomorrow = "2026-03-02"
    (record,) = read_file(build_csv([PLAIN | USAHA | {"birth_date": tomorrow, "usaha_started_on": tomorrow}]))
    assert read_row(record.fields, TODAY, date(2026, 3, 2)).faults == []
    faults = dict(read_row(record.fields, TODAY, TODAY).faults)
    assert faults == {"birth_date": "DATE_OUT_OF_RANGE", "usaha_started_on": "DATE_OUT_OF_RANGE"}


WORDS = [
    ("sex", "PEREMPUAN", "P"),
    ("sex", "Laki-Laki", "L"),
    ("sex", "LAKI LAKI", "L"),
    ("relation", "ORANGTUA", "ORANG_TUA"),
    ("relation", "Orang Tua", "ORANG_TUA"),
    ("relation", "kepala keluarga", "KEPALA_KELUARGA"),
    ("relation", "FAMILI LAIN", "FAMILI_LAIN"),
    ("relation", "PEMBANTU", "PEMBANTU"),
    ("married", "KAWIN TERCATAT", True),
    ("married", "Kawin Belum Tercatat", True),
    ("married", "BELUM KAWIN", False),
    ("married", "CERAI HIDUP", False),
    ("married", "CERAI MATI", False),
    ("married", "cerai-mati", False),
    ("pengurus", "ya", True),
    ("pengurus", "Tidak", False),
]


@pytest.mark.parametrize(("column", "written", "value"), WORDS)
def test_words_of_the_family_card_are_read(column: str, written: str, value: object) -> None:
    row = read_values(**{column: written})
    assert (row.faults, row.data[column]) == ([], value)


@pytest.mark.parametrize(
    "written",
    ["Dusun\nContoh", "Dusun\tContoh", "Dusun\u00a0Contoh", "Dusun  Contoh ", "Du\u200bsun Con\u00adtoh"],
)
def test_white_space_of_a_text_is_normalised(written: str) -> None:
    quoted = build_csv([PLAIN | {"address": f'"{written}"'}], delimiter=";")
    (record,) = read_file(quoted)
    row = read_row(record.fields, TODAY, TODAY)
    assert (row.faults, row.address) == ([], "Dusun Contoh")


async def test_a_refusal_lists_the_allowed_values(kendal_caseload: Running) -> None:
    token = dinsos_token(kendal_caseload)
    job = await import_file(
        kendal_caseload, build_csv(family(1, sex="X", relation="TETANGGA", married="MUNGKIN"))
    )
    rows = (await kendal_caseload.get(f"/v1/jobs/{job['job_id']}/errors", as_=token)).json()["items"]
    reasons = {row["column"]: row["reason"] for row in rows}
    assert "LAKI-LAKI" in reasons["sex"]["id"]
    assert "KEPALA KELUARGA" in reasons["relation"]["en"]
    assert "CERAI MATI" in reasons["married"]["id"]


def test_every_column_has_its_place() -> None:
    assert len(COLUMNS) == len(set(COLUMNS)) == len(PLAIN)


@pytest.mark.parametrize("written", ["PD-00000S", "pd-00000s", "PD 00000S", "PD00000S", "pd - 00000s"])
def test_number_of_a_pendamping_is_read_as_registry_writes_it(written: str) -> None:
    assert read_values(pendamping_no=written).data["pendamping_no"] == "PD-00000S"
