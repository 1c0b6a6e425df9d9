"""Dinsos requests and Kemensos approves that a recorded death is undone (docs/case-lifecycle.md#two-person-requests)."""

from typing import Any

import pytest

from tests.factories.approval import approve, approver_token, read_request, request_path
from tests.factories.caseload.family import Family, single_member_family
from tests.factories.caseload.intake import DESA, OTHER_DESA, dinsos_token, family
from tests.factories.caseload.member import (
    find_member,
    read_as_office,
    record_death,
    request_return,
    take_back,
)
from tests.factories.services import Running, expect_refusal
from tests.factories.transactions import EVENT_AND_ANSWER, one_transaction


@pytest.fixture
async def alone(kendal_caseload: Running) -> Family:
    """A family of one."""
    return await Family.create(kendal_caseload, single_member_family(bansos="PKH:2019-02-01"))


@pytest.fixture
async def couple(kendal_caseload: Running) -> Family:
    return await Family.create(kendal_caseload, family(710, 3, pendamping_no="PD-00000S"))


def office(caseload: Running, area: str, sub: str = "dinsos-9") -> str:
    return caseload.token("DINSOS_KABKOTA", sub, [area])


async def is_ended(one: Family) -> bool:
    return (await read_as_office(one))["ended_on"] is not None


async def test_request_changes_nothing_and_the_approval_reopens_the_family(alone: Family) -> None:
    dead = await record_death(alone, pengurus=True)
    version = (await read_as_office(alone))["version"]
    count = len(await alone.caseload.read_envelopes())
    requested = await request_return(alone, dead)
    assert requested.status_code == 202
    body = requested.json()
    assert (body["kind"], body["subject_id"], body["body"]["kpm_id"]) == (
        "DEATH_REVERSAL",
        dead,
        alone.kpm_id,
    )
    assert (await read_as_office(alone))["version"] == version
    assert len(await alone.caseload.read_envelopes()) == count
    assert "ETag" not in requested.headers
    expect_refusal(await approve(alone.caseload, requested, dinsos_token(alone.caseload)), "NotAllowed", 403)
    assert await is_ended(alone)
    assert (await approve(alone.caseload, requested)).status_code == 201
    assert not await is_ended(alone)
    names = [event["type"].split(".")[1] for event in (await alone.caseload.read_envelopes())[count:]]
    assert names == ["kpm_updated", "exit_proposal_withdrawn", "dampingan_started"]
    rows = await alone.caseload.sql("SELECT detail FROM kpm_history WHERE act = 'TAKEN_BACK'")
    assert body["approval_request_id"] in str([row["detail"] for row in rows])


async def test_pendamping_does_not_request_it(couple: Family) -> None:
    dead = await record_death(couple, relation="KEPALA_KELUARGA")
    expect_refusal(await request_return(couple, dead, couple.mine), "NotAllowed", 403)


async def test_office_of_another_area_does_not_know_the_family(couple: Family) -> None:
    dead = await record_death(couple, relation="KEPALA_KELUARGA")
    expect_refusal(await request_return(couple, dead, office(couple.caseload, "33.25")), "NotFound", 404)


@pytest.mark.parametrize(
    ("evidence", "title"), [(None, "ApprovalEvidenceMissing"), ("0" * 64, "FileNotUploaded")]
)
async def test_reversal_needs_uploaded_evidence(couple: Family, evidence: str | None, title: str) -> None:
    dead = await record_death(couple, relation="KEPALA_KELUARGA")
    expect_refusal(await request_return(couple, dead, evidence_sha256=evidence), title, 422)


async def test_request_on_an_outdated_family_is_refused(couple: Family) -> None:
    dead = await record_death(couple, relation="KEPALA_KELUARGA")
    body = {"reason": "SALAH_CATAT", "evidence_sha256": await couple.upload_evidence()}
    version = (await couple.read())["version"] - 1
    answer = await couple.post(f"anggota/{dead}/return", body, version, as_=dinsos_token(couple.caseload))
    expect_refusal(answer, "VersionOutdated", 412)


