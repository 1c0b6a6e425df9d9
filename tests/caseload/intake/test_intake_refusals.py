"""An invalid row is reported with row, column and reason, and its family is refused."""

from collections.abc import Callable
from datetime import date
from uuid import uuid5

import pytest

from services.caseload.intake.commands import blocks
from services.caseload.intake.rules.csv_file import COLUMNS
from shared.access import Role
from shared.contracts.kinds import PendampingStatus
from shared.jobs.job_runner import MAX_REFUSALS
from tests.factories.caseload.intake import (
    FAR_DESA,
    OTHER_DESA,
    OTHER_NO,
    PENDAMPING_NO,
    SPACE,
    build_csv,
    dinsos_token,
    family,
    import_file,
    nik,
    pendamping,
    read_emitted_events,
    read_kpm_id,
    request_intake,
)
from tests.factories.delivery import deliver
from tests.factories.papers import build_pdf, build_photo
from tests.factories.services import Running

MOTHER_1 = nik(10, female=True, born=date(1987, 11, 12))
BAD: list[tuple[str, str, str]] = [
    ("nik", "3.27501E+15", "EXCEL_MANGLED"),
    ("nik", "33240752118790010", "NOT_SIXTEEN_DIGITS"),
    ("nik", "3324075211870000", "SERIAL_ZERO"),
    ("nik", "9924075211879001", "UNKNOWN_PROVINCE"),
    ("nik", "", "NIK_REQUIRED"),
    ("name", "", "REQUIRED"),
    ("name", "x" * 121, "TOO_LONG"),
    ("name", "a\x00b", "CONTROL_CHARACTER"),
    ("name", "\u3164", "REQUIRED"),
    ("relation", "HAPUS", "CANNOT_BE_CLEARED"),
    ("address", "x" * 301, "TOO_LONG"),
    ("sex", "X", "UNKNOWN_VALUE"),
    ("birth_date", "31-02-1987", "NOT_A_DATE"),
    ("birth_date", "2187-01-01", "DATE_OUT_OF_RANGE"),
    ("relation", "TETANGGA", "UNKNOWN_VALUE"),
    ("married", "MUNGKIN", "UNKNOWN_VALUE"),
    ("kode_wilayah", "33.24", "UNKNOWN_WILAYAH"),
    ("komponen", "ANAK_TK", "UNKNOWN_VALUE"),
    ("bansos", "PKH:2019-02-01|PKH:2020-02-01", "REPEATED"),
    ("bansos", "PKH:2099-02-01", "DATE_OUT_OF_RANGE"),
    ("desil", "NAS:11:2026-Q1", "UNKNOWN_VALUE"),
    ("desil", "5", "BAD_FORM"),
    ("pendamping_no", "PD-NOBODY", "UNKNOWN_PENDAMPING"),
    ("usaha_nib", "12", "BAD_FORM"),
    ("usaha_sector", "MAKANAN", "INCOMPLETE_USAHA"),
]


async def test_one_invalid_value_refuses_the_family(kendal_caseload: Running) -> None:
    families = [family(n, **{column: value}) for n, (column, value, _) in enumerate(BAD, 1)]
    job = await import_file(kendal_caseload, build_csv(*families, family(500)))
    expected = {(2 * n, column, code) for n, (column, _, code) in enumerate(BAD, 1)}
    assert set(job["errors"]) == expected
    assert (job["done"], job["refused"]) == (2, 2 * len(BAD))
    assert (job["report"]["new_families"], job["report"]["refused_families"]) == (1, len(BAD))
    assert [name for name, _ in await read_emitted_events(kendal_caseload)] == [
        "kpm_registered",
        "kepesertaan_started",
    ]


async def test_refusals_do_not_repeat_values(kendal_caseload: Running) -> None:
    bad = "3324075211870000"
    await import_file(kendal_caseload, build_csv(family(1, nik=bad)))
    rows = await kendal_caseload.sql(
        'SELECT "column", code, concat(params, reason) AS content FROM platform.job_row_error'
    )
    assert [(row["column"], row["code"]) for row in rows] == [("nik", "SERIAL_ZERO")]
    assert bad not in rows[0]["content"]
    assert "0000" in rows[0]["content"]


