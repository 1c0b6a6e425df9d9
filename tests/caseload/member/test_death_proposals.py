"""Proposals to end the memberships of a family whose only member has died."""

import pytest

from tests.factories.caseload.case import Case, apply_event
from tests.factories.caseload.family import Family, single_member_family
from tests.factories.caseload.intake import dinsos_token
from tests.factories.caseload.member import DEATH_ON, find_member, read_as_office, record_death, take_back
from tests.factories.services import Running, expect_refusal


async def test_proposal_of_death_records_the_death(one: Family) -> None:
    """A pendamping who knows only exit proposals does the same act."""
    pkh = (await one.read_memberships())["PKH"]
    body = {"kpm_id": one.kpm_id, "kepesertaan_id": pkh["kepesertaan_id"], "exit_reason": "MENINGGAL"}
    body |= {"evidence_sha256": await one.upload_evidence(), "on": DEATH_ON, "note": "Akta kematian."}
    made = await one.post_ok("/v1/exit-proposal", body)
    assert (made["kepesertaan_id"], made["exit_reason"]) == (pkh["kepesertaan_id"], "MENINGGAL")
    assert (await read_as_office(one))["end_reason"] == "MENINGGAL"
    assert len(await one.read_emitted_data("exit_proposed")) == 2
    notes = await one.caseload.sql("SELECT bansos FROM exit_proposal WHERE note_sealed IS NOT NULL")
    assert [row["bansos"] for row in notes] == ["PKH"]
    answer = await one.post("/v1/exit-proposal", body, as_=dinsos_token(one.caseload))
    expect_refusal(answer, "ExitAlreadyProposed")


async def test_death_is_proposed_beside_an_open_proposal_of_another_reason(one: Family) -> None:
    pkh = (await one.read_memberships())["PKH"]
    body = {"kpm_id": one.kpm_id, "kepesertaan_id": pkh["kepesertaan_id"], "exit_reason": "PINDAH"}
    await one.post_ok(
        "/v1/exit-proposal", body | {"evidence_sha256": await one.upload_evidence(), "on": DEATH_ON}
    )
    await record_death(one)
    reasons = await one.caseload.sql("SELECT exit_reason FROM exit_proposal WHERE bansos = 'PKH' ORDER BY 1")
    assert [row["exit_reason"] for row in reasons] == ["MENINGGAL", "PINDAH"]


async def undo_death_after_sk(one: Family, graduation: Running) -> str:
    """Record a death, issue a PKH SK and undo the death."""
    anggota_id = await record_death(one)
    (proposal,) = await one.caseload.sql("SELECT * FROM exit_proposal WHERE bansos = 'PKH'")
    case = Case(one.kpm_id, str(proposal["kepesertaan_id"]))
    case.base |= {"exit_reason": "MENINGGAL", "exit_proposal_id": proposal["exit_proposal_id"]}
    for event in (case.build_proposed(), case.build_determined()):
        await apply_event(one.caseload, graduation, event)
    await take_back(one, anggota_id)
    return anggota_id


async def test_reversal_leaves_a_proposal_in_an_sk(one: Family, graduation: Running) -> None:
    await undo_death_after_sk(one, graduation)
    rows = await one.caseload.sql("SELECT bansos, state FROM exit_proposal ORDER BY bansos")
    assert [tuple(row) for row in rows] == [("PKH", "PROPOSED"), ("SEMBAKO", "WITHDRAWN")]


async def test_death_after_a_reversal_keeps_the_proposal_in_an_sk(one: Family, graduation: Running) -> None:
    """The SK about the first record ends the membership."""
    anggota_id = await undo_death_after_sk(one, graduation)
    office, version = dinsos_token(one.caseload), (await read_as_office(one))["version"]
    body = {"reason": "MENINGGAL", "on": "2026-01-20", "evidence_sha256": await one.upload_evidence()}
    await one.post_ok(f"anggota/{anggota_id}/end", body, version, as_=office)
    assert (await read_as_office(one))["end_reason"] == "MENINGGAL"
    rows = await one.caseload.sql("SELECT bansos, state FROM exit_proposal ORDER BY exit_proposal_id")
    states = sorted(tuple(row) for row in rows)
    assert states == [("PKH", "PROPOSED"), ("SEMBAKO", "PROPOSED"), ("SEMBAKO", "WITHDRAWN")]


