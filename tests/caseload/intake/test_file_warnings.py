"""What a file is warned about, with its rows."""

import pytest

from services.caseload.intake.commands.survey import Survey
from tests.factories.caseload.intake import build_csv, dinsos_token, family, import_file, read_kpm_id
from tests.factories.services import Running

ODD = family(1, nik="3324018211879001")
DAY_OF_NO_MONTH = family(2, nik="3324017111879001", birth_date="1987-11-12")
SWAPPED = family(3, nik="3324014508849001", birth_date="1984-05-08")
OTHER_SEX = family(4, nik="3324010508849002", birth_date="1984-08-05")


async def test_odd_numbers_are_warnings_with_their_rows(kendal_caseload: Running) -> None:
    job = await import_file(kendal_caseload, build_csv(ODD, DAY_OF_NO_MONTH, SWAPPED, OTHER_SEX))
    assert (job["errors"], job["report"]["new_families"]) == ([], 4)
    assert job["warnings"] == [
        (2, "nik", "BIRTH_DATE_IMPOSSIBLE"),
        (4, "nik", "BIRTH_DATE_IMPOSSIBLE"),
        (6, "birth_date", "BIRTH_DATE_DIFFERS"),
        (8, "sex", "SEX_DIFFERS"),
    ]
    assert job["report"]["warnings"] == {
        "BIRTH_DATE_IMPOSSIBLE": 2,
        "BIRTH_DATE_DIFFERS": 1,
        "SEX_DIFFERS": 1,
    }
    listed = (
        await kendal_caseload.get(f"/v1/jobs/{job['job_id']}/warnings", as_=dinsos_token(kendal_caseload))
    ).json()["items"]
    assert all(row["reason"]["en"] and row["reason"]["id"] for row in listed)


async def test_an_unusable_phone_is_left_out_with_a_warning(kendal_caseload: Running) -> None:
    families = [family(1, phone="telepon"), family(2, phone="(0294) 381234"), family(3, phone="81200009001")]
    job = await import_file(kendal_caseload, build_csv(*families))
    assert (job["errors"], job["warnings"]) == ([], [(2, "phone", "PHONE_UNUSABLE")])
    phones = []
    for rows in families:
        kpm_id = await read_kpm_id(kendal_caseload, rows[0]["nik"])
        phones.append(
            (await kendal_caseload.get(f"/v1/kpm/{kpm_id}", as_=dinsos_token(kendal_caseload))).json()[
                "phone"
            ]
        )
    assert phones == [None, "+62294381234", "+6281200009001"]


@pytest.mark.parametrize("staged", [False, True])
@pytest.mark.parametrize("dry_run", [False, True])
async def test_a_refused_family_has_no_warning(
    kendal_caseload: Running, monkeypatch: pytest.MonkeyPatch, dry_run: bool, staged: bool
) -> None:
    if staged:
        monkeypatch.setattr(Survey, "list_cards", lambda survey: {*survey._cards} - {0})
    faulty = family(1, phone="telepon", relation="TETANGGA")
    other_row, unknown = family(2, phone="telepon"), family(3, phone="telepon", pendamping_no="PD-NOBODY")
    other_row[1]["sex"] = "X"
    content = build_csv(faulty, other_row, unknown, family(4, phone="telepon"))
    for attempt in range(1 if dry_run else 2):
        job = await import_file(kendal_caseload, content, dry_run=dry_run)
        assert [(row, code) for row, _, code in job["errors"]] == [
            (2, "UNKNOWN_VALUE"),
            (5, "UNKNOWN_VALUE"),
            (6, "UNKNOWN_PENDAMPING"),
        ]
        assert job["warnings"] == [(8, "phone", "PHONE_UNUSABLE")]
        assert job["report"]["warnings"] == {"PHONE_UNUSABLE": 1}
        assert job["report"]["unchanged_families"] == attempt