async def test_family_that_changed_since_the_request_is_no_obstacle(couple: Family) -> None:
    dead = await record_death(couple, relation="KEPALA_KELUARGA")
    requested = await request_return(couple, dead)
    child, version = await find_member(couple, relation="ANAK")
    body = {"married": True, "on": "2026-01-11"}
    await couple.post_ok(f"anggota/{child['anggota_id']}/marriage", body, version)
    assert (await approve(couple.caseload, requested)).status_code == 201
    assert dead in {member["anggota_id"] for member in (await couple.read())["members"]}


async def test_each_of_two_deaths_has_its_own_request(couple: Family) -> None:
    first = await record_death(couple, relation="KEPALA_KELUARGA")
    second = await record_death(couple, relation="ANAK")
    requests = [await request_return(couple, dead) for dead in (first, second)]
    assert [answer.status_code for answer in requests] == [202, 202]
    expect_refusal(await request_return(couple, first), "ApprovalAlreadyRequested")
    for requested in requests:
        assert (await approve(couple.caseload, requested)).status_code == 201
    members = {member["anggota_id"] for member in (await couple.read())["members"]}
    assert {first, second} <= members


async def test_second_request_of_a_death_that_was_undone_is_refused(couple: Family) -> None:
    dead = await record_death(couple, relation="KEPALA_KELUARGA")
    await take_back(couple, dead)
    expect_refusal(await request_return(couple, dead), "MemberNotLeft")


async def test_departure_is_undone_by_one_person(couple: Family) -> None:
    child, version = await find_member(couple, relation="ANAK")
    body: dict[str, Any] = {"reason": "PINDAH", "on": "2026-01-10"}
    await couple.post_ok(f"anggota/{child['anggota_id']}/end", body, version)
    answer = await couple.post(
        f"anggota/{child['anggota_id']}/return", {"reason": "SALAH_CATAT"}, version + 1
    )
    assert (answer.status_code, answer.headers["ETag"]) == (200, f'"{version + 2}"')


async def test_request_of_a_family_that_moved_is_approved(couple: Family) -> None:
    dead = await record_death(couple, relation="KEPALA_KELUARGA")
    requested = await request_return(couple, dead)
    version = (await couple.read())["version"]
    scan = await couple.upload_evidence()
    move = {"kode_wilayah": OTHER_DESA, "on": "2026-01-12", "evidence_sha256": scan}
    await couple.post_ok("move", move, version, as_=dinsos_token(couple.caseload))
    assert (await approve(couple.caseload, requested)).status_code == 201
    assert (await read_request(couple.caseload, requested))["kode_wilayah"] == DESA


async def test_offices_see_the_requests_of_their_area(couple: Family) -> None:
    service, dead = couple.caseload, await record_death(couple, relation="KEPALA_KELUARGA")
    requested = await request_return(couple, dead)
    for token, count in (
        (office(service, "33.24"), 1),
        (office(service, "33.25"), 0),
        (approver_token(service), 1),
    ):
        answer = await service.get("/v1/approval-request?kind=DEATH_REVERSAL", as_=token)
        assert len(answer.json()["items"]) == count
    path = f"{request_path(requested.json())}/withdrawal"
    expect_refusal(await service.post(path, as_=office(service, "33.24")), "RequestOfAnotherPerson", 403)
    expect_refusal(await service.post(path, as_=office(service, "33.25")), "NotFound", 404)
    assert (await service.post(path, as_=dinsos_token(service))).json()["state"] == "WITHDRAWN"


async def test_reversal_and_approval_are_of_one_transaction(alone: Family) -> None:
    dead = await record_death(alone, pengurus=True)
    requested = await request_return(alone, dead)
    tables = ("approval_request", "kpm", "kpm_anggota", "kpm_history", *EVENT_AND_ANSWER)
    async with one_transaction(alone.caseload, *tables):
        assert (await approve(alone.caseload, requested)).status_code == 201
