"""Refusals and counts do not reveal whether a number is recorded elsewhere."""

from datetime import date
from typing import Any

from shared.access import Role
from tests.factories.caseload.family import Family
from tests.factories.caseload.intake import (
    DESA,
    FAR_DESA,
    build_csv,
    dinsos_token,
    family,
    import_file,
    mother,
    nik,
    no_kk,
)
from tests.factories.services import Running, expect_refusal

ON = "2026-01-10"
BORN = date(1987, 11, 12)
Rows = list[dict[str, str]]


def trenggalek_token(service: Running) -> str:
    """Return the token of a Dinsos of another province."""
    return dinsos_token(service, "35.03")


def trenggalek_rows(number: int, **head: str) -> Rows:
    """Return the rows of a family in Trenggalek."""
    rows = family(number, **head)
    return [row | {"kode_wilayah": FAR_DESA} for row in rows]


def replace_card(rows: Rows, number: int) -> Rows:
    """Return the rows with the card of another family."""
    return [row | {"no_kk": no_kk(number)} for row in rows]


def read_pengurus_nik(number: int) -> str:
    """Return the NIK of a family's pengurus."""
    return nik(number * 10, female=True, born=BORN)


async def read_job_answers(service: Running, *files: Rows, dry_run: bool, as_: str) -> list[dict[str, Any]]:
    """Return the job's answers for each file, without ids and times."""
    answers = []
    for rows in files:
        job = await import_file(service, build_csv(rows), dry_run=dry_run, as_=as_)
        apart = ("job_id", "rate", "created_at", "started_at", "ended_at")
        answers.append({name: value for name, value in job.items() if name not in apart})
    return answers


async def test_dry_run_does_not_reveal_numbers_recorded_elsewhere(kendal_caseload: Running) -> None:
    await import_file(kendal_caseload, build_csv(family(1)))
    files = (
        trenggalek_rows(2),
        trenggalek_rows(2, nik=read_pengurus_nik(1)),
        replace_card(trenggalek_rows(2), 1),
    )
    nowhere, *recorded = await read_job_answers(
        kendal_caseload, *files, dry_run=True, as_=trenggalek_token(kendal_caseload)
    )
    assert recorded == [nowhere, nowhere]
    assert (nowhere["report"]["new_families"], nowhere["errors"]) == (1, [])


async def test_rows_outside_the_area_do_not_reveal_recorded_numbers(kendal_caseload: Running) -> None:
    await import_file(kendal_caseload, build_csv(family(1)))
    both = (family(1), family(2), family(2, nik=read_pengurus_nik(1)))
    for dry_run in (True, False):
        same, *others = await read_job_answers(
            kendal_caseload, *both, dry_run=dry_run, as_=trenggalek_token(kendal_caseload)
        )
        assert others == [same, same]
        assert same["errors"] == [(2, "kode_wilayah", "NOT_YOUR_AREA")]


async def test_dry_run_counts_families_recorded_elsewhere_in_tens_without_listing_them(
    kendal_caseload: Running,
) -> None:
    await import_file(kendal_caseload, build_csv(*(family(number) for number in range(1, 13))))
    rows = [
        row for number in range(1, 13) for row in trenggalek_rows(number + 20, nik=read_pengurus_nik(number))
    ]
    (job,) = await read_job_answers(
        kendal_caseload, rows, dry_run=True, as_=trenggalek_token(kendal_caseload)
    )
    assert (job["report"]["elsewhere_families"], job["report"]["new_families"], job["errors"]) == (10, 12, [])


async def test_intake_refuses_family_recorded_elsewhere_without_number(kendal_caseload: Running) -> None:
    await import_file(kendal_caseload, build_csv(family(1)))
    rows = [*trenggalek_rows(2, nik=read_pengurus_nik(1)), *replace_card(trenggalek_rows(3), 1)]
    (job,) = await read_job_answers(
        kendal_caseload, rows, dry_run=False, as_=trenggalek_token(kendal_caseload)
    )
    assert job["errors"] == [(2, None, "NOT_ACCEPTED_HERE"), (4, None, "NOT_ACCEPTED_HERE")]
    assert job["refused"] == 4


async def test_ministry_sees_row_with_member_of_another_family(kendal_caseload: Running) -> None:
    await import_file(kendal_caseload, build_csv(family(1)))
    ministry = kendal_caseload.token(Role.KEMENSOS)
    (job,) = await read_job_answers(
        kendal_caseload, trenggalek_rows(2, nik=read_pengurus_nik(1)), dry_run=True, as_=ministry
    )
    assert job["errors"] == [(2, "nik", "NIK_IN_ANOTHER_FAMILY")]


async def import_three_families(placed: Running) -> Family:
    """Register a family of S, another one of Kendal and one of Trenggalek."""
    made = await Family.create(placed, mother())
    done = await import_file(
        placed, build_csv(family(1), trenggalek_rows(2)), as_=placed.token(Role.KEMENSOS)
    )
    assert done["errors"] == []
    return made


async def test_member_recorded_elsewhere_is_refused_without_the_reason(kendal_caseload: Running) -> None:
    mine, office = await import_three_families(kendal_caseload), dinsos_token(kendal_caseload)
    body = {"name": "Ibu Contoh", "birth_on": str(BORN), "sex": "P", "relation": "LAINNYA"}
    body |= {"married": False, "on": "2026-01-06", "reason": "GABUNG"}
    for number, asking, title, status in (
        (1, mine.mine, "NumberNotAccepted", 409),
        (2, mine.mine, "NumberNotAccepted", 409),
        (2, office, "NumberNotAccepted", 409),
        (1, office, "JoinNeedsEvidence", 422),
    ):
        answer = await mine.post("anggota", body | {"nik": read_pengurus_nik(number)}, as_=asking)
        expect_refusal(answer, title, status)


async def test_card_recorded_elsewhere_is_refused_without_the_reason(kendal_caseload: Running) -> None:
    mine, office = await import_three_families(kendal_caseload), dinsos_token(kendal_caseload)
    whole = await mine.read()
    child = next(one["anggota_id"] for one in whole["members"] if one["relation"] == "ANAK")
    body = {"anggota_ids": [child], "pengurus_id": child, "kode_wilayah": DESA, "on": ON}
    body |= {"evidence_sha256": await mine.upload_evidence()}
    for card, asking, title in (
        (no_kk(1), mine.mine, "NumberNotAccepted"),
        (no_kk(2), mine.mine, "NumberNotAccepted"),
        (no_kk(2), office, "NumberNotAccepted"),
        (no_kk(1), office, "NoKkKnown"),
        (no_kk(900), mine.mine, "NoKkKnown"),
    ):
        expect_refusal(await mine.post("split", body | {"no_kk": card}, whole["version"], as_=asking), title)


async def test_look_up_outside_the_area_is_not_found(kendal_caseload: Running) -> None:
    await import_file(kendal_caseload, build_csv(family(1)))
    answers = [
        await kendal_caseload.post("/v1/kpm/look-up", number, as_=trenggalek_token(kendal_caseload))
        for number in (
            {"nik": read_pengurus_nik(1)},
            {"nik": read_pengurus_nik(3)},
            {"no_kk": no_kk(1)},
            {"no_kk": no_kk(3)},
        )
    ]
    assert {(answer.status_code, answer.json()["detail"]) for answer in answers} == {
        (404, answers[1].json()["detail"])
    }
