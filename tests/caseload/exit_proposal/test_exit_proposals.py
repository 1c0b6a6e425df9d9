"""Proposals to end a membership on evidence (docs/case-lifecycle.md#exits-on-evidence)."""

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


async def proposal_body(family: Family, **more: Any) -> dict[str, Any]:
    pkh = (await family.memberships())["PKH"]
    return {
        "kpm_id": family.kpm_id,
        "kepesertaan_id": pkh["kepesertaan_id"],
        "exit_reason": "PINDAH",
        "evidence_sha256": await family.evidence(),
        "on": "2026-01-15",
    } | more


async def test_proposal_is_emitted_with_evidence_and_ends_nothing(one: Family) -> None:
    body = await proposal_body(one, note="Akta kematian dari kelurahan.")
    made = await one.done("/v1/exit-proposal", body)
    (event,) = await one.emitted_data("exit_proposed")
    assert event["exit_proposal_id"] == made["exit_proposal_id"]
    assert (event["exit_reason"], event["evidence_sha256"]) == ("PINDAH", body["evidence_sha256"])
    assert (UUID(event["pendamping_id"]), UUID(event["penugasan_id"])) == (PENDAMPING, PENUGASAN)
    assert event["proposer"] == str(PENDAMPING)
    assert "note" not in event
    assert (await one.memberships())["PKH"]["status"] == "ACTIVE"
    assert ("exit_proposal", "PROPOSED", "PINDAH") in await one.acts()


async def test_proposal_of_official_names_no_pendamping(one: Family) -> None:
    await one.done(
        "/v1/exit-proposal", await proposal_body(one, exit_reason="PINDAH"), as_=dinsos(one.caseload)
    )
    (event,) = await one.emitted_data("exit_proposed")
    assert (event["pendamping_id"], event["proposer"]) == (None, "dinsos-kendal-1")


async def test_death_is_refused_for_family_with_other_members(placed: Running) -> None:
    family = await Family.taken_in(placed, mother())
    refused(
        await family.post("/v1/exit-proposal", await proposal_body(family, exit_reason="MENINGGAL")),
        "FamilyHasOtherMembers",
    )
    assert await family.emitted_data("exit_proposed") == []


@pytest.mark.parametrize("reason", ["ALAMIAH", "SEJAHTERA_MANDIRI", "HASIL_PEMUTAKHIRAN"])
async def test_proposal_for_another_reason_is_refused(one: Family, reason: str) -> None:
    answer = await one.post("/v1/exit-proposal", await proposal_body(one, exit_reason=reason))
    refused(answer, "ExitNotProposable", 422)


async def test_proposal_without_stored_evidence_is_refused(one: Family) -> None:
    answer = await one.post("/v1/exit-proposal", await proposal_body(one, evidence_sha256="0" * 64))
    refused(answer, "FileNotUploaded", 422)


@pytest.mark.parametrize(
    ("on", "title"), [("2018-01-01", "DateBeforeMembership"), ("2199-01-01", "DateInTheFuture")]
)
async def test_proposal_with_invalid_day_is_refused(one: Family, on: str, title: str) -> None:
    refused(await one.post("/v1/exit-proposal", await proposal_body(one, on=on)), title, 422)


async def test_second_proposal_is_refused(one: Family) -> None:
    body = await proposal_body(one)
    await one.done("/v1/exit-proposal", body)
    refused(await one.post("/v1/exit-proposal", body), "ExitAlreadyProposed")
    assert len(await one.emitted_data("exit_proposed")) == 1


async def test_proposal_during_open_case_is_refused(one: Family, graduation: Running) -> None:
    body = await proposal_body(one)
    event = {"graduasi_id": UUID(int=7), "kpm_id": one.kpm_id, "kode_wilayah": "33.24.09.2011"}
    event |= {"kepesertaan_id": body["kepesertaan_id"], "exit_reason": "ALAMIAH"}
    await graduation.publish(GraduasiProposed.model_validate(event))
    await deliver(graduation, one.caseload)
    refused(await one.post("/v1/exit-proposal", body), "CaseAlreadyOpen")


async def test_proposal_for_ended_membership_is_refused(one: Family) -> None:
    body = await proposal_body(one)
    await one.caseload.execute(
        "UPDATE kepesertaan SET valid = daterange(lower(valid), '2026-01-01'), exit_reason = 'PINDAH'"
    )
    refused(await one.post("/v1/exit-proposal", body), "MembershipHasEnded")


async def test_proposal_for_another_familys_membership_is_refused(one: Family, placed: Running) -> None:
    other = await Family.taken_in(placed, mother())
    body = await proposal_body(one, kepesertaan_id=(await other.memberships())["PKH"]["kepesertaan_id"])
    refused(await one.post("/v1/exit-proposal", body), "NotFound", 404)


async def test_proposal_is_only_for_own_families_and_areas(one: Family) -> None:
    body = await proposal_body(one)
    stranger = companion(one.caseload, OTHER)
    refused(await one.post("/v1/exit-proposal", body, as_=stranger), "NotFound", 404)
    far = dinsos(one.caseload, "35.03")
    refused(await one.post("/v1/exit-proposal", body, as_=far), "NotFound", 404)