async def test_repeated_nik_is_refused_on_the_later_row(kendal_caseload: Running) -> None:
    job = await import_file(kendal_caseload, build_csv(family(1), family(2, nik=MOTHER_1)))
    assert job["errors"] == [(4, "nik", "DUPLICATE_NIK")]
    assert job["report"]["new_families"] == 1


def add_second_head(rows: list[dict[str, str]]) -> None:
    rows[1]["pengurus"] = "YA"


def remove_head(rows: list[dict[str, str]]) -> None:
    rows[0]["pengurus"] = ""


def add_second_area(rows: list[dict[str, str]]) -> None:
    rows[1]["kode_wilayah"] = OTHER_DESA


@pytest.mark.parametrize(
    ("spoil", "refusal"),
    [
        (add_second_head, (3, "pengurus", "SEVERAL_PENGURUS")),
        (remove_head, (2, "pengurus", "NO_PENGURUS")),
        (add_second_area, (2, "kode_wilayah", "WILAYAH_DIFFERS")),
    ],
)
async def test_inconsistent_family_is_refused(
    kendal_caseload: Running, spoil: Callable[[list[dict[str, str]]], None], refusal: tuple[int, str, str]
) -> None:
    rows = family(1)
    spoil(rows)
    job = await import_file(kendal_caseload, build_csv(rows))
    assert (job["errors"], job["refused"]) == ([refusal], 2)


async def test_member_of_another_family_is_refused(kendal_caseload: Running) -> None:
    await import_file(kendal_caseload, build_csv(family(1)))
    job = await import_file(kendal_caseload, build_csv(family(2, nik=MOTHER_1)))
    assert job["errors"] == [(2, "nik", "NIK_IN_ANOTHER_FAMILY")]


async def test_family_outside_the_area_is_refused(kendal_caseload: Running) -> None:
    far = family(3, 1, kode_wilayah=FAR_DESA)
    job = await import_file(kendal_caseload, build_csv(far), as_=dinsos_token(kendal_caseload))
    assert job["errors"] == [(2, "kode_wilayah", "NOT_YOUR_AREA")]


async def test_overlapping_membership_is_refused(kendal_caseload: Running) -> None:
    await import_file(kendal_caseload, build_csv(family(1)))
    job = await import_file(kendal_caseload, build_csv(family(1, bansos="PKH:2018-01-01")))
    assert job["errors"] == [(2, "bansos", "KEPESERTAAN_OVERLAPS")]


async def test_unsuitable_pendamping_is_refused(kendal_caseload: Running, registry: Running) -> None:
    asleep = uuid5(SPACE, "asleep")
    far = uuid5(SPACE, "far")
    await registry.publish(
        *pendamping(asleep, "PD-ASLEEP", uuid5(SPACE, "p1"), status=PendampingStatus.CUTI),
        *pendamping(far, "PD-FAR", uuid5(SPACE, "p2"), area="35.03"),
    )
    await deliver(registry, kendal_caseload)
    rows = [family(1, pendamping_no="PD-ASLEEP"), family(2, pendamping_no="PD-FAR")]
    job = await import_file(kendal_caseload, build_csv(*rows, family(3, pendamping_no=PENDAMPING_NO)))
    assert job["errors"] == [
        (2, "pendamping_no", "PENDAMPING_NOT_ACTIVE"),
        (4, "pendamping_no", "NO_PKH_PENUGASAN"),
    ]
    job = await import_file(kendal_caseload, build_csv(family(3, pendamping_no=OTHER_NO)))
    assert job["errors"] == [(2, "pendamping_no", "ACCOMPANIED_BY_ANOTHER")]


