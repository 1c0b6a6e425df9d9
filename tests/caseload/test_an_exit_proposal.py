"""An end of a membership is proposed on evidence; graduation opens the case, nothing has ended (chain.md 4)."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from shared.access import Role
from shared.contracts.graduation import GraduasiProposed
from tests.caseload.family import Family, alone, refused
from tests.caseload.given import OTHER, PENDAMPING, PENUGASAN, companion, dinsos, mother
from tests.kit import Running, deliver


@pytest.fixture
async def one(placed: Running) -> Family:
    return await Family.taken_in(placed, alone())


async def asked(family: Family, **more: Any) -> dict[str, Any]:
    pkh = (await family.memberships())["PKH"]
    return {
        "kpm_id": family.kpm_id,
        "kepesertaan_id": pkh["kepesertaan_id"],
        "exit_reason": "MENINGGAL",
        "evidence_sha256": await family.evidence(),
        "on": "2026-01-15",
    } | more


async def test_is_told_to_graduation_with_its_evidence_and_ends_nothing(one: Family) -> None:
    body = await asked(one, note="Akta kematian dari kelurahan.")
    made = await one.done("/v1/exit-proposal", body)
    (said,) = await one.told("exit_proposed")
    assert said["exit_proposal_id"] == made["exit_proposal_id"]
    assert (said["exit_reason"], said["evidence_sha256"]) == ("MENINGGAL", body["evidence_sha256"])
    assert (UUID(said["pendamping_id"]), UUID(said["penugasan_id"])) == (PENDAMPING, PENUGASAN)
    assert said["proposer"] == str(PENDAMPING)
    assert "note" not in said
    assert (await one.memberships())["PKH"]["status"] == "ACTIVE"
    assert ("exit_proposal", "PROPOSED", "MENINGGAL") in await one.acts()


async def test_of_an_official_names_no_pendamping(one: Family) -> None:
    await one.done("/v1/exit-proposal", await asked(one, exit_reason="PINDAH"), as_=dinsos(one.caseload))
    (said,) = await one.told("exit_proposed")
    assert (said["pendamping_id"], said["proposer"]) == (None, "dinsos-kendal-1")


async def test_of_death_is_refused_while_others_remain(placed: Running) -> None:
    family = await Family.taken_in(placed, mother())
    refused(await family.post("/v1/exit-proposal", await asked(family)), "OthersRemain")
    assert await family.told("exit_proposed") == []


@pytest.mark.parametrize("reason", ["ALAMIAH", "SEJAHTERA_MANDIRI", "HASIL_PEMUTAKHIRAN"])
async def test_for_another_reason_is_refused(one: Family, reason: str) -> None:
    answer = await one.post("/v1/exit-proposal", await asked(one, exit_reason=reason))
    refused(answer, "ExitNotProposable", 422)


async def test_without_stored_evidence_is_refused(one: Family) -> None:
    answer = await one.post("/v1/exit-proposal", await asked(one, evidence_sha256="0" * 64))
    refused(answer, "EvidenceUnknown", 422)


@pytest.mark.parametrize(
    ("on", "title"), [("2018-01-01", "BeforeMembership"), ("2199-01-01", "NotInTheFuture")]
)
async def test_on_an_impossible_day_is_refused(one: Family, on: str, title: str) -> None:
    refused(await one.post("/v1/exit-proposal", await asked(one, on=on)), title, 422)


async def test_a_second_time_is_refused(one: Family) -> None:
    body = await asked(one)
    await one.done("/v1/exit-proposal", body)
    refused(await one.post("/v1/exit-proposal", body), "ExitAlreadyProposed")
    assert len(await one.told("exit_proposed")) == 1


async def test_while_a_case_is_open_is_refused(one: Family, graduation: Running) -> None:
    body = await asked(one)
    said = {"graduasi_id": UUID(int=7), "kpm_id": one.kpm_id, "kode_wilayah": "33.24.09.2011"}
    said |= {"kepesertaan_id": body["kepesertaan_id"], "exit_reason": "ALAMIAH"}
    await graduation.publish(GraduasiProposed.model_validate(said))
    await deliver(graduation, one.caseload)
    refused(await one.post("/v1/exit-proposal", body), "CaseOpen")


async def test_when_the_membership_has_ended_is_refused(one: Family) -> None:
    body = await asked(one)
    await one.caseload.execute(
        "UPDATE kepesertaan SET valid = daterange(lower(valid), '2026-01-01'), exit_reason = 'PINDAH'"
    )
    refused(await one.post("/v1/exit-proposal", body), "MembershipHasEnded")


async def test_of_another_familys_membership_is_refused(one: Family, placed: Running) -> None:
    other = await Family.taken_in(placed, mother())
    body = await asked(one, kepesertaan_id=(await other.memberships())["PKH"]["kepesertaan_id"])
    refused(await one.post("/v1/exit-proposal", body), "NotFound", 404)


async def test_is_not_for_who_does_not_hold_the_family(one: Family) -> None:
    body = await asked(one)
    stranger = companion(one.caseload, OTHER)
    refused(await one.post("/v1/exit-proposal", body, as_=stranger), "NotFound", 404)
    far = dinsos(one.caseload, "35.03")
    refused(await one.post("/v1/exit-proposal", body, as_=far), "NotFound", 404)


async def test_is_listed_to_those_of_the_family_alone(one: Family) -> None:
    await one.done("/v1/exit-proposal", await asked(one))
    get = one.caseload.get
    assert len((await get("/v1/exit-proposal?state=PROPOSED", as_=one.mine)).json()["items"]) == 1
    assert (await get("/v1/exit-proposal?state=ENDED", as_=one.mine)).json()["items"] == []
    for other in (companion(one.caseload, OTHER), dinsos(one.caseload, "35.03")):
        assert (await get("/v1/exit-proposal", as_=other)).json()["items"] == []


async def test_is_one_at_a_time_in_the_database_too(one: Family) -> None:
    await one.done("/v1/exit-proposal", await asked(one))
    again = (
        "INSERT INTO exit_proposal SELECT uuidv7(), kpm_id, kepesertaan_id, bansos, exit_reason, evidence_sha256,"
        " happened_on, note_sealed, proposer, pendamping_id, penugasan_id, proposed_on, state, changed_at FROM exit_proposal"
    )
    with pytest.raises(asyncpg.UniqueViolationError):
        await one.caseload.sql(again)


async def test_keeps_its_note_sealed(one: Family) -> None:
    await one.done("/v1/exit-proposal", await asked(one, note="Akta kematian dari kelurahan."))
    (row,) = await one.caseload.sql("SELECT note_sealed FROM exit_proposal")
    assert b"Akta" not in row["note_sealed"]
    assert one.caseload.token(Role.KEMENSOS)