async def test_proposal_is_listed_only_to_who_may_read_the_family(one: Family) -> None:
    await one.done("/v1/exit-proposal", await proposal_body(one))
    get = one.caseload.get
    assert len((await get("/v1/exit-proposal?state=PROPOSED", as_=one.mine)).json()["items"]) == 1
    assert (await get("/v1/exit-proposal?state=ENDED", as_=one.mine)).json()["items"] == []
    for other in (companion(one.caseload, OTHER), dinsos(one.caseload, "35.03")):
        assert (await get("/v1/exit-proposal", as_=other)).json()["items"] == []


async def test_database_refuses_second_open_proposal(one: Family) -> None:
    await one.done("/v1/exit-proposal", await proposal_body(one))
    columns = (
        "kpm_id, kepesertaan_id, bansos, exit_reason, evidence_sha256, happened_on, proposer, proposer_sub,"
        " proposed_on, state, changed_at"
    )
    again = f"INSERT INTO exit_proposal (exit_proposal_id, {columns}) SELECT uuidv7(), {columns} FROM exit_proposal"
    with pytest.raises(asyncpg.UniqueViolationError):
        await one.caseload.sql(again)


async def test_note_is_stored_sealed(one: Family) -> None:
    await one.done("/v1/exit-proposal", await proposal_body(one, note="Akta kematian dari kelurahan."))
    (row,) = await one.caseload.sql("SELECT note_sealed FROM exit_proposal")
    assert b"Akta" not in row["note_sealed"]
    assert one.caseload.token(Role.KEMENSOS)


WHY = {"reason": "Keluarga ternyata masih tinggal di alamat lama."}


async def withdraw(family: Family, proposal: dict[str, Any], **more: Any) -> Any:
    return await family.post(f"/v1/exit-proposal/{proposal['exit_proposal_id']}/withdrawal", WHY, **more)


async def publish(family: Family, graduation: Running, *events: Any) -> None:
    await graduation.publish(*events)
    await deliver(graduation, family.caseload)


async def state_of(family: Family) -> str:
    return str((await family.caseload.get("/v1/exit-proposal", as_=family.mine)).json()["items"][0]["state"])


async def test_proposer_withdraws_and_withdrawal_is_emitted(one: Family) -> None:
    made = await one.done("/v1/exit-proposal", await proposal_body(one))
    answer = await withdraw(one, made)
    assert (answer.status_code, answer.json()["state"]) == (201, "WITHDRAWN"), answer.text
    (event,) = await one.emitted_data("exit_proposal_withdrawn")
    assert (event["exit_proposal_id"], event["withdrawn_by"]) == (made["exit_proposal_id"], str(PENDAMPING))
    assert "reason" not in event
    (row,) = await one.caseload.sql("SELECT withdrawal_reason_sealed FROM exit_proposal")
    assert b"alamat" not in row["withdrawal_reason_sealed"]
    assert ("exit_proposal", "WITHDRAWN", "PINDAH") in await one.acts()
    refused(await withdraw(one, made), "ExitNotOpen")
    await one.done("/v1/exit-proposal", await proposal_body(one))


async def test_others_cannot_withdraw(one: Family) -> None:
    made = await one.done("/v1/exit-proposal", await proposal_body(one))
    refused(await withdraw(one, made, as_=dinsos(one.caseload)), "ProposalOfAnother", 403)
    refused(await withdraw(one, made, as_=dinsos(one.caseload, "35.03")), "NotFound", 404)
    assert await one.emitted_data("exit_proposal_withdrawn") == []


async def test_proposal_with_sk_cannot_be_withdrawn(one: Family, graduation: Running) -> None:
    body = await proposal_body(one)
    made = await one.done("/v1/exit-proposal", body)
    case = Case(one.kpm_id, body["kepesertaan_id"])
    mine = case.event(GraduasiProposed, exit_proposal_id=made["exit_proposal_id"])
    await publish(one, graduation, mine, case.determined())
    answer = await withdraw(one, made)
    refused(answer, "ExitDetermined")
    assert "12/HUK/2026" in answer.json()["detail"]


async def test_proposal_follows_only_its_own_case(one: Family, graduation: Running) -> None:
    """A proposal that waits behind another's case stays PROPOSED until its own case ends."""
    body = await proposal_body(one)
    made = await one.done("/v1/exit-proposal", body)
    other, own = (Case(one.kpm_id, body["kepesertaan_id"], name) for name in ("other", "own"))
    await publish(one, graduation, other.proposed(), other.closed())
    assert await state_of(one) == "PROPOSED"
    mine = own.event(GraduasiProposed, exit_proposal_id=made["exit_proposal_id"])
    # Returned, a case is proposed again by somebody else, who names no proposal.
    await publish(one, graduation, mine, own.proposed())
    assert await state_of(one) == "PROPOSED"
    await publish(one, graduation, own.closed())
    assert await state_of(one) == "CLOSED"


async def test_sk_prevails_over_later_withdrawal(one: Family, graduation: Running) -> None:
    body = await proposal_body(one)
    made = await one.done("/v1/exit-proposal", body)
    assert (await withdraw(one, made)).status_code == 201
    case = Case(one.kpm_id, body["kepesertaan_id"])
    mine = case.event(GraduasiProposed, exit_proposal_id=made["exit_proposal_id"])
    await publish(one, graduation, mine, case.determined())
    assert await state_of(one) == "WITHDRAWN"
    await publish(one, graduation, case.graduated())
    assert await state_of(one) == "ENDED"