@pytest.mark.parametrize("block", [1, 500])
async def test_families_above_the_limit_are_refused_in_blocks_of_any_size(
    kendal_caseload: Running, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(blocks, "FAMILIES", block)
    await kendal_caseload.sql("UPDATE dampingan_limit SET warn_above = 1, refuse_above = 2")
    job = await import_file(
        kendal_caseload, build_csv(*(family(n, pendamping_no=PENDAMPING_NO) for n in (1, 2, 3)))
    )
    assert job["errors"] == [(6, "pendamping_no", "CASELOAD_FULL")]
    crossed = [
        data for name, data in await read_emitted_events(kendal_caseload) if name == "dampingan_limit_crossed"
    ]
    assert [(data["count"], data["limit"], data["side"]) for data in crossed] == [(2, 1, "ABOVE")]
    assert await kendal_caseload.sql("SELECT weighing FROM dampingan_load") == [(2,)]


async def test_unreadable_rows_are_refused_and_others_read(kendal_caseload: Running) -> None:
    content = build_csv(family(1), family(2), family(3)).decode().splitlines()
    content[3] += ",more"
    content.insert(1, '"open quote')
    job = await import_file(kendal_caseload, "\n".join(content).encode())
    assert job["errors"] == [(2, None, "UNREADABLE_ROW"), (5, None, "WRONG_NUMBER_OF_FIELDS")]
    assert (job["report"]["new_families"], job["report"]["refused_families"]) == (2, 1)


HEAD = ",".join(COLUMNS)


NOT_SUCH_FILES = [
    (b"\n\n", "FileEmpty"),
    (build_pdf(b"not csv"), "FileNotText"),
    (build_photo(), "FileNotText"),
    ("no_kk,nik,né\n".encode("latin-1"), "FileNotText"),
    (f"{HEAD},nik\n".encode(), "ColumnsRepeated"),
    (HEAD.replace("nik,", "").encode(), "ColumnsMissing"),
    (f"{HEAD},nomor_rekening\n".encode(), "ColumnsUnknown"),
    (b"x" * 5000, "HeaderTooLong"),
]


async def test_invalid_file_is_refused_at_once(caseload: Running) -> None:
    token = dinsos_token(caseload)
    for content, title in NOT_SUCH_FILES:
        sha256 = await caseload.put_file(content, as_=token)
        answer = await caseload.post("/v1/intake", {"sha256": sha256}, as_=token)
        assert (answer.status_code, answer.json()["title"]) == (422, title)


async def test_file_not_uploaded_is_refused(caseload: Running) -> None:
    answer = await caseload.post("/v1/intake", {"sha256": "0" * 64}, as_=dinsos_token(caseload))
    assert (answer.status_code, answer.json()["title"]) == (422, "FileNotUploaded")


async def test_role_without_permission_is_refused(caseload: Running) -> None:
    answer = await caseload.post(
        "/v1/intake", {"sha256": "0" * 64}, as_=caseload.token(Role.KETUA_TIM_KABKOTA)
    )
    assert answer.status_code == 403


async def test_file_of_junk_fails_at_the_error_limit(kendal_caseload: Running) -> None:
    await import_file(kendal_caseload, build_csv(family(1)))
    job = await request_intake(kendal_caseload, build_csv(family(2)) + b"junk\n" * MAX_REFUSALS)
    await kendal_caseload.work()
    job_view = (await kendal_caseload.get(job, as_=dinsos_token(kendal_caseload))).json()
    assert (job_view["state"], job_view["error"], job_view["done"]) == ("FAILED", "TooManyRefusals", 0)
    errors = await kendal_caseload.sql("SELECT count(*) FROM platform.job_row_error")
    assert errors[0][0] == MAX_REFUSALS
    assert await read_kpm_id(kendal_caseload, MOTHER_1)
    again = await import_file(kendal_caseload, build_csv(family(2)))
    assert again["report"]["new_families"] == 1
    assert (await kendal_caseload.sql("SELECT count(*) FROM staged_row"))[0][0] == 0
