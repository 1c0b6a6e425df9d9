"""An end of a membership is proposed on evidence; graduation opens the case, nothing has ended (chain.md 4)."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from shared.access import Role
from shared.contracts.graduation import GraduasiProposed
from tests.factories.caseload.case import Case
from tests.factories.caseload.family import Family, refused, single_member_family
from tests.factories.caseload.intake import OTHER, PENDAMPING, PENUGASAN, companion, dinsos, mother
from tests.factories.services import Running, deliver


@pytest.fixture
async def one(placed: Running) -> Family:
    return await Family.taken_in(placed, single_member_family())


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
    (said,) = await one.emitted_data("exit_proposed")
    assert said["exit_proposal_id"] == made["exit_proposal_id"]
    assert (said["exit_reason"], said["evidence_sha256"]) == ("MENINGGAL", body["evidence_sha256"])
    assert (UUID(said["pendamping_id"]), UUID(said["penugasan_id"])) == (PENDAMPING, PENUGASAN)
    assert said["proposer"] == str(PENDAMPING)
    assert "note" not in said
    assert (await one.memberships())["PKH"]["status"] == "ACTIVE"
    assert ("exit_proposal", "PROPOSED", "MENINGGAL") in await one.acts()


async def test_of_an_official_names_no_pendamping(one: Family) -> None:
    await one.done("/v1/exit-proposal", await asked(one, exit_reason="PINDAH"), as_=dinsos(one.caseload))
    (said,) = await one.emitted_data("exit_proposed")
    assert (said["pendamping_id"], said["proposer"]) == (None, "dinsos-kendal-1")


async def test_of_death_is_refused_while_others_remain(placed: Running) -> None:
    family = await Family.taken_in(placed, mother())
    refused(await family.post("/v1/exit-proposal", await asked(family)), "FamilyHasOtherMembers")
    assert await family.told("exit_proposed") == []


@pytest.mark.parametrize("reason", ["ALAMIAH", "SEJAHTERA_MANDIRI", "HASIL_PEMUTAKHIRAN"])
async def test_for_another_reason_is_refused(one: Family, reason: str) -> None:
    answer = await one.post("/v1/exit-proposal", await asked(one, exit_reason=reason))
    refused(answer, "ExitNotProposable", 422)


async def test_without_stored_evidence_is_refused(one: Family) -> None:
    answer = await one.post("/v1/exit-proposal", await asked(one, evidence_sha256="0" * 64))
    refused(answer, "FileNotUploaded", 422)


@pytest.mark.parametrize(
    ("on", "title"), [("2018-01-01", "DateBeforeMembership"), ("2199-01-01", "DateInTheFuture")]
)
async def test_on_an_impossible_day_is_refused(one: Family, on: str, title: str) -> None:
    refused(await one.post("/v1/exit-proposal", await asked(one, on=on)), title, 422)


async def test_a_second_time_is_refused(one: Family) -> None:
    body = await asked(one)
    await one.done("/v1/exit-proposal", body)
    refused(await one.post("/v1/exit-proposal", body), "ExitAlreadyProposed")
    assert len(await one.emitted_data("exit_proposed")) == 1


async def test_while_a_case_is_open_is_refused(one: Family, graduation: Running) -> None:
    body = await asked(one)
    said = {"graduasi_id": UUID(int=7), "kpm_id": one.kpm_id, "kode_wilayah": "33.24.09.2011"}
    said |= {"kepesertaan_id": body["kepesertaan_id"], "exit_reason": "ALAMIAH"}
    await graduation.publish(GraduasiProposed.model_validate(said))
    await deliver(graduation, one.caseload)
    refused(await one.post("/v1/exit-proposal", body), "CaseAlreadyOpen")


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
    columns = (
        "kpm_id, kepesertaan_id, bansos, exit_reason, evidence_sha256, happened_on, proposer, proposer_sub,"
        " proposed_on, state, changed_at"
    )
    again = f"INSERT INTO exit_proposal (exit_proposal_id, {columns}) SELECT uuidv7(), {columns} FROM exit_proposal"
    with pytest.raises(asyncpg.UniqueViolationError):
        await one.caseload.sql(again)


async def test_keeps_its_note_sealed(one: Family) -> None:
    await one.done("/v1/exit-proposal", await asked(one, note="Akta kematian dari kelurahan."))
    (row,) = await one.caseload.sql("SELECT note_sealed FROM exit_proposal")
    assert b"Akta" not in row["note_sealed"]
    assert one.caseload.token(Role.KEMENSOS)


WHY = {"reason": "Keluarga ternyata masih tinggal di alamat lama."}


async def withdrawn(family: Family, proposal: dict[str, Any], **more: Any) -> Any:
    return await family.post(f"/v1/exit-proposal/{proposal['exit_proposal_id']}/withdrawal", WHY, **more)


async def hears(family: Family, graduation: Running, *events: Any) -> None:
    await graduation.publish(*events)
    await deliver(graduation, family.caseload)


async def state_of(family: Family) -> str:
    return str((await family.caseload.get("/v1/exit-proposal", as_=family.mine)).json()["items"][0]["state"])


async def test_is_withdrawn_by_its_proposer_and_graduation_is_told(one: Family) -> None:
    made = await one.done("/v1/exit-proposal", await asked(one))
    answer = await withdrawn(one, made)
    assert (answer.status_code, answer.json()["state"]) == (201, "WITHDRAWN"), answer.text
    (said,) = await one.emitted_data("exit_proposal_withdrawn")
    assert (said["exit_proposal_id"], said["withdrawn_by"]) == (made["exit_proposal_id"], str(PENDAMPING))
    assert "reason" not in said
    (row,) = await one.caseload.sql("SELECT withdrawal_reason_sealed FROM exit_proposal")
    assert b"alamat" not in row["withdrawal_reason_sealed"]
    assert ("exit_proposal", "WITHDRAWN", "MENINGGAL") in await one.acts()
    refused(await withdrawn(one, made), "ExitNotOpen")
    await one.done("/v1/exit-proposal", await asked(one))


async def test_is_not_withdrawn_by_anybody_else(one: Family) -> None:
    made = await one.done("/v1/exit-proposal", await asked(one))
    refused(await withdrawn(one, made, as_=dinsos(one.caseload)), "ProposalOfAnother", 403)
    refused(await withdrawn(one, made, as_=dinsos(one.caseload, "35.03")), "NotFound", 404)
    assert await one.emitted_data("exit_proposal_withdrawn") == []


async def test_that_stands_in_an_sk_is_withdrawn_no_more(one: Family, graduation: Running) -> None:
    body = await asked(one)
    made = await one.done("/v1/exit-proposal", body)
    case = Case(one.kpm_id, body["kepesertaan_id"])
    mine = case.event(GraduasiProposed, exit_proposal_id=made["exit_proposal_id"])
    await hears(one, graduation, mine, case.determined())
    answer = await withdrawn(one, made)
    refused(answer, "ExitDetermined")
    assert "12/HUK/2026" in answer.json()["detail"]


async def test_follows_its_own_case_and_no_other(one: Family, graduation: Running) -> None:
    """One that waits behind another's case is taken up when that ends; so it stays proposed until its own case ends."""
    body = await asked(one)
    made = await one.done("/v1/exit-proposal", body)
    other, own = (Case(one.kpm_id, body["kepesertaan_id"], name) for name in ("other", "own"))
    await hears(one, graduation, other.proposed(), other.closed())
    assert await state_of(one) == "PROPOSED"
    mine = own.event(GraduasiProposed, exit_proposal_id=made["exit_proposal_id"])
    # Returned, a case is proposed again by somebody else, who names no proposal.
    await hears(one, graduation, mine, own.proposed())
    assert await state_of(one) == "PROPOSED"
    await hears(one, graduation, own.closed())
    assert await state_of(one) == "CLOSED"


async def test_withdrawn_too_late_ends_with_the_sk_that_was_faster(one: Family, graduation: Running) -> None:
    body = await asked(one)
    made = await one.done("/v1/exit-proposal", body)
    assert (await withdrawn(one, made)).status_code == 201
    case = Case(one.kpm_id, body["kepesertaan_id"])
    mine = case.event(GraduasiProposed, exit_proposal_id=made["exit_proposal_id"])
    await hears(one, graduation, mine, case.determined())
    assert await state_of(one) == "WITHDRAWN"
    await hears(one, graduation, case.graduated())
    assert await state_of(one) == "ENDED"