async def test_proposal_of_a_death_has_the_day_of_the_death(kendal_caseload: Running) -> None:
    """The family was taken in by a file on a later day."""
    one = await Family.create(kendal_caseload, single_member_family())
    await record_death(one)
    rows = await kendal_caseload.sql("SELECT happened_on FROM exit_proposal")
    assert [str(row["happened_on"]) for row in rows] == [DEATH_ON]


async def test_proposal_of_a_recorded_death_is_withdrawn_by_reversal_only(one: Family) -> None:
    await record_death(one)
    (proposal,) = await one.caseload.sql("SELECT exit_proposal_id FROM exit_proposal WHERE bansos = 'PKH'")
    body = {"reason": "Ternyata masih hidup."}
    path = f"/v1/exit-proposal/{proposal['exit_proposal_id']}/withdrawal"
    expect_refusal(await one.post(path, body, as_=dinsos_token(one.caseload)), "ProposalFollowsFact")


async def test_closed_proposal_of_a_death_is_proposed_again(one: Family) -> None:
    """A refused case leaves the membership held, so the office proposes again."""
    await record_death(one)
    await one.caseload.execute("UPDATE exit_proposal SET state = 'CLOSED'")
    pkh = (await one.read_memberships())["PKH"]
    body = {"kpm_id": one.kpm_id, "kepesertaan_id": pkh["kepesertaan_id"], "exit_reason": "MENINGGAL"}
    body |= {"evidence_sha256": await one.upload_evidence(b"akta"), "on": DEATH_ON}
    made = await one.post_ok("/v1/exit-proposal", body, as_=dinsos_token(one.caseload))
    assert (made["state"], made["fact_id"] is not None) == ("PROPOSED", True)


async def test_better_evidence_replaces_the_proposal_of_a_death(one: Family, graduation: Running) -> None:
    """Its case was returned: nobody accompanies the family, so the office supplies the evidence."""
    await record_death(one)
    pkh, office = (await one.read_memberships())["PKH"], dinsos_token(one.caseload)
    (first,) = await one.caseload.sql("SELECT * FROM exit_proposal WHERE bansos = 'PKH'")
    body = {"kpm_id": one.kpm_id, "kepesertaan_id": pkh["kepesertaan_id"], "exit_reason": "MENINGGAL"}
    same = body | {"evidence_sha256": first["evidence_sha256"], "on": DEATH_ON}
    expect_refusal(await one.post("/v1/exit-proposal", same, as_=office), "ExitAlreadyProposed")
    better = body | {"evidence_sha256": await one.upload_evidence(b"akta kematian"), "on": DEATH_ON}
    made = await one.post_ok("/v1/exit-proposal", better, as_=office)
    assert made["fact_id"] == str(first["fact_id"])
    rows = await one.caseload.sql("SELECT bansos, state FROM exit_proposal ORDER BY exit_proposal_id")
    states = sorted(tuple(row) for row in rows)
    assert states == [("PKH", "PROPOSED"), ("PKH", "WITHDRAWN"), ("SEMBAKO", "PROPOSED")]
    names = [envelope["type"].split(".")[1] for envelope in await one.caseload.read_envelopes()]
    assert names[-2:] == ["exit_proposal_withdrawn", "exit_proposed"]
    case = Case(one.kpm_id, pkh["kepesertaan_id"])
    case.base |= {"exit_reason": "MENINGGAL", "exit_proposal_id": made["exit_proposal_id"]}
    for event in (case.build_proposed(), case.build_determined()):
        await apply_event(one.caseload, graduation, event)
    late = body | {"evidence_sha256": await one.upload_evidence(b"surat desa"), "on": DEATH_ON}
    expect_refusal(await one.post("/v1/exit-proposal", late, as_=office), "ExitDetermined")


@pytest.mark.parametrize("door", ["anggota", "exit-proposal"])
async def test_death_that_is_sent_again_gets_its_first_answer(one: Family, door: str) -> None:
    """The pendamping no longer accompanies the family whose end he has recorded."""
    person, version = await find_member(one)
    pkh = (await one.read_memberships())["PKH"]["kepesertaan_id"]
    path, body = f"anggota/{person['anggota_id']}/end", {"reason": "MENINGGAL", "on": DEATH_ON}
    if door == "exit-proposal":
        path, body = "/v1/exit-proposal", {"kpm_id": one.kpm_id, "exit_reason": "MENINGGAL", "on": DEATH_ON}
        body |= {"kepesertaan_id": pkh}
    body |= {"evidence_sha256": await one.upload_evidence()}
    first = await one.post_ok(path, body, version, key="phone-queue-1")
    assert await one.post_ok(path, body, version, key="phone-queue-1") == first
