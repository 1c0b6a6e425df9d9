"""Who may not look a number up is not told by any refusal or count whether it is recorded elsewhere."""

from datetime import date
from typing import Any

from shared.access import Role
from tests.factories.caseload.family import Family, refused
from tests.factories.caseload.intake import (
    DESA,
    FAR_DESA,
    csv_of,
    dinsos,
    family,
    mother,
    nik,
    no_kk,
    take_in,
)
from tests.factories.services import Running

ON = "2026-01-10"
BORN = date(1987, 11, 12)
Rows = list[dict[str, str]]


def trenggalek(service: Running) -> str:
    """Return the token of a Dinsos of another province."""
    return dinsos(service, "35.03")


def far(number: int, **head: str) -> Rows:
    """The rows of a family in Trenggalek."""
    rows = family(number, **head)
    return [row | {"kode_wilayah": FAR_DESA} for row in rows]


def with_card(rows: Rows, number: int) -> Rows:
    """The rows under the card of another family."""
    return [row | {"no_kk": no_kk(number)} for row in rows]


def find_member(number: int) -> str:
    """The NIK of the pengurus of a family."""
    return nik(number * 10, female=True, born=BORN)


async def told_of(service: Running, *files: Rows, dry_run: bool, as_: str) -> list[dict[str, Any]]:
    """What the caller is told of each file, without ids and times."""
    found = []
    for rows in files:
        job = await take_in(service, csv_of(rows), dry_run=dry_run, as_=as_)
        apart = ("job_id", "rate", "created_at", "started_at", "ended_at")
        found.append({name: value for name, value in job.items() if name not in apart})
    return found


async def test_dry_run_answers_alike_for_numbers_recorded_elsewhere_and_nowhere(placed: Running) -> None:
    await take_in(placed, csv_of(family(1)))
    files = (far(2), far(2, nik=find_member(1)), with_card(far(2), 1))
    nowhere, *recorded = await told_of(placed, *files, dry_run=True, as_=trenggalek(placed))
    assert recorded == [nowhere, nowhere]
    assert (nowhere["report"]["new_families"], nowhere["errors"]) == (1, [])


async def test_rows_placed_outside_the_area_are_refused_alike_recorded_or_not(placed: Running) -> None:
    await take_in(placed, csv_of(family(1)))
    both = (family(1), family(2), family(2, nik=find_member(1)))
    for dry_run in (True, False):
        same, *others = await told_of(placed, *both, dry_run=dry_run, as_=trenggalek(placed))
        assert others == [same, same]
        assert same["errors"] == [(2, "kode_wilayah", "NOT_YOUR_AREA")]


async def test_dry_run_counts_families_recorded_elsewhere_in_tens_without_listing_them(
    placed: Running,
) -> None:
    await take_in(placed, csv_of(*(family(number) for number in range(1, 13))))
    rows = [row for number in range(1, 13) for row in far(number + 20, nik=find_member(number))]
    (job,) = await told_of(placed, rows, dry_run=True, as_=trenggalek(placed))
    assert (job["report"]["elsewhere_families"], job["report"]["new_families"], job["errors"]) == (10, 12, [])


async def test_intake_refuses_a_family_recorded_elsewhere_once_and_names_no_number(placed: Running) -> None:
    await take_in(placed, csv_of(family(1)))
    rows = [*far(2, nik=find_member(1)), *with_card(far(3), 1)]
    (job,) = await told_of(placed, rows, dry_run=False, as_=trenggalek(placed))
    assert job["errors"] == [(2, None, "NOT_ACCEPTED_HERE"), (4, None, "NOT_ACCEPTED_HERE")]
    assert job["refused"] == 4


async def test_ministry_is_told_which_row_names_a_member_of_another_family(placed: Running) -> None:
    await take_in(placed, csv_of(family(1)))
    ministry = placed.token(Role.KEMENSOS)
    (job,) = await told_of(placed, far(2, nik=find_member(1)), dry_run=True, as_=ministry)
    assert job["errors"] == [(2, "nik", "NIK_IN_ANOTHER_FAMILY")]


async def taken_in(placed: Running) -> Family:
    """S's family; another of Kendal, and one of Trenggalek."""
    made = await Family.taken_in(placed, mother())
    done = await take_in(placed, csv_of(family(1), far(2)), as_=placed.token(Role.KEMENSOS))
    assert done["errors"] == []
    return made


async def test_member_recorded_elsewhere_is_refused_without_the_reason(placed: Running) -> None:
    mine, office = await taken_in(placed), dinsos(placed)
    body = {"name": "Ibu Contoh", "birth_on": str(BORN), "sex": "P", "relation": "LAINNYA"}
    body |= {"married": False, "on": "2026-01-06", "reason": "GABUNG"}
    for number, asking, title in (
        (1, mine.mine, "NumberNotAccepted"),
        (2, mine.mine, "NumberNotAccepted"),
        (2, office, "NumberNotAccepted"),
        (1, office, "NikKnown"),
    ):
        answer = await mine.post("anggota", body | {"nik": find_member(number)}, as_=asking)
        refused(answer, title)


async def test_card_recorded_elsewhere_is_refused_without_the_reason(placed: Running) -> None:
    mine, office = await taken_in(placed), dinsos(placed)
    whole = await mine.read()
    child = next(one["anggota_id"] for one in whole["members"] if one["relation"] == "ANAK")
    body = {"anggota_ids": [child], "pengurus_id": child, "kode_wilayah": DESA, "on": ON}
    body |= {"evidence_sha256": await mine.evidence()}
    for card, asking, title in (
        (no_kk(1), mine.mine, "NumberNotAccepted"),
        (no_kk(2), mine.mine, "NumberNotAccepted"),
        (no_kk(2), office, "NumberNotAccepted"),
        (no_kk(1), office, "NoKkKnown"),
        (no_kk(900), mine.mine, "NoKkKnown"),
    ):
        refused(await mine.post("split", body | {"no_kk": card}, whole["version"], as_=asking), title)


async def test_look_up_outside_the_area_answers_as_of_a_number_that_is_nowhere(placed: Running) -> None:
    await take_in(placed, csv_of(family(1)))
    answers = [
        await placed.post("/v1/kpm/look-up", number, as_=trenggalek(placed))
        for number in (
            {"nik": find_member(1)},
            {"nik": find_member(3)},
            {"no_kk": no_kk(1)},
            {"no_kk": no_kk(3)},
        )
    ]
    assert {(answer.status_code, answer.json()["detail"]) for answer in answers} == {
        (404, answers[1].json()["detail"])
    }
